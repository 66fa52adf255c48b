import { h, icon, iconButton, replace } from '../../dom.js';
import { ancestors, bin, folderHref, isInChats, parentOf } from '../../files/paths.js';
import { pickedByDrop, pickedByField } from '../../files/walk.js';
import { t } from '../../i18n.js';
import { goToList, goToFolder } from '../../route.js';
import { openMenu } from '../dialog.js';
import { watchDrops } from '../drop.js';
import { askForFolder } from './actions.js';
import { BinView } from './bin.js';
import { FolderView } from './folder.js';
import { RootsView } from './roots.js';
import { SearchView } from './search.js';
import { rootName } from './names.js';

const searchDelayMilliseconds = 250;

/**
 * @typedef {object} FilesView what fills the page below its header
 * @property {HTMLElement} element
 * @property {HTMLElement} [tools]
 * @property {boolean} takesFiles
 * @property {() => void} reload
 * @property {() => void} destroy
 * @property {(event: KeyboardEvent) => void} [key]
 */

/** The file store: where one is, what is there, and what can be put there. */
export class FilesPage {
    /** @param {import('../../app.js').App} app */
    constructor(app) {
        this.app = app;
        this.folder = '/';
        /** @type {FilesView|null} */
        this.view = null;
        this.timer = 0;
        this.title = h('h2', { class: 'bar-title', tabIndex: -1 });
        this.crumbs = h('nav', { class: 'crumbs', 'aria-label': t('files.path') });
        this.search = h('input', {
            type: 'search', class: 'search', placeholder: t('files.search'), 'aria-label': t('files.search'), autocomplete: 'off', oninput: () => this.searchLater(),
            onkeydown: (/** @type {KeyboardEvent} */ event) => {
                if (event.key === 'Escape' && this.search.value !== '') {
                    event.stopPropagation();
                    this.endSearch();
                }
            },
        });
        this.filesField = h('input', { type: 'file', multiple: true, class: 'visually-hidden', tabIndex: -1, 'aria-hidden': 'true', 'data-picker': 'store-files', onchange: () => this.chosen(this.filesField) });
        this.folderField = h('input', { type: 'file', multiple: true, class: 'visually-hidden', tabIndex: -1, 'aria-hidden': 'true', 'data-picker': 'store-folder', onchange: () => this.chosen(this.folderField) });
        /** @type {any} */ (this.folderField).webkitdirectory = true;
        this.add = h('button', { type: 'button', class: 'button primary add-files', 'aria-haspopup': 'menu', onclick: () => this.openAddMenu() }, icon('plus'), h('span', {}, t('files.add')));
        this.body = h('div', { class: 'files-body' });
        this.tools = h('div', { class: 'files-tools-place' });
        this.element = h('section', { class: 'files', 'aria-label': t('files.title') },
            h('header', { class: 'bar files-bar' }, iconButton('back', t('action.back'), () => this.up(), { class: 'icon-button back' }), this.title, this.add),
            h('div', { class: 'search-box' }, icon('search'), this.search), this.crumbs, this.tools, this.body, this.filesField, this.folderField);
        this.stops = [app.on('folder-learned', () => { this.add.hidden = !this.takesFiles; }), watchDrops(this.element, (_, data) => data && this.dropped(data), () => this.takesFiles, t('files.dropHint'))];
        this.keys = (/** @type {KeyboardEvent} */ event) => this.key(event);
        this.paste = (/** @type {ClipboardEvent} */ event) => this.pasted(event);
        this.back = () => document.hidden || this.view && this.view.reload();
        document.addEventListener('keydown', this.keys);
        document.addEventListener('paste', this.paste);
        document.addEventListener('visibilitychange', this.back);
    }

    destroy() {
        clearTimeout(this.timer);
        this.stops.forEach((stop) => stop());
        document.removeEventListener('keydown', this.keys);
        document.removeEventListener('paste', this.paste);
        document.removeEventListener('visibilitychange', this.back);
        this.clear();
    }

    clear() {
        if (this.view) {
            this.view.destroy();
            this.view = null;
        }
    }

