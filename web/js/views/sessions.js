import { deleteDevices, listDevices } from '../account.js';
import { h, icon } from '../dom.js';
import { explain } from '../errors.js';
import { fullTime } from '../format.js';
import { t } from '../i18n.js';
import { openDialog } from './dialog.js';
import { form, passwordField } from './form.js';
import { toast } from './toast.js';

/**
 * Where this account is logged in, and a way to end the others.
 * @param {import('../app.js').App} app
 */
export function openSessions(app) {
    const list = h('ul', { class: 'people', 'aria-label': t('sessions.title') });
    const all = h('button', { type: 'button', class: 'button danger wide', hidden: true }, t('sessions.endOthers'));
    const dialog = openDialog({ title: t('sessions.title'), kind: 'sheet' }, h('div', { class: 'dialog-body' }, list, all));

    /** @param {string[]} ids */
    const end = (ids) => dialog.close().then(() => askPassword(app, ids));

    async function load() {
        const devices = await listDevices(app.api);
        const others = devices.filter((/** @type {any} */ device) => device.device_id !== app.session.deviceId);
        const own = devices.filter((/** @type {any} */ device) => device.device_id === app.session.deviceId);
        list.textContent = '';
        for (const device of own.concat(others.sort((/** @type {any} */ a, /** @type {any} */ b) => (b.last_seen_ts || 0) - (a.last_seen_ts || 0)))) {
            const isThis = device.device_id === app.session.deviceId;
            const seen = isThis ? t('sessions.this') : device.last_seen_ts ? t('sessions.seen', { time: fullTime(device.last_seen_ts) }) : device.device_id;
            list.append(h('li', {}, h('div', { class: 'person' }, h('span', { class: 'file-symbol' }, icon('devices')),
                h('span', { class: 'person-text' }, h('span', { class: 'person-name' }, device.display_name || device.device_id), h('span', { class: 'muted small' }, seen)),
                !isThis && h('button', { type: 'button', class: 'button small', onclick: () => end([device.device_id]) }, t('sessions.end')))));
        }
        all.hidden = others.length === 0;
        all.onclick = () => end(others.map((/** @type {any} */ device) => device.device_id));
    }

    load().catch((error) => toast(explain(error)));
}

/**
 * @param {import('../app.js').App} app
 * @param {string[]} ids
 */
function askPassword(app, ids) {
    const password = passwordField({ label: t('login.password'), autocomplete: 'current-password', 'data-focus': '' });
    const submit = async () => {
        await deleteDevices(app.api, app.session.userId, password.input.value, ids);
        await dialog.close();
        toast(t('sessions.ended', { count: ids.length }));
        openSessions(app);
    };
    const special = { M_FORBIDDEN: 'password.wrong', M_UNAUTHORIZED: 'password.wrong', M_UNKNOWN: 'password.wrong' };
    const dialog = openDialog({ title: t('sessions.confirm') }, h('div', { class: 'dialog-body' },
        form({ action: t('sessions.end'), submit, special }, h('p', { class: 'muted' }, t('sessions.confirmText', { count: ids.length })), password.element).element));
}
