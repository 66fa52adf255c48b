import { h } from '../dom.js';

const shownMilliseconds = 4500;
const offeredMilliseconds = 7000;
const mostAtOnce = 2;

/**
 * One sentence at the bottom of the screen that goes away by itself, with a button when something can still be done about it.
 * @param {string} text
 * @param {{label: string, run: () => void}} [offer]
 */
export function toast(text, offer) {
    let region = document.querySelector('.toasts');
    if (!region) {
        region = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });
        document.body.append(region);
    }
    const note = h('div', { class: 'toast' }, text);
    if (offer) {
        const run = () => {
            note.remove();
            offer.run();
        };
        note.append(h('button', { type: 'button', class: 'toast-button', onclick: run }, offer.label));
    }
    while (region.childElementCount >= mostAtOnce) {
        /** @type {Element} */ (region.firstElementChild).remove();
    }
    region.append(note);
    setTimeout(() => note.remove(), offer ? offeredMilliseconds : shownMilliseconds);
}
