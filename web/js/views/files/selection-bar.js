import { h, icon, iconButton, replace } from '../../dom.js';
import { isInChats } from '../../files/paths.js';
import { t } from '../../i18n.js';
import { openMenu } from '../dialog.js';
import { download, remove, shareIntoChat, transferTo } from './actions.js';

/** What can be done with all that is selected. */
export class SelectionBar {
    /**
     * @param {import('../../app.js').App} app
     * @param {import('./file-list.js').FileList} list
     * @param {() => void} changed
     */
    constructor(app, list, changed) {
        this.app = app;
        this.list = list;
        this.done = () => {
            list.clearSelection();
            changed();
        };
        this.count = h('span', { class: 'selection-count', role: 'status' });
        this.actions = h('div', { class: 'selection-actions' });
        this.element = h('div', { class: 'selection-bar', role: 'toolbar', 'aria-label': t('files.selection'), hidden: true },
            iconButton('close', t('files.selectNone'), () => list.clearSelection()), this.count, this.actions);
        this.version = '';
    }

    draw() {
        const { app, list, done } = this;
        const nodes = Array.from(list.selected.values());
        this.element.hidden = !list.selecting;
        this.count.textContent = t('files.selected', { count: nodes.length });
        const version = nodes.map((node) => node.id).join();
        if (version === this.version) {
            return;
        }
        this.version = version;
        const none = nodes.length === 0;
        const mayDelete = nodes.every((node) => !node.can || node.can.includes('delete'));
        const isChat = nodes.some((node) => isInChats(node.path));
        const files = nodes.filter((node) => node.kind === 'file');
        /**
         * @param {string} symbol
         * @param {string} label
         * @param {() => void} run
         */
        const action = (symbol, label, run) => h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, disabled: none, onclick: run }, icon(symbol));
        const more = action('more', t('files.moreActions'), () => openMenu(more, [
            { label: t('files.selectAll'), icon: 'tick', run: () => list.selectAll() },
            !isChat && { label: t('files.move'), icon: 'folder', run: () => transferTo(app, 'MOVE', nodes, done) },
            { label: isChat ? t('files.keep') : t('files.copy'), icon: 'copy', run: () => transferTo(app, 'COPY', nodes, done) },
        ]));
        more.disabled = false;
        replace(this.actions, action('download', t('action.download'), () => download(app, nodes)),
            files.length === nodes.length && action('send', t('files.shareIntoChat'), () => shareIntoChat(app, files, done)),
            mayDelete && action('trash', t('action.delete'), () => remove(app, nodes, done)), more);
    }
}
