import { h, icon, iconButton, replace } from '../../dom.js';
import { explainFile } from '../../files/explain.js';
import { kindOf } from '../../files/kinds.js';
import { chatsRoot, joinPath } from '../../files/paths.js';
import { listFolder } from '../../files/store.js';
import { t } from '../../i18n.js';
import { roomName } from '../../room-name.js';
import { openDialog } from '../dialog.js';
import { FileList } from './file-list.js';
import { openItemMenu } from './item-menu.js';
import { factsOf } from './names.js';
import { openNode } from './open.js';
import { SelectionBar } from './selection-bar.js';

const pageSize = 100;

/** @typedef {import('../../files/store.js').FileNode} FileNode */

/**
 * What was sent to a room, the newest first: its pictures as a gallery, its files as a list.
 * @param {import('../../app.js').App} app
 * @param {import('../../room.js').Room} room
 */
export function openRoomFiles(app, room) {
    const folder = joinPath(chatsRoot, room.id);
    /** @type {FileNode[]} */
    let nodes = [];
    /** @type {string|undefined} */
    let next;
    let loading = false;
    /** @type {'pictures'|'files'} */
    let shown = 'pictures';
    let chosen = false;
    const empty = h('div', { class: 'files-empty', role: 'status', hidden: true });
    const list = new FileList(app, {
        label: t('room.filesOf', { room: roomName(room) }),
        open: (node) => openNode(app, node, visible()),
        menu: (node, anchor) => openItemMenu(anchor, app, node, load, { close: () => dialog.close() }),
        facts: (node) => [node.user_id && node.user_id !== room.ownUserId ? room.nameOf(node.user_id) : '', factsOf(node)].filter((fact) => fact !== '').join(' · '),
        nearEnd: () => more(),
        selectionChanged: () => selection.draw(),
    });
    /** @type {SelectionBar} */
    const selection = new SelectionBar(app, list, load);
    list.before.append(empty);
    const isPicture = (/** @type {FileNode} */ node) => kindOf(node) === 'picture' || kindOf(node) === 'video';
    const visible = () => nodes.filter((node) => node.kind === 'file' && isPicture(node) === (shown === 'pictures'));
    const tab = (/** @type {typeof shown} */ value, /** @type {string} */ label) => {
        const input = h('input', { type: 'radio', name: 'room-files', value, checked: value === shown, onchange: () => { shown = value; chosen = true; draw(); } });
        return { input, element: h('label', {}, input, h('span', {}, label)) };
    };
    const pictures = tab('pictures', t('room.pictures'));
    const files = tab('files', t('room.otherFiles'));

    function draw() {
        // Whoever sent no pictures yet wants to see the files.
        if (!chosen && visible().length === 0 && nodes.length > 0 && !next) {
            shown = 'files';
            files.input.checked = true;
        }
        const wanted = shown === 'pictures' ? 'tiles' : 'rows';
        if (list.layout !== wanted) {
            list.setLayout(wanted);
        }
        list.show(visible());
        empty.hidden = loading || visible().length > 0;
        replace(empty, icon(shown === 'pictures' ? 'image' : 'file'), h('p', {}, t(shown === 'pictures' ? 'room.noPictures' : 'room.noFiles')));
    }

    /** @param {string} [from] */
    async function fetch(from) {
        loading = true;
        try {
            const answer = await listFolder(app.api, folder, { sort: 'modified', dir: 'b', limit: pageSize, from });
            nodes = from ? nodes.concat(answer.files) : answer.files;
            next = answer.next_batch;
            loading = false;
            draw();
        } catch (error) {
            empty.hidden = false;
            replace(empty, icon('warning'), h('p', { role: 'alert' }, explainFile(error)));
            loading = false;
        }
    }

    async function more() {
        if (next && !loading) {
            await fetch(next);
        }
    }

    async function load() {
        await fetch();
    }

    list.layout = 'tiles';
    const dialog = openDialog({ title: t('room.filesOf', { room: roomName(room) }), kind: 'wide' },
        h('div', { class: 'room-files-tabs' }, h('div', { class: 'segments', role: 'radiogroup', 'aria-label': t('room.files') }, pictures.element, files.element),
            iconButton('folder', t('room.openFolder'), () => { dialog.close().then(() => { location.hash = '#/files' + chatsRoot + '/' + encodeURIComponent(room.id); }); }), selection.element),
        h('div', { class: 'room-files' }, list.element));
    const stop = app.store.on('message', ({ room: where }) => where === room && load());
    dialog.closed.then(() => {
        stop();
        list.destroy();
    });
    load();
}
