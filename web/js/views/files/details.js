import { h } from '../../dom.js';
import { parentOf } from '../../files/paths.js';
import { sizeOfFolder } from '../../files/store.js';
import { fileSize, fullTime } from '../../format.js';
import { t } from '../../i18n.js';
import { localpart } from '../../ids.js';
import { openDialog } from '../dialog.js';
import { placeName } from './names.js';

/**
 * @param {import('../../app.js').App} app
 * @param {import('../../files/store.js').FileNode} node
 */
export function openDetails(app, node) {
    const list = h('dl', { class: 'details' });
    /**
     * @param {string} name
     * @param {string} value
     */
    const fact = (name, value) => {
        const place = h('dd', { dir: 'auto' }, value);
        list.append(h('dt', {}, name), place);
        return place;
    };
    fact(t('files.name'), node.name);
    fact(t('files.where'), placeName(app, parentOf(node.original_path || node.path || '/')));
    const size = fact(t('files.size'), node.kind === 'file' ? fileSize(node.size || 0) : t('loading'));
    if (node.content_type && node.kind === 'file') {
        fact(t('files.type'), node.content_type);
    }
    if (node.modified_ts) {
        fact(t('files.modified'), fullTime(node.modified_ts));
    }
    if (node.user_id) {
        fact(t('files.by'), localpart(node.user_id));
    }
    openDialog({ title: t('files.details') }, h('div', { class: 'dialog-body' }, list));
    if (node.kind === 'folder') {
        sizeOfFolder(app.api, node.path).then((total) => { size.textContent = t('files.total', { count: total.files, size: fileSize(total.size) }); })
            .catch(() => { size.textContent = '—'; });
    }
}
