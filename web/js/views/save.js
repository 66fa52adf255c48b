import { h } from '../dom.js';

const keptMilliseconds = 60000;

/**
 * Hands a file to the browser's downloads.
 * @param {Blob} blob
 * @param {string} name
 */
export function saveBlob(blob, name) {
    const url = URL.createObjectURL(blob);
    const link = h('a', { href: url, download: name, class: 'visually-hidden' });
    document.body.append(link);
    link.click();
    link.remove();
    // Some browsers read the blob only after the user has chosen a place.
    setTimeout(() => URL.revokeObjectURL(url), keptMilliseconds);
}
