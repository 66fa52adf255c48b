import { MatrixError, NetworkError } from './api.js';
import { t } from './i18n.js';

const known = /** @type {Record<string, string>} */ ({
    M_USER_IN_USE: 'error.nameTaken',
    M_INVALID_USERNAME: 'error.nameInvalid',
    M_EXCLUSIVE: 'error.nameTaken',
    M_WEAK_PASSWORD: 'error.weakPassword',
    M_LIMIT_EXCEEDED: 'error.tooFast',
    M_TOO_LARGE: 'error.tooLarge',
    M_USER_DEACTIVATED: 'error.deactivated',
});

/**
 * What went wrong, in words for the person in front of the screen.
 * @param {unknown} error
 * @param {Record<string, string>} [special] other sentences for some codes
 * @returns {string}
 */
export function explain(error, special = {}) {
    if (error instanceof NetworkError) {
        return t('error.away');
    }
    if (error instanceof MatrixError) {
        const key = special[error.errcode] || known[error.errcode];
        return key ? t(key) : t('error.box', { message: error.message });
    }
    return t('error.box', { message: error instanceof Error ? error.message : String(error) });
}
