import { setProfile } from '../account.js';
import { h, icon } from '../dom.js';
import { explain } from '../errors.js';
import { storageUse } from '../files/store.js';
import { t } from '../i18n.js';
import { localpart } from '../ids.js';
import { notificationsPossible } from '../notify.js';
import { squarePicture } from '../picture.js';
import { applyTheme, preference, setPreference } from '../preferences.js';
import { upload } from '../upload.js';
import { avatar } from './avatar.js';
import { confirmDialog, openDialog } from './dialog.js';
import { quotaBar } from './files/quota.js';
import { field, form } from './form.js';
import { openAppPasswords, openShares } from './lazy.js';
import { openPassword } from './password.js';
import { openSessions } from './sessions.js';
import { toast } from './toast.js';

const avatarPixels = 512;

/**
 * @param {import('../app.js').App} app
 * @param {() => void} relabel
 */
export function openSettings(app, relabel) {
    const use = h('div', { class: 'settings-use' });
    storageUse(app.api).then((answer) => use.append(quotaBar(answer))).catch(() => {});
    const dialog = openDialog({ title: t('menu.settings'), kind: 'sheet' }, h('div', { class: 'dialog-body' },
        profile(app),
        h('h3', { class: 'section-title' }, t('settings.look')),
        choice(t('settings.language'), [['auto', t('settings.auto')], ['en', 'English'], ['zh-Hans', '简体中文']], preference('language'), (value) => {
            setPreference('language', value);
            dialog.close().then(relabel);
        }),
        choice(t('settings.theme'), [['auto', t('settings.auto')], ['light', t('settings.light')], ['dark', t('settings.dark')]], preference('theme'), (value) => {
            setPreference('theme', value);
            applyTheme();
        }),
        h('h3', { class: 'section-title' }, t('settings.alerts')),
        toggle(t('settings.sound'), '', preference('sound'), (on) => setPreference('sound', on)),
        notificationsPossible()
            ? toggle(t('settings.notifications'), '', preference('notifications') && Notification.permission === 'granted', (on, input) => askForNotifications(on, input))
            : h('p', { class: 'muted small' }, t('settings.notificationsImpossible')),
        h('h3', { class: 'section-title' }, t('files.title')),
        use,
        command('drive', t('appPasswords.title'), () => dialog.close().then(() => openAppPasswords(app))),
        command('link', t('shares.title'), () => dialog.close().then(() => openShares(app))),
        h('h3', { class: 'section-title' }, t('settings.account')),
        command('key', t('password.title'), () => dialog.close().then(() => openPassword(app))),
        command('devices', t('sessions.title'), () => dialog.close().then(() => openSessions(app))),
        command('leave', t('settings.logOut'), () => dialog.close().then(() => logOut(app)), true),
        h('p', { class: 'muted small about' }, t('settings.about', { version: app.box.version, name: app.box.name || app.box.server_name }))));
}

/** @param {import('../app.js').App} app */
function profile(app) {
    const own = app.ownProfile();
    const picker = h('input', { type: 'file', accept: 'image/*', class: 'visually-hidden', tabIndex: -1, 'aria-label': t('settings.picture'), 'data-picker': 'avatar' });
    const button = h('button', { type: 'button', class: 'avatar-button', 'aria-label': t('settings.picture'), title: t('settings.picture'), onclick: () => picker.click() },
        avatar(app.media, own, 'huge'), h('span', { class: 'avatar-edit' }, icon('camera')));
    picker.addEventListener('change', async () => {
        const file = picker.files && picker.files[0];
        picker.value = '';
        const square = file && await squarePicture(file, avatarPixels);
        if (!square) {
            toast(t('settings.pictureUnreadable'));
            return;
        }
        try {
            const mxc = await upload(app.api, square, { name: 'avatar', type: square.type });
            await setProfile(app.api, app.session.userId, 'avatar_url', mxc);
            app.profile.avatar_url = mxc;
            app.store.emit('rooms');
            button.replaceChild(avatar(app.media, app.ownProfile(), 'huge'), /** @type {Node} */ (button.firstChild));
        } catch (error) {
            toast(explain(error));
        }
    });
    const name = field({ label: t('signUp.name'), value: own.name, maxLength: 100, autocomplete: 'name' });
    const submit = async () => {
        const wanted = name.input.value.trim();
        if (wanted !== '') {
            await setProfile(app.api, app.session.userId, 'displayname', wanted);
            app.profile.displayname = wanted;
            app.store.emit('rooms');
            toast(t('saved'));
        }
    };
    return h('div', { class: 'profile' }, button, picker, h('p', { class: 'muted small' }, t('settings.userName', { name: localpart(app.session.userId) })),
        form({ action: t('action.save'), submit }, name.element).element);
}

/**
 * @param {string} label
 * @param {string[][]} options
 * @param {string} chosen
 * @param {(value: string) => void} changed
 */
function choice(label, options, chosen, changed) {
    const group = h('div', { class: 'segments', role: 'radiogroup', 'aria-label': label });
    options.forEach(([value, text]) => {
        const input = h('input', { type: 'radio', name: 'choice-' + label, value, checked: value === chosen, onchange: () => changed(value) });
        group.append(h('label', {}, input, h('span', {}, text)));
    });
    return h('div', { class: 'choice' }, h('span', { 'aria-hidden': 'true' }, label), group);
}

/**
 * @param {string} label
 * @param {string} hint
 * @param {boolean} on
 * @param {(on: boolean, input: HTMLInputElement) => void} changed
 */
function toggle(label, hint, on, changed) {
    const input = h('input', { type: 'checkbox', class: 'switch', checked: on, onchange: () => changed(input.checked, input) });
    return h('label', { class: 'choice' }, h('span', {}, label, hint !== '' && h('span', { class: 'muted small' }, hint)), input);
}

/**
 * @param {boolean} on
 * @param {HTMLInputElement} input
 */
async function askForNotifications(on, input) {
    const allowed = on && await Notification.requestPermission() === 'granted';
    input.checked = allowed;
    setPreference('notifications', allowed);
    if (on && !allowed) {
        toast(t('settings.notificationsRefused'));
    }
}

/**
 * @param {string} symbol
 * @param {string} label
 * @param {() => void} onclick
 * @param {boolean} [danger]
 */
function command(symbol, label, onclick, danger = false) {
    return h('button', { type: 'button', class: 'menu-item' + (danger ? ' danger-text' : ''), onclick }, icon(symbol), h('span', {}, label));
}

/** @param {import('../app.js').App} app */
async function logOut(app) {
    const text = t(app.outbox.hasUnsent ? 'settings.logOutUnsent' : 'settings.logOutText');
    if (await confirmDialog({ title: t('settings.logOut'), text, action: t('settings.logOut'), danger: true })) {
        location.hash = '#/';
        await app.logOut();
    }
}
