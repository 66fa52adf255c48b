import { setProfile, signUp, usernameAvailable } from '../account.js';
import { Api, MatrixError } from '../api.js';
import { h } from '../dom.js';
import { explain } from '../errors.js';
import { t } from '../i18n.js';
import { randomId } from '../ids.js';
import { deriveUsername } from '../naming.js';
import { sessionFrom } from '../session.js';
import { field, form, FormProblem, passwordField } from './form.js';

const shortestPassword = 8;
const checkDelayMilliseconds = 400;
const allowedName = /^[a-z0-9._=/+-]+$/;

/**
 * The name people see comes first; the user name is made from it and can be changed.
 * @param {Api} api
 * @param {{action: string, token?: string, enter: (session: import('../types.js').Session) => void}} options
 * @returns {HTMLElement}
 */
export function signUpForm(api, options) {
    const fallback = 'user-' + randomId(4);
    const shown = field({ label: t('signUp.name'), name: 'name', autocomplete: 'name', maxLength: 100, hint: t('signUp.nameHint') });
    const user = field({
        label: t('signUp.user'), name: 'username', autocomplete: 'username', autocapitalize: 'none', spellcheck: false, maxLength: 100, hint: t('signUp.userHint'),
    });
    const password = passwordField({ label: t('signUp.password'), name: 'password', autocomplete: 'new-password', hint: t('signUp.passwordHint') });
    let userEdited = false;
    let timer = 0;

    const check = () => {
        clearTimeout(timer);
        const name = user.input.value.trim();
        user.say(t('signUp.userHint'));
        if (name !== '') {
            timer = window.setTimeout(() => checkName(api, name, user), checkDelayMilliseconds);
        }
    };
    shown.input.addEventListener('input', () => {
        if (!userEdited) {
            user.input.value = deriveUsername(shown.input.value, () => fallback);
            check();
        }
    });
    user.input.addEventListener('input', () => {
        userEdited = user.input.value !== '';
        check();
    });

    const submit = async () => {
        const displayName = shown.input.value.trim();
        const username = user.input.value.trim().toLowerCase();
        if (displayName === '') {
            throw new FormProblem(t('signUp.nameMissing'), shown.input);
        }
        if (!allowedName.test(username)) {
            throw new FormProblem(t('error.nameInvalid'), user.input);
        }
        if (Array.from(password.input.value).length < shortestPassword) {
            throw new FormProblem(t('error.weakPassword'), password.input);
        }
        const session = sessionFrom(await signUp(api, { username, password: password.input.value, token: options.token }));
        // The account exists now: a name that could not be set is no reason to stay on this page.
        await setProfile(new Api(session.accessToken), session.userId, 'displayname', displayName).catch(() => {});
        options.enter(session);
    };
    const special = { M_FORBIDDEN: 'signUp.forbidden', M_UNAUTHORIZED: 'expired.title' };
    return h('div', {}, form({ action: options.action, submit, special }, shown.element, user.element, password.element).element);
}

/**
 * @param {Api} api
 * @param {string} name
 * @param {{input: HTMLInputElement, say: (text: string, kind?: 'plain'|'good'|'bad') => void}} where
 */
async function checkName(api, name, where) {
    try {
        await usernameAvailable(api, name);
        if (where.input.value.trim() === name) {
            where.say(t('signUp.userFree'), 'good');
        }
    } catch (error) {
        if (where.input.value.trim() === name && error instanceof MatrixError && error.status < 500) {
            where.say(explain(error), 'bad');
        }
    }
}
