import { logIn } from '../account.js';
import { h } from '../dom.js';
import { t } from '../i18n.js';
import { sessionFrom } from '../session.js';
import { field, form, FormProblem, passwordField } from './form.js';

/**
 * @param {import('../api.js').Api} api
 * @param {(session: import('../types.js').Session) => void} enter
 * @returns {HTMLElement}
 */
export function loginForm(api, enter) {
    const user = field({ label: t('login.user'), name: 'username', autocomplete: 'username', autocapitalize: 'none', spellcheck: false });
    const password = passwordField({ label: t('login.password'), name: 'password', autocomplete: 'current-password' });
    const submit = async () => {
        const name = user.input.value.trim();
        if (name === '' || password.input.value === '') {
            throw new FormProblem(t('login.incomplete'), name === '' ? user.input : password.input);
        }
        enter(sessionFrom(await logIn(api, name, password.input.value)));
    };
    return h('div', {}, form({ action: t('login.action'), submit, special: { M_FORBIDDEN: 'login.wrong' } }, user.element, password.element).element);
}
