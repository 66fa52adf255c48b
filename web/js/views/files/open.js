import { kindOf } from '../../files/kinds.js';
import { explainFile } from '../../files/explain.js';
import { readText, thumbnailAddress, ticketAddress } from '../../files/store.js';
import { h, icon, iconButton, replace } from '../../dom.js';
import { fullTime } from '../../format.js';
import { t } from '../../i18n.js';
import { shownTypes } from '../../media.js';
import { openDialog } from '../dialog.js';
import { openViewer } from '../viewer.js';
import { toast } from '../toast.js';
import { download } from './actions.js';

const mostTextBytes = 256 * 1024;
const largest = { width: 1600, height: 1600 };

/** @typedef {import('../../app.js').App} App */
/** @typedef {import('../../files/store.js').FileNode} FileNode */

/**
 * Shows a file the way its kind allows, by the browser's own means; what cannot be shown is downloaded.
 * @param {App} app
 * @param {FileNode} node
 * @param {FileNode[]} around the others in view, among which one can turn pages
 */
export function openNode(app, node, around) {
    switch (kindOf(node)) {
        case 'picture': openPictures(app, node, around); break;
        case 'video':
        case 'audio': openPlayer(app, node); break;
        case 'pdf': openInTab(app, node); break;
        case 'text': openText(app, node); break;
        default: download(app, [node]); break;
    }
}

/**
 * @param {App} app
 * @param {FileNode} node
 * @param {FileNode[]} around
 */
function openPictures(app, node, around) {
    const pictures = around.filter((one) => kindOf(one) === 'picture');
    openViewer(pictures.map((one) => ({
        name: one.name,
        caption: [one.name, one.modified_ts ? fullTime(one.modified_ts) : ''].filter((part) => part !== '').join(' · '),
        small: app.media.atHand('file#' + one.id + '#' + one.etag),
        // The whole picture goes from the box into the page, without a copy in this script's memory.
        address: () => (shownTypes.test(one.content_type || '') || !one.content_type ? ticketAddress(app.api, { path: one.path })
            : app.media.addressOf('large#' + one.id + '#' + one.etag, () => thumbnailAddress(one.path, largest.width, largest.height, 'scale'))),
        save: () => download(app, [one]),
    })), Math.max(0, pictures.indexOf(node)));
}

/**
 * @param {App} app
 * @param {FileNode} node
 */
async function openPlayer(app, node) {
    try {
        const url = await ticketAddress(app.api, { path: node.path });
        const isVideo = kindOf(node) === 'video';
        const trouble = h('p', { class: 'player-trouble', role: 'alert', hidden: true }, t('files.cannotPlay'));
        const player = h(isVideo ? 'video' : 'audio', { controls: true, autoplay: true, src: url, 'aria-label': node.name, 'data-focus': '' });
        player.addEventListener('error', () => { trouble.hidden = false; });
        const dialog = openDialog({ title: node.name, kind: 'viewer' }, h('div', { class: 'viewer-stage player-stage' }, !isVideo && icon('audio'), player, trouble),
            iconButton('download', t('action.download'), () => download(app, [node]), { class: 'icon-button viewer-download' }),
            h('div', { class: 'viewer-caption' }, node.name));
        dialog.closed.then(() => {
            player.pause();
            player.removeAttribute('src');
        });
    } catch (error) {
        toast(explainFile(error));
    }
}

/**
 * The browser's own viewer for PDF. The tab has to be opened by the click itself, before its address is known.
 * @param {App} app
 * @param {FileNode} node
 */
async function openInTab(app, node) {
    const tab = window.open('', '_blank');
    if (!tab) {
        download(app, [node]);
        return;
    }
    tab.opener = null;
    try {
        tab.location.replace(await ticketAddress(app.api, { path: node.path }));
    } catch (error) {
        tab.close();
        toast(explainFile(error));
    }
}

/**
 * @param {App} app
 * @param {FileNode} node
 */
function openText(app, node) {
    const text = h('pre', { class: 'text-preview', tabIndex: 0, dir: 'auto', 'data-focus': '' }, t('loading'));
    const note = h('p', { class: 'muted small', hidden: true }, t('files.textCut'));
    openDialog({ title: node.name, kind: 'wide' }, h('div', { class: 'dialog-body' }, note, text),
        h('footer', { class: 'dialog-footer' }, h('button', { type: 'button', class: 'button', onclick: () => download(app, [node]) }, icon('download'), t('action.download'))));
    readText(app.api, node.path, mostTextBytes).then((content) => {
        note.hidden = !(node.size && node.size > mostTextBytes);
        text.textContent = content;
    }).catch((error) => replace(text, explainFile(error)));
}
