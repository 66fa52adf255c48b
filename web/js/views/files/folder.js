import { h, icon, replace } from '../../dom.js';
import { explainFile } from '../../files/explain.js';
import { chatsRoot, isInChats, parentOf, privateRoot, sharedRoot } from '../../files/paths.js';
import { listFolder, sizeOfFolder } from '../../files/store.js';
import { fileSize } from '../../format.js';
import { t } from '../../i18n.js';
import { preference, setPreference } from '../../preferences.js';
import { remove, rename } from './actions.js';
import { FileList } from './file-list.js';
import { openItemMenu } from './item-menu.js';
import { factsOf, rootName } from './names.js';
import { openNode } from './open.js';
import { SelectionBar } from './selection-bar.js';

const pageSize = 200;
const refreshMilliseconds = 400;

/** @typedef {import('../../files/store.js').FileNode} FileNode */

/** What lies in one folder. */
export class FolderView {
    /**
     * @param {import('../../app.js').App} app
     * @param {string} folder
     */
    constructor(app, folder) {
        this.app = app;
        this.folder = folder;
        this.takesFiles = folder !== chatsRoot;
        /** @type {FileNode[]} */
        this.nodes = [];
        /** @type {string|undefined} */
        this.next = undefined;
        this.turn = 0;
        this.loading = false;
        this.reloading = false;
        this.timer = 0;
        this.summary = h('p', { class: 'folder-summary muted small', role: 'status' });
        this.empty = h('div', { class: 'files-empty', hidden: true });
        this.list = new FileList(app, {
            label: rootName(app, folder),
            open: (node) => openNode(app, node, this.nodes),
            menu: (node, anchor) => openItemMenu(anchor, app, node, () => this.reload()),
            facts: factsOf,
            nearEnd: () => this.more(),
            selectionChanged: () => this.selection.draw(),
        });
        this.selection = new SelectionBar(app, this.list, () => this.reload());
        this.list.layout = preference('fileLayout') === 'tiles' ? 'tiles' : 'rows';
        this.list.before.append(this.empty);
        this.element = h('div', { class: 'folder' }, this.list.element, this.summary);
        this.tools = h('div', {}, this.makeTools(), this.selection.element);
        const later = () => {
            clearTimeout(this.timer);
            this.timer = window.setTimeout(() => this.reload(), refreshMilliseconds);
        };
        this.stops = [
            app.on('uploaded', (entry) => (parentOf(entry.path) === folder || entry.path.startsWith(folder + '/')) && later()),
            app.store.on('message', () => isInChats(folder) && later()),
        ];
    }

    destroy() {
        this.turn += 1;
        clearTimeout(this.timer);
        this.stops.forEach((stop) => stop());
        this.list.destroy();
    }

    /** How the list is drawn and in which order. */
    makeTools() {
        const order = h('select', { class: 'input order', 'aria-label': t('files.order') }, [
            ['name', 'f', t('files.byName')], ['name', 'b', t('files.byNameBack')], ['modified', 'b', t('files.byNewest')], ['modified', 'f', t('files.byOldest')],
            ['size', 'b', t('files.byLargest')], ['size', 'f', t('files.bySmallest')],
        ].map(([sort, dir, label]) => h('option', { value: sort + ' ' + dir }, label)));
        order.value = isInChats(this.folder) && !this.ordered() ? 'modified b' : preference('fileSort') + ' ' + preference('fileDirection');
        order.addEventListener('change', () => {
            const [sort, dir] = order.value.split(' ');
            setPreference('fileSort', sort);
            setPreference('fileDirection', dir);
            this.nodes = [];
            this.list.element.scrollTop = 0;
            this.reload();
        });
        this.orderField = order;
        const layout = h('button', { type: 'button', class: 'icon-button' });
        const draw = () => {
            const label = t(this.list.layout === 'rows' ? 'files.asTiles' : 'files.asRows');
            replace(layout, icon(this.list.layout === 'rows' ? 'tiles' : 'rows'));
            layout.title = label;
            layout.setAttribute('aria-label', label);
        };
        layout.addEventListener('click', () => {
            const wanted = this.list.layout === 'rows' ? 'tiles' : 'rows';
            setPreference('fileLayout', wanted);
            this.list.setLayout(wanted);
            draw();
        });
        draw();
        return h('div', { class: 'files-tools' }, order, h('span', { class: 'files-tools-gap' }), layout,
            h('button', { type: 'button', class: 'button quiet small', onclick: () => this.list.startSelecting() }, t('files.selectSome')));
    }

    ordered() {
        return preference('fileSort') !== 'name' || preference('fileDirection') !== 'f';
    }

