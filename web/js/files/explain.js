import { MatrixError } from '../api.js';
import { explain } from '../errors.js';
import { t } from '../i18n.js';

const byCode = /** @type {Record<string, string>} */ ({
    LANDLINE_EXISTS: 'files.errorExists',
    LANDLINE_LOCKED: 'files.errorLocked',
    LANDLINE_FULL: 'files.errorFull',
    LANDLINE_QUOTA: 'files.errorQuota',
    LANDLINE_CONFLICT: 'files.errorParent',
    M_RESOURCE_LIMIT_EXCEEDED: 'files.errorQuota',
});

const byStatus = /** @type {Record<number, string>} */ ({
    403: 'files.errorForbidden',
    404: 'files.errorGone',
    409: 'files.errorParent',
    410: 'files.errorGone',
    412: 'files.errorExists',
    413: 'error.tooLarge',
    423: 'files.errorLocked',
    507: 'files.errorFull',
});

/**
 * What went wrong with a file, in words for the person in front of the screen.
 * @param {unknown} error
 * @returns {string}
 */
export function explainFile(error) {
    const key = error instanceof MatrixError && (byCode[error.errcode] || byStatus[error.status]);
    return key ? t(key) : explain(error);
}
