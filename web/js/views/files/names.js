import { chatsRoot, nameOf, parentOf, privateRoot, sharedRoot } from '../../files/paths.js';
import { currentLocale, t } from '../../i18n.js';
import { roomName } from '../../room-name.js';
import { fileSize, listTime } from '../../format.js';

/** @typedef {import('../../app.js').App} App */
/** @typedef {import('../../files/store.js').FileNode} FileNode */

/**
 * What a folder is called: the first ones in the language of the page, a chat as in the list of chats.
 * @param {App} app
 * @param {string} path
 */
export function rootName(app, path) {
    switch (path) {
        case '/': return t('files.title');
        case sharedRoot: return t('files.shared');
        case privateRoot: return t('files.private');
        case chatsRoot: return t('files.chats');
        default: break;
    }
    const name = nameOf(path);
    const room = parentOf(path) === chatsRoot && name.startsWith('!') ? app.store.rooms.get(name) : undefined;
    return room ? roomName(room) : name;
}

/**
 * Folders and files as a sentence of facts: how large, and from when.
 * @param {FileNode} node
 */
export function factsOf(node) {
    const size = node.kind === 'file' && typeof node.size === 'number' ? fileSize(node.size) : '';
    const time = node.modified_ts ? listTime(node.modified_ts, Date.now()) : '';
    return [size, time].filter((fact) => fact !== '').join(' · ');
}

/**
 * Where something lies, in the words of the page.
 * @param {App} app
 * @param {string} path
 */
export function placeName(app, path) {
    const parts = path.split('/').filter((part) => part !== '');
    return parts.map((_, index) => rootName(app, '/' + parts.slice(0, index + 1).join('/'))).join(' › ');
}

/** @param {number} share 0 to 1 */
export function percent(share) {
    return new Intl.NumberFormat(currentLocale(), { style: 'percent' }).format(share);
}
