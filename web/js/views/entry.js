import { invitationIsValid } from '../account.js';
import { Api } from '../api.js';
import { h, icon, replace } from '../dom.js';
import { t } from '../i18n.js';
import { preference, setPreference } from '../preferences.js';
import { forgetInvitation, invitationToken } from '../route.js';
import { localpart } from '../ids.js';
import { loginForm } from './login.js';
import { showTitle } from '../notify.js';
import { signUpForm } from './sign-up.js';

/**
 * @typedef {object} EntryOptions
 * @property {import('../types.js').Box} box
 * @property {import('../types.js').Session|null} session
 * @property {() => void} relabel
 * @property {(session: import('../types.js').Session) => void} enter
 * @property {() => void} resume
 */

/**
 * The way in: the first account of a new box, an invitation, logging in, or signing up.
 * @param {HTMLElement} root
 * @param {EntryOptions} options
 */
export function showEntry(root, options) {
    const api = new Api();
    const card = h('div', { class: 'card' });
    replace(root, h('main', { class: 'entry' }, languageSwitch(options.relabel), card, h('p', { class: 'entry-foot' }, t('entry.foot'))));
    showTitle(0, options.box.name);
    const token = invitationToken();
    const { box } = options;

    const pages = {
        login() {
            draw(card, 'logo', t('login.title', { box: box.name }), t('login.text'), loginForm(api, options.enter),
                box.registration === 'open' ? switchButton(t('login.toSignUp'), pages.signUp) : h('p', { class: 'muted small' }, t('login.needInvitation')));
        },
        signUp() {
            draw(card, 'logo', t('signUp.title', { box: box.name }), t('signUp.text'),
                signUpForm(api, { action: t('signUp.action'), enter: options.enter }), switchButton(t('signUp.toLogin'), pages.login));
        },
        owner() {
            draw(card, 'home', t('owner.title'), t('owner.text', { box: box.name }),
                signUpForm(api, { action: t('owner.action'), enter: options.enter, token: token || undefined }));
        },
        async invited(/** @type {string} */ invitation) {
            replace(card, h('div', { class: 'spinner', role: 'status', 'aria-label': t('loading') }));
            const valid = await invitationIsValid(api, invitation).catch(() => null);
            if (valid === false) {
                draw(card, 'expired', t('expired.title'), t('expired.text'), switchButton(t('expired.toLogin'), () => {
                    forgetInvitation();
                    pages.login();
                }));
            } else {
                draw(card, 'envelope', t('invited.title', { box: box.name }), t('invited.text'), signUpForm(api, {
                    action: t('invited.action'), token: invitation, enter: (session) => {
                        forgetInvitation();
                        options.enter(session);
                    },
                }), switchButton(t('signUp.toLogin'), pages.login));
            }
        },
        already(/** @type {import('../types.js').Session} */ session) {
            const go = () => {
                forgetInvitation();
                options.resume();
            };
            draw(card, 'logo', t('already.title', { name: localpart(session.userId) }), t('already.text'),
                h('button', { type: 'button', class: 'button primary wide', onclick: go }, t('already.action')));
        },
    };

    if (options.session) {
        pages.already(options.session);
    } else if (!box.owner_exists) {
        pages.owner();
    } else if (token) {
        pages.invited(token);
    } else {
        pages.login();
    }
    return () => {};
}

/**
 * @param {HTMLElement} card
 * @param {string} symbol
 * @param {string} title
 * @param {string} text
 * @param {...any} children
 */
function draw(card, symbol, title, text, ...children) {
    replace(card, h('div', { class: 'card-symbol' }, icon(symbol)), h('h1', {}, title), h('p', { class: 'muted' }, text), ...children);
    const first = card.querySelector('input');
    // On a phone the focus would cover half of a welcome with the keyboard.
    if (first && matchMedia('(pointer: fine)').matches) {
        first.focus();
    }
}

/**
 * @param {string} label
 * @param {() => void} onclick
 */
function switchButton(label, onclick) {
    return h('button', { type: 'button', class: 'button quiet wide', onclick }, label);
}

/** @param {() => void} relabel */
function languageSwitch(relabel) {
    const other = document.documentElement.lang === 'en' ? { language: 'zh-Hans', label: '简体中文' } : { language: 'en', label: 'English' };
    const change = () => {
        setPreference('language', other.language);
        relabel();
    };
    return h('button', { type: 'button', class: 'button quiet language-switch', lang: other.language, 'data-from': preference('language'), onclick: change },
        icon('globe'), other.label);
}
