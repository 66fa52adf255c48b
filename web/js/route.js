import { folderFromHash, folderHref } from './files/paths.js';
import { closeLayers } from './layers.js';

/**
 * @typedef {{name: 'list'} | {name: 'room', roomId: string} | {name: 'files', folder: string}} Route
 */

let cameFromList = false;

/** @returns {Route} */
export function currentRoute() {
    const match = /^#\/room\/([^/]+)$/.exec(location.hash);
    const folder = folderFromHash(location.hash);
    return match ? { name: 'room', roomId: decodeURIComponent(match[1]) } : folder !== null ? { name: 'files', folder } : { name: 'list' };
}

/**
 * @param {string} roomId
 * @returns {string}
 */
export function roomHref(roomId) {
    return '#/room/' + encodeURIComponent(roomId);
}

/** @param {string} roomId */
export async function goToRoom(roomId) {
    await closeLayers();
    cameFromList = currentRoute().name === 'list';
    location.hash = roomHref(roomId);
}

/** @param {string} folder */
export async function goToFolder(folder) {
    await closeLayers();
    location.hash = folderHref(folder);
}

/** Back to the list: by a step back when that is where one came from, so that the phone's back button does not go in circles. */
export async function goToList() {
    await closeLayers();
    if (cameFromList) {
        cameFromList = false;
        history.back();
    } else {
        location.replace('#/');
    }
}

/** A link in the list was followed. */
export function noteLeavingList() {
    cameFromList = true;
}

/** @param {() => void} changed */
export function watchRoute(changed) {
    window.addEventListener('hashchange', changed);
    return () => window.removeEventListener('hashchange', changed);
}

/** @returns {string|null} the token of an invitation link, `/j/TOKEN` */
export function invitationToken() {
    const match = /^\/j\/([^/]+)\/?$/.exec(location.pathname);
    return match ? decodeURIComponent(match[1]) : null;
}

/** After an invitation is used (or put aside) the address is the plain one. */
export function forgetInvitation() {
    history.replaceState(null, '', '/');
}
