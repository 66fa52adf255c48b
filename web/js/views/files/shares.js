import { copyText, h, icon, iconButton, replace } from '../../dom.js';
import { explainFile } from '../../files/explain.js';
import { nameOf } from '../../files/paths.js';
import { listShares, revokeShare } from '../../files/store.js';
import { shortDate } from '../../format.js';
import { t } from '../../i18n.js';
import { openDialog } from '../dialog.js';
import { toast } from '../toast.js';

/**
 * The links for guests that are valid.
 * @param {import('../../app.js').App} app
 */
export function openShares(app) {
    const list = h('ul', { class: 'people', 'aria-label': t('shares.title') });
    const note = h('p', { class: 'muted people-note' }, t('loading'));

    async function refresh() {
        const shares = await listShares(app.api);
        note.textContent = shares.length === 0 ? t('shares.none') : '';
        replace(list, shares.map((share) => {
            const facts = [share.upload ? t('guest.drop') : '', share.expires_ts ? t('boxInvite.until', { date: shortDate(share.expires_ts) }) : ''].filter((fact) => fact !== '');
            const link = new URL(share.link, location.href).href;
            return h('li', {}, h('div', { class: 'person' }, h('span', { class: 'file-symbol' }, icon('link')),
                h('span', { class: 'person-text' }, h('span', { class: 'person-name', title: share.path }, nameOf(share.path)), h('span', { class: 'muted small' }, facts.join(t('list.separator')))),
                iconButton('copy', t('shares.copy', { name: nameOf(share.path) }), async () => toast(t(await copyText(link) ? 'copied' : 'copyFailed'))),
                iconButton('trash', t('shares.revokeOne', { name: nameOf(share.path) }), () => revoke(share.token))));
        }));
    }

    /** @param {string} token */
    async function revoke(token) {
        try {
            await revokeShare(app.api, token);
            toast(t('shares.revoked'));
            await refresh();
        } catch (error) {
            toast(explainFile(error));
        }
    }

    openDialog({ title: t('shares.title'), kind: 'sheet' }, h('div', { class: 'dialog-body' }, h('p', { class: 'muted' }, t('shares.text')), list, note));
    refresh().catch((error) => { note.textContent = explainFile(error); });
}
