import { h, icon, iconButton, replace } from '../../dom.js';
import { parentOf } from '../../files/paths.js';
import { kindOf, symbolOf } from '../../files/kinds.js';
import { fileSize } from '../../format.js';
import { t } from '../../i18n.js';
import { openDialog } from '../dialog.js';
import { toast } from '../toast.js';
import { percent, placeName } from './names.js';

const mostRows = 200;

/** @typedef {import('../../files/queue.js').UploadEntry} UploadEntry */

/**
 * Each upload with what can be done about it.
 * @param {import('../../app.js').App} app
 */
export async function openUploads(app) {
    const queue = await app.uploads();
    const list = h('ul', { class: 'people uploads', 'aria-label': t('uploads.title') });
    const note = h('p', { class: 'muted people-note' });
    const field = h('input', { type: 'file', class: 'visually-hidden', tabIndex: -1, 'aria-hidden': 'true', 'data-picker': 'same-file', onchange: () => given() });
    /** @type {UploadEntry|null} */
    let wanting = null;
    /** @type {Map<string, {state: string, element: HTMLElement, progress: () => void}>} */
    const rows = new Map();

    function given() {
        const file = field.files && field.files[0];
        field.value = '';
        if (file && wanting && !queue.give(wanting, file)) {
            toast(t('uploads.otherFile', { name: wanting.name }));
        }
    }

    function draw() {
        const shown = queue.entries.slice().sort((a, b) => rank(a) - rank(b) || a.order - b.order).slice(0, mostRows);
        const present = new Set(shown.map((entry) => entry.id));
        rows.forEach((row, id) => {
            if (!present.has(id)) {
                row.element.remove();
                rows.delete(id);
            }
        });
        shown.forEach((entry, index) => {
            const state = entry.state + entry.name + entry.error;
            const kept = rows.get(entry.id);
            const row = kept && kept.state === state ? kept : makeRow(entry, state);
            rows.set(entry.id, row);
            if (kept && kept !== row) {
                kept.element.replaceWith(row.element);
            }
            if (list.children[index] !== row.element) {
                list.insertBefore(row.element, list.children[index] || null);
            }
            row.progress();
        });
        note.textContent = shown.length === 0 ? t('uploads.none') : '';
    }

    /**
     * @param {UploadEntry} entry
     * @param {string} state
     */
    function makeRow(entry, state) {
        const facts = h('span', { class: 'muted small' });
        const bar = h('progress', { max: Math.max(1, entry.size), 'aria-label': entry.name });
        const actions = h('span', { class: 'upload-actions' });
        const progress = () => {
            bar.value = entry.state === 'done' ? bar.max : entry.offset;
            facts.textContent = factsFor(app, entry);
        };
        const choose = () => {
            wanting = entry;
            field.click();
        };
        replace(actions,
            (entry.state === 'sending' || entry.state === 'waiting') && iconButton('pause', t('uploads.pause', { name: entry.name }), () => queue.pause(entry)),
            entry.state === 'paused' && iconButton('play', t('uploads.resume', { name: entry.name }), () => queue.resume(entry)),
            entry.state === 'failed' && iconButton('retry', t('uploads.retry', { name: entry.name }), () => queue.resume(entry)),
            entry.state === 'fileless' && h('button', { type: 'button', class: 'button small', onclick: choose }, t('uploads.choose')),
            entry.state !== 'done' && iconButton('close', t('uploads.cancel', { name: entry.name }), () => queue.cancel(entry)),
            entry.state === 'done' && icon('tick'));
        const element = h('li', { class: 'upload upload-' + entry.state }, h('span', { class: 'file-symbol' }, icon(symbolOf(kindOf({ name: entry.name, content_type: entry.type })))),
            h('span', { class: 'person-text' }, h('span', { class: 'person-name', title: entry.name }, entry.name), facts, entry.state !== 'done' && entry.state !== 'failed' && bar), actions);
        return { state, element, progress };
    }

    const stops = [queue.on('change', draw), queue.on('progress', (entry) => {
        const row = rows.get(entry.id);
        if (row) {
            row.progress();
        }
    })];
    const dialog = openDialog({ title: t('uploads.title'), kind: 'sheet' }, h('div', { class: 'dialog-body' }, list, note, field));
    dialog.closed.then(() => stops.forEach((stop) => stop()));
    draw();
}

/** @param {UploadEntry} entry */
function rank(entry) {
    return ['sending', 'waiting', 'paused', 'fileless', 'failed', 'done'].indexOf(entry.state);
}

/**
 * @param {import('../../app.js').App} app
 * @param {UploadEntry} entry
 */
function factsFor(app, entry) {
    const size = fileSize(entry.size);
    const share = entry.size > 0 ? percent(Math.min(1, entry.offset / entry.size)) : '';
    switch (entry.state) {
        case 'done': return size + ' · ' + placeName(app, parentOf(entry.path));
        case 'failed': return entry.error || '';
        case 'fileless': return t('uploads.needsFile', { percent: share });
        case 'paused': return t('uploads.paused', { percent: share });
        default: return size + ' · ' + share;
    }
}
