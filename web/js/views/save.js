import { h } from '../dom.js';
import { ticketAddress } from '../files/store.js';

/**
 * Hands a file of the box to the browser's downloads, which write it to the disk as it comes: 4 GiB fit where a Blob would not.
 * @param {import('../app.js').App} app
 * @param {string} mxc
 * @param {string} name
 */
export async function saveMedia(app, mxc, name) {
    saveAddress(await ticketAddress(app.api, { mxc }), name);
}

/**
 * @param {string} url from a ticket
 * @param {string} name that the box proposes when it is empty
 */
export function saveAddress(url, name) {
    const link = h('a', { href: url + (url.includes('?') ? '&' : '?') + 'download=1', download: name, class: 'visually-hidden' });
    document.body.append(link);
    link.click();
    link.remove();
}
