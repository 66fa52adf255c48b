import { h } from '../dom.js';

const shownMilliseconds = 4500;

/**
 * One sentence at the bottom of the screen that goes away by itself.
 * @param {string} text
 */
export function toast(text) {
    let region = document.querySelector('.toasts');
    if (!region) {
        region = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });
        document.body.append(region);
    }
    const note = h('div', { class: 'toast' }, text);
    region.append(note);
    setTimeout(() => note.remove(), shownMilliseconds);
}