    /** @param {string} folder */
    open(folder) {
        this.folder = folder;
        this.search.value = '';
        this.show(folder === '/' ? new RootsView(this.app) : folder === bin ? new BinView(this.app) : new FolderView(this.app, folder));
        this.title.textContent = folder === '/' ? t('files.title') : folder === bin ? t('files.bin') : rootName(this.app, folder);
        this.drawCrumbs();
    }

    /** @param {FilesView} view */
    show(view) {
        this.clear();
        this.view = view;
        replace(this.body, view.element);
        replace(this.tools, view.tools || null);
        this.add.hidden = !view.takesFiles;
        view.reload();
    }

    get takesFiles() {
        return this.view !== null && this.view.takesFiles && !document.querySelector('.backdrop');
    }

    drawCrumbs() {
        const way = this.folder === bin ? [] : ancestors(this.folder);
        this.crumbs.hidden = way.length < 2;
        replace(this.crumbs, h('ol', {}, h('li', {}, h('a', { href: folderHref('/') }, t('files.title'))), way.map((path, index) => h('li', {},
            icon('next'), h('a', { href: folderHref(path), 'aria-current': index === way.length - 1 ? 'page' : undefined }, rootName(this.app, path))))));
        this.crumbs.scrollLeft = this.crumbs.scrollWidth;
    }

    up() {
        if (this.search.value !== '') {
            this.endSearch();
        } else if (this.folder === '/') {
            goToList();
        } else {
            goToFolder(this.folder === bin ? '/' : parentOf(this.folder));
        }
    }

    searchLater() {
        clearTimeout(this.timer);
        this.timer = window.setTimeout(() => {
            const text = this.search.value.trim();
            if (text === '') {
                this.endSearch();
            } else {
                this.show(new SearchView(this.app, text));
            }
        }, searchDelayMilliseconds);
    }

    endSearch() {
        clearTimeout(this.timer);
        this.open(this.folder);
    }

    openAddMenu() {
        const canMakeFolders = !isInChats(this.folder);
        openMenu(this.add, [
            { label: t('files.addFiles'), icon: 'upload', run: () => this.filesField.click() },
            canMakeFolders && { label: t('files.addFolder'), icon: 'folder', run: () => this.folderField.click() },
            canMakeFolders && { label: t('files.newFolder'), icon: 'folder-add', run: () => askForFolder(this.app, this.folder, () => this.view && this.view.reload()) },
        ]);
    }

    /** @param {HTMLInputElement} field */
    async chosen(field) {
        const picked = pickedByField(field.files);
        field.value = '';
        (await this.app.uploads()).add(this.folder, picked);
    }

    /** @param {DataTransfer} data */
    async dropped(data) {
        const { folder } = this;
        const { files, emptyFolders } = await pickedByDrop(data);
        const queue = await this.app.uploads();
        queue.add(folder, files);
        if (!isInChats(folder)) {
            await queue.addFolders(folder, emptyFolders);
            if (this.view && emptyFolders.length > 0) {
                this.view.reload();
            }
        }
    }

    /** @param {ClipboardEvent} event */
    async pasted(event) {
        const files = event.clipboardData ? Array.from(event.clipboardData.files) : [];
        if (files.length > 0 && this.takesFiles && !(event.target instanceof HTMLInputElement)) {
            event.preventDefault();
            (await this.app.uploads()).add(this.folder, files.map((file) => ({ file, folders: [] })));
        }
    }

    /** @param {KeyboardEvent} event */
    key(event) {
        if (document.querySelector('.backdrop, .menu-cover') || event.isComposing) {
            return;
        }
        const typing = event.target instanceof HTMLInputElement && event.target.type !== 'checkbox';
        if (event.key === 'Backspace' && !typing || event.altKey && event.key === 'ArrowUp') {
            event.preventDefault();
            event.stopPropagation();
            this.up();
        } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'f') {
            event.preventDefault();
            this.search.focus();
        } else if (!typing && this.view && this.view.key) {
            this.view.key(event);
        }
    }
}

/** @param {import('../../app.js').App} app */
export function openFilesPage(app) {
    return new FilesPage(app);
}
