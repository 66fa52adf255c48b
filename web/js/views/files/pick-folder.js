import { h, icon, iconButton, replace } from '../../dom.js';
import { explainFile } from '../../files/explain.js';
import { parentOf, privateRoot, sharedRoot } from '../../files/paths.js';
import { listFolder } from '../../files/store.js';
import { t } from '../../i18n.js';
import { openDialog } from '../dialog.js';
import { askForFolder } from './actions.js';
import { placeName, rootName } from './names.js';

const pageSize = 200;

/**
 * Asks for a folder.
 * @param {import('../../app.js').App} app
 * @param {{title: string, action: string, start: string, isBarred: (path: string) => boolean}} options
 * @returns {Promise<string|null>}
 */
export async function pickFolder(app, options) {
    let folder = options.start;
    /** @type {string|null} */
    let chosen = null;
    let turn = 0;
    const here = h('p', { class: 'muted small pick-here', role: 'status' });
    const list = h('ul', { class: 'people pick-list', 'aria-label': t('files.folders') });
    const up = iconButton('back', t('files.up'), () => go(folder === sharedRoot || folder === privateRoot ? '/' : parentOf(folder)));
    const make = h('button', { type: 'button', class: 'button small', onclick: () => askForFolder(app, folder, (path) => go(path)) }, icon('folder-add'), t('files.newFolder'));
    const accept = h('button', { type: 'button', class: 'button primary', 'data-focus': '', onclick: () => { chosen = folder; dialog.close(); } }, options.action);

    /** @param {string} path */
    async function go(path) {
        turn += 1;
        const own = turn;
        folder = path;
        here.textContent = placeName(app, path) || t('files.title');
        up.hidden = path === '/';
        make.disabled = path === '/';
        accept.disabled = path === '/' || options.isBarred(path);
        if (path === '/') {
            draw([sharedRoot, privateRoot]);
            return;
        }
        try {
            /** @type {string[]} */
            const folders = [];
            /** @type {string|undefined} */
            let from;
            // Folders come first: the first file is the end of them.
            for (;;) {
                /** @type {Awaited<ReturnType<typeof listFolder>>} */
                const answer = await listFolder(app.api, path, { sort: 'name', dir: 'f', limit: pageSize, from });
                const found = answer.files.filter((node) => node.kind === 'folder');
                folders.push(...found.map((node) => node.path));
                from = answer.next_batch;
                if (!from || found.length < answer.files.length) {
                    break;
                }
            }
            if (own === turn) {
                draw(folders);
            }
        } catch (error) {
            here.textContent = explainFile(error);
        }
    }

    /** @param {string[]} folders */
    function draw(folders) {
        replace(list, folders.map((path) => h('li', {}, h('button', { type: 'button', class: 'person', disabled: options.isBarred(path), onclick: () => go(path) },
            h('span', { class: 'file-symbol' }, icon('folder')), h('span', { class: 'person-text' }, h('span', { class: 'person-name' }, rootName(app, path)))))));
        if (folders.length === 0) {
            replace(list, h('li', { class: 'people-note muted' }, t('files.noFolders')));
        }
    }

    const dialog = openDialog({ title: options.title }, h('div', { class: 'dialog-body pick-folder' }, h('div', { class: 'pick-bar' }, up, here, make), list),
        h('footer', { class: 'dialog-footer' }, h('button', { type: 'button', class: 'button', onclick: () => dialog.close() }, t('action.cancel')), accept));
    go(folder);
    await dialog.closed;
    return chosen;
}