    /**
     * @param {string} [from]
     * @returns {Promise<{folder: FileNode, files: FileNode[], next_batch?: string}>}
     */
    fetch(from) {
        const [sort, dir] = /** @type {HTMLSelectElement} */ (this.orderField).value.split(' ');
        return listFolder(this.app.api, this.folder, { sort: /** @type {any} */ (sort), dir: /** @type {any} */ (dir), limit: pageSize, from });
    }

    /** Reads again as much as is shown. */
    async reload() {
        this.turn += 1;
        const { turn } = this;
        const wanted = Math.max(pageSize, this.nodes.length);
        /** @type {FileNode[]} */
        let nodes = [];
        /** @type {string|undefined} */
        let next;
        this.reloading = true;
        this.loading = false;
        try {
            do {
                const answer = await this.fetch(/** @type {string|undefined} */ (next));
                if (turn !== this.turn) {
                    return;
                }
                nodes = nodes.concat(answer.files);
                next = answer.next_batch;
                this.learn(answer.folder);
            } while (next && nodes.length < wanted);
            this.nodes = nodes;
            this.next = next;
            this.reloading = false;
            this.list.show(nodes);
            this.drawEmpty();
            this.summarise();
        } catch (error) {
            if (turn === this.turn && this.nodes.length === 0) {
                this.showProblem(error);
            }
        } finally {
            if (turn === this.turn) {
                this.reloading = false;
            }
        }
    }

    async more() {
        if (!this.next || this.loading || this.reloading) {
            return;
        }
        this.loading = true;
        const { turn, next } = this;
        try {
            const answer = await this.fetch(next);
            if (turn === this.turn) {
                const known = new Set(this.nodes.map((node) => node.id));
                this.nodes = this.nodes.concat(answer.files.filter((node) => !known.has(node.id)));
                this.next = answer.next_batch;
                this.loading = false;
                this.list.show(this.nodes);
            }
        } catch (error) {
            // The next scroll tries again.
            this.loading = false;
        }
    }

    /** @param {FileNode} folder */
    learn(folder) {
        const canWrite = this.folder !== chatsRoot && !(folder && folder.can && !folder.can.includes('write'));
        if (canWrite !== this.takesFiles) {
            this.takesFiles = canWrite;
            this.app.emit('folder-learned');
        }
    }

    drawEmpty() {
        this.empty.hidden = this.nodes.length > 0;
        if (this.nodes.length === 0) {
            const text = this.folder === chatsRoot ? t('files.emptyChats') : isInChats(this.folder) ? t('files.emptyRoom')
                : this.folder === sharedRoot ? t('files.emptyShared') : this.folder === privateRoot ? t('files.emptyPrivate') : t('files.empty');
            replace(this.empty, icon('folder'), h('p', {}, text), this.takesFiles && h('p', { class: 'muted small' }, t('files.emptyNext')));
        }
    }

    /** @param {unknown} error */
    showProblem(error) {
        this.empty.hidden = false;
        replace(this.empty, icon('warning'), h('p', { role: 'alert' }, explainFile(error)),
            h('button', { type: 'button', class: 'button', onclick: () => this.reload() }, t('action.retry')));
    }

    async summarise() {
        const { turn } = this;
        if (this.nodes.length === 0 || this.folder === chatsRoot) {
            this.summary.textContent = '';
            return;
        }
        try {
            const total = await sizeOfFolder(this.app.api, this.folder);
            if (turn === this.turn) {
                this.summary.textContent = t('files.total', { count: total.files, size: fileSize(total.size) });
            }
        } catch (error) {
            this.summary.textContent = '';
        }
    }

    /** @param {KeyboardEvent} event */
    key(event) {
        const item = event.target instanceof Element ? event.target.closest('[data-index]') : null;
        const focused = item instanceof HTMLElement ? this.nodes[Number(item.dataset.index)] : undefined;
        const chosen = this.list.selected.size > 0 ? Array.from(this.list.selected.values()) : focused ? [focused] : [];
        if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'a') {
            event.preventDefault();
            this.list.selectAll();
        } else if (event.key === 'Escape' && this.list.selecting) {
            event.stopPropagation();
            this.list.clearSelection();
        } else if (event.key === 'Delete' && chosen.length > 0) {
            event.preventDefault();
            remove(this.app, chosen, () => this.reload());
        } else if (event.key === 'F2' && focused) {
            event.preventDefault();
            rename(this.app, focused, () => this.reload());
        } else if (event.key === 'ArrowDown' && !item) {
            event.preventDefault();
            this.list.focus(0);
        }
    }
}
