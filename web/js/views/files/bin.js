import { h, icon, replace } from '../../dom.js';
import { explainFile } from '../../files/explain.js';
import { parentOf } from '../../files/paths.js';
import { listBin, purgeBin, restoreFromBin } from '../../files/store.js';
import { fileSize, listTime } from '../../format.js';
import { t } from '../../i18n.js';
import { confirmDialog, openMenu } from '../dialog.js';
import { toast } from '../toast.js';
import { openDetails } from './details.js';
import { FileList } from './file-list.js';
import { placeName } from './names.js';

/** @typedef {import('../../files/store.js').FileNode} FileNode */

/** What was deleted and can be had back. */
export class BinView {
    /** @param {import('../../app.js').App} app */
    constructor(app) {
        this.app = app;
        this.takesFiles = false;
        this.empty = h('div', { class: 'files-empty', hidden: true, role: 'status' });
        this.list = new FileList(app, {
            label: t('files.bin'),
            open: (node) => openDetails(app, node),
            menu: (node, anchor) => this.menu(node, anchor),
            facts: (node) => [node.original_path ? placeName(app, parentOf(node.original_path)) : '', node.kind === 'file' ? fileSize(node.size || 0) : '',
                node.deleted_ts ? t('files.deletedAt', { time: listTime(node.deleted_ts, Date.now()) }) : ''].filter((fact) => fact !== '').join(' · '),
        });
        this.list.before.append(this.empty);
        this.emptyBin = h('button', { type: 'button', class: 'button danger small', hidden: true, onclick: () => this.purge() }, icon('trash'), t('files.emptyBin'));
        this.tools = h('div', { class: 'files-tools' }, h('p', { class: 'muted small' }, t('files.binText')), h('span', { class: 'files-tools-gap' }), this.emptyBin);
        this.element = h('div', { class: 'folder' }, this.list.element);
    }

    destroy() {
        this.list.destroy();
    }

    async reload() {
        try {
            // The id of what lies in the bin may have a twin outside; here none has a thumbnail or a link.
            const nodes = (await listBin(this.app.api)).map((node) => Object.assign({ deleted_ts: 1 }, node));
            this.list.show(nodes);
            this.emptyBin.hidden = nodes.length === 0;
            this.empty.hidden = nodes.length > 0;
            replace(this.empty, icon('trash'), h('p', {}, t('files.binEmpty')));
        } catch (error) {
            this.empty.hidden = false;
            replace(this.empty, icon('warning'), h('p', {}, explainFile(error)));
        }
    }

    /**
     * @param {FileNode} node
     * @param {HTMLElement} anchor
     */
    menu(node, anchor) {
        openMenu(anchor, [
            { label: t('files.restore'), icon: 'retry', run: () => this.restore(node) },
            { label: t('files.details'), icon: 'info', run: () => openDetails(this.app, node) },
            { label: t('files.purge'), icon: 'trash', danger: true, run: () => this.purge(node) },
        ]);
    }

    /** @param {FileNode} node */
    async restore(node) {
        try {
            const restored = await restoreFromBin(this.app.api, node.id);
            toast(t('files.restored', { place: placeName(this.app, parentOf(restored.path)) }));
        } catch (error) {
            toast(explainFile(error));
        }
        this.reload();
    }

    /** @param {FileNode} [node] */
    async purge(node) {
        const title = node ? t('files.purgeOne', { name: node.name }) : t('files.emptyBin');
        if (await confirmDialog({ title, text: t('files.purgeText'), action: t('files.purge'), danger: true })) {
            await purgeBin(this.app.api, node && node.id).catch((error) => toast(explainFile(error)));
            this.reload();
        }
    }
}
