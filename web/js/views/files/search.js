import { h, icon, replace } from '../../dom.js';
import { explainFile } from '../../files/explain.js';
import { parentOf } from '../../files/paths.js';
import { searchFiles } from '../../files/store.js';
import { t } from '../../i18n.js';
import { FileList } from './file-list.js';
import { openItemMenu } from './item-menu.js';
import { factsOf, placeName } from './names.js';
import { openNode } from './open.js';
import { SelectionBar } from './selection-bar.js';

const mostResults = 100;

/** What is called so, wherever it lies. */
export class SearchView {
    /**
     * @param {import('../../app.js').App} app
     * @param {string} text
     */
    constructor(app, text) {
        this.app = app;
        this.text = text;
        this.takesFiles = false;
        this.turn = 0;
        this.empty = h('div', { class: 'files-empty', hidden: true, role: 'status' });
        this.list = new FileList(app, {
            label: t('files.found'),
            open: (node) => openNode(app, node, this.list.nodes),
            menu: (node, anchor) => openItemMenu(anchor, app, node, () => this.reload(), { showsFolder: true }),
            selectionChanged: () => this.selection.draw(),
            facts: (node) => [placeName(app, parentOf(node.path)), factsOf(node)].join(' · '),
        });
        this.selection = new SelectionBar(app, this.list, () => this.reload());
        this.list.before.append(this.empty);
        this.tools = h('div', {}, h('p', { class: 'files-tools muted small' }, t('files.found')), this.selection.element);
        this.element = h('div', { class: 'folder' }, this.list.element);
    }

    destroy() {
        this.turn += 1;
        this.list.destroy();
    }

    async reload() {
        this.turn += 1;
        const { turn } = this;
        try {
            const nodes = await searchFiles(this.app.api, this.text, mostResults);
            if (turn === this.turn) {
                this.list.show(nodes);
                this.empty.hidden = nodes.length > 0;
                replace(this.empty, icon('search'), h('p', {}, t('files.notFound', { text: this.text })));
            }
        } catch (error) {
            this.empty.hidden = false;
            replace(this.empty, icon('warning'), h('p', {}, explainFile(error)));
        }
    }
}
