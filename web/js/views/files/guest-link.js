import { qrCodeAddress } from '../../appliance.js';
import { copyText, h, icon, replace } from '../../dom.js';
import { explainFile } from '../../files/explain.js';
import { createShare } from '../../files/store.js';
import { shortDate } from '../../format.js';
import { t } from '../../i18n.js';
import { openDialog } from '../dialog.js';
import { field, form, FormProblem } from '../form.js';
import { toast } from '../toast.js';

const secondsPerDay = 86400;
const lifetimes = [1, 7, 30, 365];
const leastPinLetters = 4;

/**
 * A link for somebody who has no account on this box.
 * @param {import('../../app.js').App} app
 * @param {import('../../files/store.js').FileNode} node
 */
export function openGuestLink(app, node) {
    const days = h('select', { class: 'input', 'aria-label': t('guest.until') }, lifetimes.map((count) => h('option', { value: String(count) }, t('guest.days', { count }))));
    days.value = '7';
    const pin = field({ label: t('guest.pin'), hint: t('guest.pinHint'), inputMode: 'numeric', autocomplete: 'off', maxLength: 32 });
    const drop = h('input', { type: 'checkbox', class: 'switch' });
    const body = h('div', { class: 'dialog-body guest-form' });
    const submit = async () => {
        const secret = pin.input.value.trim();
        if (secret !== '' && secret.length < leastPinLetters) {
            throw new FormProblem(t('guest.pinShort', { count: leastPinLetters }), pin.input);
        }
        try {
            show(await createShare(app.api, {
                path: node.path, expires_seconds: Number(days.value) * secondsPerDay, pin: secret || undefined, upload: drop.checked ? true : undefined,
            }));
        } catch (error) {
            throw new FormProblem(explainFile(error));
        }
    };
    replace(body, form({ action: t('guest.make'), submit },
        h('p', { class: 'muted' }, t('guest.text', { name: node.name })),
        h('div', { class: 'field' }, days), pin.element,
        node.kind === 'folder' && h('label', { class: 'choice' }, h('span', {}, t('guest.drop'), h('span', { class: 'muted small' }, t('guest.dropHint'))), drop)).element);
    openDialog({ title: t('files.guestLink') }, body);

    /** @param {import('../../files/store.js').Share} share */
    function show(share) {
        const link = new URL(share.link, location.href).href;
        const input = h('input', { class: 'input', readOnly: true, value: link, 'aria-label': t('guest.link'), onfocus: () => input.select() });
        const copy = h('button', { type: 'button', class: 'button', onclick: async () => toast(t(await copyText(link) ? 'copied' : 'copyFailed')) }, icon('copy'), t('action.copy'));
        replace(body, h('div', { class: 'invitation' }, h('img', { class: 'qr', src: qrCodeAddress(link), alt: t('guest.qr') }),
            h('p', { class: 'muted' }, share.expires_ts ? t('guest.explain', { date: shortDate(share.expires_ts) }) : t('guest.explainAlways')),
            h('div', { class: 'link-row' }, input, copy)));
        copy.focus();
    }
}
