import { h, icon, replace } from '../dom.js';
import { t } from '../i18n.js';

const retryMilliseconds = 4000;

/**
 * The page came from the browser's cache, or the box went away just now: nobody is logged in and there is nothing to show yet.
 * @param {HTMLElement} root
 * @param {() => void} retry
 */
export function showUnreachable(root, retry) {
    const timer = setTimeout(retry, retryMilliseconds);
    replace(root, h('main', { class: 'entry' }, h('div', { class: 'card', role: 'status' },
        h('div', { class: 'card-symbol' }, icon('away')),
        h('h1', {}, t('unreachable.title')),
        h('p', { class: 'muted' }, t('unreachable.text')),
        h('button', { class: 'button primary', type: 'button', onclick: retry }, t('banner.retry')))));
    return () => clearTimeout(timer);
}
