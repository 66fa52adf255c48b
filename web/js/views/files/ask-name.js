import { h } from '../../dom.js';
import { nameOf } from '../../files/paths.js';
import { t } from '../../i18n.js';
import { openDialog } from '../dialog.js';

/**
 * Something of this name is there already: what now?
 * @param {string} path
 * @param {boolean} maybeMore others may follow
 * @returns {Promise<import('../../files/queue.js').Answer>}
 */
export async function askAboutName(path, maybeMore) {
    /** @type {'keep'|'replace'|'skip'} */
    let action = 'skip';
    const all = h('input', { type: 'checkbox', class: 'switch' });
    const choose = (/** @type {typeof action} */ chosen) => {
        action = chosen;
        dialog.close();
    };
    const button = (/** @type {typeof action} */ chosen, /** @type {string} */ label, /** @type {string} */ look) => h('button', {
        type: 'button', class: 'button wide ' + look, onclick: () => choose(chosen), 'data-focus': chosen === 'keep' ? '' : undefined,
    }, label);
    const dialog = openDialog({ title: t('files.taken', { name: nameOf(path) }) }, h('div', { class: 'dialog-body' },
        h('p', { class: 'muted' }, t('files.takenText')),
        h('div', { class: 'answers' }, button('keep', t('files.keepBoth'), 'primary'), button('replace', t('files.replace'), 'danger'), button('skip', t('files.skip'), '')),
        maybeMore && h('label', { class: 'choice' }, h('span', {}, t('files.forAll')), all)));
    await dialog.closed;
    return { action, all: all.checked };
}
