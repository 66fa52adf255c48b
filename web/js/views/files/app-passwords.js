import { copyText, h, icon, iconButton, replace } from '../../dom.js';
import { explainFile } from '../../files/explain.js';
import { createAppPassword, listAppPasswords, revokeAppPassword } from '../../files/store.js';
import { fullTime, shortDate } from '../../format.js';
import { t } from '../../i18n.js';
import { localpart } from '../../ids.js';
import { confirmDialog, openDialog } from '../dialog.js';
import { field, form, FormProblem } from '../form.js';
import { toast } from '../toast.js';

/**
 * The folders as a drive of another device: each gets a password of its own, which can be taken back alone.
 * @param {import('../../app.js').App} app
 */
export function openAppPasswords(app) {
    const fresh = h('div', { class: 'fresh-password' });
    const list = h('ul', { class: 'people', 'aria-label': t('appPasswords.list') });
    const heading = h('h3', { class: 'section-title', hidden: true }, t('appPasswords.list'));
    const name = field({ label: t('appPasswords.name'), hint: t('appPasswords.nameHint'), maxLength: 100, autocomplete: 'off', 'data-focus': '' });
    const submit = async () => {
        if (name.input.value.trim() === '') {
            throw new FormProblem(t('appPasswords.nameMissing'), name.input);
        }
        const made = await createAppPassword(app.api, name.input.value.trim());
        name.input.value = '';
        show(made);
        await refresh();
    };

    /** @param {{name: string, password: string}} made */
    function show(made) {
        replace(fresh, h('p', {}, t('appPasswords.once')),
            fact(t('appPasswords.address'), location.origin + '/dav/'),
            fact(t('login.user'), localpart(app.session.userId)),
            fact(t('login.password'), made.password),
            h('p', { class: 'muted small' }, t('appPasswords.how')));
        fresh.scrollIntoView({ block: 'nearest' });
    }

    async function refresh() {
        const passwords = await listAppPasswords(app.api);
        heading.hidden = passwords.length === 0;
        replace(list, passwords.map((one) => h('li', {}, h('div', { class: 'person' }, h('span', { class: 'file-symbol' }, icon('drive')),
            h('span', { class: 'person-text' }, h('span', { class: 'person-name' }, one.name),
                h('span', { class: 'muted small' }, one.last_used_ts ? t('sessions.seen', { time: fullTime(one.last_used_ts) })
                    : t('appPasswords.unused', { date: one.created_ts ? shortDate(one.created_ts) : '—' }))),
            iconButton('trash', t('appPasswords.revoke', { name: one.name }), () => revoke(one))))));
    }

    /** @param {import('../../files/store.js').AppPassword} one */
    async function revoke(one) {
        if (await confirmDialog({ title: t('appPasswords.revoke', { name: one.name }), text: t('appPasswords.revokeText'), action: t('shares.revoke'), danger: true })) {
            try {
                await revokeAppPassword(app.api, one.id);
                fresh.textContent = '';
                await refresh();
            } catch (error) {
                toast(explainFile(error));
            }
        }
    }

    openDialog({ title: t('appPasswords.title'), kind: 'sheet' }, h('div', { class: 'dialog-body' }, h('p', { class: 'muted' }, t('appPasswords.text')),
        form({ action: t('appPasswords.make'), submit }, name.element).element, fresh, heading, list));
    refresh().catch((error) => toast(explainFile(error)));
}

/**
 * A value to be typed elsewhere, with a way to copy it.
 * @param {string} label
 * @param {string} value
 */
function fact(label, value) {
    const input = h('input', { class: 'input code', readOnly: true, value, 'aria-label': label, onfocus: () => input.select() });
    return h('div', { class: 'field' }, h('span', { class: 'small', 'aria-hidden': 'true' }, label), h('div', { class: 'link-row' }, input,
        iconButton('copy', t('appPasswords.copy', { name: label }), async () => toast(t(await copyText(value) ? 'copied' : 'copyFailed')))));
}
