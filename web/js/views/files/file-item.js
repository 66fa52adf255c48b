import { h, icon, iconButton } from '../../dom.js';
import { hasThumbnail, kindOf, symbolOf } from '../../files/kinds.js';
import { chatsRoot, folderHref, joinPath } from '../../files/paths.js';
import { thumbnailAddress } from '../../files/store.js';
import { t } from '../../i18n.js';
import { rootName } from './names.js';

const longPressMilliseconds = 450;
const movedPixels = 10;
const thumbnailPixels = 256;

/** @typedef {import('../../files/store.js').FileNode} FileNode */
/** @typedef {import('./file-list.js').FileList} FileList */

/**
 * The item is drawn again when this changes.
 * @param {FileNode} node
 * @param {boolean} selected
 * @param {number} index
 * @param {number} count
 */
export function itemVersion(node, selected, index, count) {
    return [node.name, node.size, node.modified_ts, node.etag, node.path, selected, index, count].join('|');
}

/**
 * One file or folder, as a row or a tile: the style sheet makes the difference.
 * @param {FileList} list
 * @param {FileNode} node
 * @param {number} index
 * @returns {HTMLElement}
 */
export function fileItem(list, node, index) {
    const { options } = list;
    const selected = list.selected.has(node.id);
    const isFolder = node.kind === 'folder';
    const check = h('input', { type: 'checkbox', checked: selected, 'aria-label': t('files.select', { name: node.name }), 'data-part': 'check' });
    check.addEventListener('click', (event) => list.toggle(node, event.shiftKey));
    const main = h(isFolder ? 'a' : 'button', {
        class: 'item-main', type: isFolder ? undefined : 'button', href: isFolder && !node.deleted_ts ? folderHref(folderPath(node)) : undefined, 'data-part': 'main', draggable: false,
    }, picture(list.app, node), h('span', { class: 'item-text' }, h('span', { class: 'item-name', title: node.name, dir: 'auto' }, isFolder ? rootName(list.app, folderPath(node)) : node.name), h('span', { class: 'item-facts' }, options.facts(node))));
    const more = iconButton('more', t('files.actionsFor', { name: node.name }), () => options.menu(node, more), { class: 'icon-button item-more', 'aria-haspopup': 'menu', 'data-part': 'more' });
    const element = h('li', {
        class: 'item' + (selected ? ' selected' : ''), 'data-index': String(index), 'data-name': node.name, 'aria-setsize': String(list.nodes.length), 'aria-posinset': String(index + 1),
    }, list.isSelectable && h('label', { class: 'item-check' }, check), main, more);
    main.addEventListener('click', (/** @type {any} */ event) => {
        if (list.isSelectable && (list.selecting || event.shiftKey || event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            list.toggle(node, event.shiftKey);
        } else if (!isFolder || node.deleted_ts) {
            options.open(node);
        }
    });
    main.addEventListener('contextmenu', (/** @type {any} */ event) => {
        event.preventDefault();
        if (event.pointerType !== 'touch') {
            options.menu(node, more);
        }
    });
    if (list.isSelectable) {
        watchLongPress(main, () => list.toggle(node, false));
    }
    return element;
}

/**
 * The folder of a chat goes by the chat's ID, so that it is called as in the list of chats.
 * @param {FileNode} node
 */
function folderPath(node) {
    return node.room_id ? joinPath(chatsRoot, node.room_id) : node.path || '/' + node.name;
}

/**
 * A finger that stays.
 * @param {HTMLElement} element
 * @param {() => void} run
 */
function watchLongPress(element, run) {
    let timer = 0;
    let x = 0;
    let y = 0;
    let ran = false;
    const end = () => clearTimeout(timer);
    element.addEventListener('touchstart', (event) => {
        end();
        x = event.touches[0].clientX;
        y = event.touches[0].clientY;
        ran = false;
        timer = window.setTimeout(() => {
            ran = true;
            run();
        }, longPressMilliseconds);
    }, { passive: true });
    element.addEventListener('touchmove', (event) => {
        if (Math.hypot(event.touches[0].clientX - x, event.touches[0].clientY - y) > movedPixels) {
            end();
        }
    }, { passive: true });
    element.addEventListener('touchend', (event) => {
        end();
        // No click follows, which would take the selection back.
        if (ran) {
            event.preventDefault();
        }
    });
    element.addEventListener('touchcancel', end);
}

/**
 * @param {import('../../app.js').App} app
 * @param {FileNode} node
 */
function picture(app, node) {
    const kind = kindOf(node);
    const element = h('span', { class: 'item-picture kind-' + kind, 'aria-hidden': 'true' }, icon(symbolOf(kind)));
    if (node.encrypted) {
        element.append(h('span', { class: 'item-lock' }, icon('lock')));
    }
    if (hasThumbnail(node) && !node.deleted_ts) {
        const image = h('img', { alt: '', decoding: 'async', draggable: false });
        const show = (/** @type {string} */ url) => {
            image.src = url;
            element.append(image);
        };
        const key = 'file#' + node.id + '#' + node.etag;
        const atHand = app.media.atHand(key);
        if (atHand) {
            show(atHand);
        } else {
            app.media.addressOf(key, () => thumbnailAddress(node.path, thumbnailPixels, thumbnailPixels, 'crop')).then(show).catch(() => {});
        }
    }
    return element;
}
