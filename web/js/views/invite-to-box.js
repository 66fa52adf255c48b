import { createInvitation, listInvitations, qrCodeAddress, revokeInvitation } from '../appliance.js';
import { copyText, h, icon, iconButton, replace } from '../dom.js';
import { explain } from '../errors.js';
import { shortDate } from '../format.js';
import { t } from '../i18n.js';
import { openDialog } from './dialog.js';
import { toast } from './toast.js';

const secondsPerDay = 86400;
const lifetimes = [{ days: 1, uses: 1 }, { days: 7, uses: 1 }, { days: 7, uses: 10 }];

/**
 * Lets someone new in: a link and a QR code that open the sign-up page, ready to fill in.
 * @param {import('../app.js').App} app
 */
export function openBoxInvitations(app) {
    const fresh = h('div', { class: 'invitation' });
    const list = h('ul', { class: 'people', 'aria-label': t('boxInvite.open') });
    const heading = h('h3', { class: 'section-title', hidden: true }, t('boxInvite.open'));
    const select = h('select', { class: 'input', 'aria-label': t('boxInvite.kind') }, lifetimes.map((kind, index) => h('option', { value: String(index) },
        t(kind.uses === 1 ? 'boxInvite.single' : 'boxInvite.several', { count: kind.days, uses: kind.uses }))));
    select.value = '1';
    const make = h('button', { type: 'button', class: 'button primary wide', 'data-focus': '', onclick: create }, t('boxInvite.make'));

    async function create() {
        const kind = lifetimes[Number(select.value)];
        make.disabled = true;
        try {
            show(await createInvitation(app.api, kind.uses, kind.days * secondsPerDay));
            await refresh();
        } catch (error) {
            toast(explain(error, { M_FORBIDDEN: 'boxInvite.forbidden' }));
        } finally {
            make.disabled = false;
        }
    }

    /** @param {import('../appliance.js').Invitation} invitation */
    function show(invitation) {
        const link = h('input', { class: 'input', readOnly: true, value: invitation.link, 'aria-label': t('boxInvite.link'), onfocus: () => link.select() });
        const copy = h('button', { type: 'button', class: 'button', onclick: async () => toast(t(await copyText(invitation.link) ? 'copied' : 'copyFailed')) },
            icon('copy'), t('action.copy'));
        replace(fresh, h('img', { class: 'qr', src: qrCodeAddress(invitation.link), alt: t('boxInvite.qr') }),
            h('p', { class: 'muted' }, t('boxInvite.explain')), h('div', { class: 'link-row' }, link, copy));
        fresh.scrollIntoView({ block: 'nearest' });
    }

    async function refresh() {
        const invitations = await listInvitations(app.api);
        heading.hidden = invitations.length === 0;
        list.textContent = '';
        invitations.forEach((invitation) => list.append(h('li', {}, row(invitation))));
    }

    /** @param {import('../appliance.js').Invitation} invitation */
    function row(invitation) {
        const left = typeof invitation.uses_remaining === 'number' ? invitation.uses_remaining : invitation.uses;
        const facts = [typeof left === 'number' ? t('boxInvite.left', { count: left }) : '', invitation.expires_ts ? t('boxInvite.until', { date: shortDate(invitation.expires_ts) }) : ''];
        const revoke = async () => {
            try {
                await revokeInvitation(app.api, invitation.token);
                fresh.textContent = '';
                await refresh();
            } catch (error) {
                toast(explain(error));
            }
        };
        return h('div', { class: 'person' }, h('button', { type: 'button', class: 'person-text plain', onclick: () => show(invitation) },
            h('span', { class: 'person-name code' }, invitation.token), h('span', { class: 'muted small' }, facts.filter((fact) => fact !== '').join(t('list.separator')))),
        iconButton('trash', t('boxInvite.revoke'), revoke));
    }

    openDialog({ title: t('menu.inviteToBox') }, h('div', { class: 'dialog-body' }, h('p', { class: 'muted' }, t('boxInvite.text')), select, make, fresh, heading, list));
    refresh().catch((error) => toast(explain(error, { M_FORBIDDEN: 'boxInvite.forbidden' })));
}
