import { h, icon, replace } from '../../dom.js';
import { bin, chatsRoot, folderHref, privateRoot, sharedRoot } from '../../files/paths.js';
import { storageUse } from '../../files/store.js';
import { t } from '../../i18n.js';
import { quotaBar } from './quota.js';

/** The first page of the file store: what its folders are for. */
export class RootsView {
    /** @param {import('../../app.js').App} app */
    constructor(app) {
        this.app = app;
        this.takesFiles = false;
        this.use = h('div', { class: 'roots-use' });
        this.element = h('div', { class: 'item-scroll roots' },
            h('ul', { class: 'root-list' },
                root(sharedRoot, 'people', t('files.shared'), t('files.sharedText')),
                root(privateRoot, 'lock', t('files.private'), t('files.privateText')),
                root(chatsRoot, 'logo', t('files.chats'), t('files.chatsText')),
                root(bin, 'trash', t('files.bin'), t('files.binText'))),
            this.use);
    }

    async reload() {
        try {
            replace(this.use, quotaBar(await storageUse(this.app.api)));
        } catch (error) {
            // The folders work without it.
        }
    }

    destroy() {}
}

/**
 * @param {string} path
 * @param {string} symbol
 * @param {string} name
 * @param {string} text
 */
function root(path, symbol, name, text) {
    return h('li', {}, h('a', { class: 'root', href: folderHref(path) }, h('span', { class: 'root-symbol' }, icon(symbol)),
        h('span', { class: 'root-text' }, h('strong', {}, name), h('span', { class: 'muted' }, text))));
}
