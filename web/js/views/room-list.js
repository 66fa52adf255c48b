import { h, icon, iconButton, replace } from '../dom.js';
import { folderHref } from '../files/paths.js';
import { t } from '../i18n.js';
import { localpart } from '../ids.js';
import { roomName } from '../room-name.js';
import { avatar } from './avatar.js';
import { openMenu } from './dialog.js';
import { openBoxInvitations, openDirectory, openNewChat, openNewRoom, openSettings } from './lazy.js';
import { inviteRow, roomRow, rowVersion } from './room-row.js';

/** The list of chats with its header and search field. */
export class RoomList {
    /**
     * @param {import('../app.js').App} app
     * @param {() => void} relabel
     */
    constructor(app, relabel) {
        this.app = app;
        this.relabel = relabel;
        /** @type {string|undefined} */
        this.selected = undefined;
        /** @type {Map<string, {version: string, element: HTMLElement}>} */
        this.rows = new Map();
        this.search = h('input', {
            type: 'search', class: 'search', placeholder: t('list.search'), 'aria-label': t('list.search'), autocomplete: 'off', oninput: () => this.draw(),
            onkeydown: (/** @type {KeyboardEvent} */ event) => this.searchKey(event),
        });
        this.list = h('ul', { class: 'rooms' });
        this.files = h('a', { class: 'room-row files-link', href: folderHref('/') }, h('span', { class: 'avatar avatar-large avatar-symbol', 'aria-hidden': 'true' }, icon('folder')),
            h('span', { class: 'row-body' }, h('span', { class: 'row-name' }, t('files.title')), h('span', { class: 'row-preview' }, t('files.linkText'))));
        this.me = h('button', { type: 'button', class: 'icon-button me', 'aria-haspopup': 'menu', 'aria-label': t('menu.account'), title: t('menu.account') });
        this.me.addEventListener('click', () => this.openAccountMenu());
        const add = iconButton('plus', t('menu.new'), () => this.openNewMenu(add), { 'aria-haspopup': 'menu' });
        this.empty = h('div', { class: 'list-empty', hidden: true });
        this.title = h('h1', { class: 'bar-title' });
        this.element = h('nav', { class: 'sidebar', 'aria-label': t('list.label') },
            h('header', { class: 'bar' }, this.me, this.title, add),
            h('div', { class: 'search-box' }, icon('search'), this.search), h('div', { class: 'room-scroll' }, this.files, this.list, this.empty));
        this.stops = [app.store.on('rooms', () => this.draw()), app.outbox.on('change', () => this.draw()), app.on('draft', () => this.draw())];
        this.pending = 0;
        this.drawNow();
    }

    destroy() {
        this.stops.forEach((stop) => stop());
        cancelAnimationFrame(this.pending);
    }

    /** @param {string|undefined} roomId */
    select(roomId) {
        this.selected = roomId;
        if (roomId === 'files') {
            this.files.setAttribute('aria-current', 'page');
        } else {
            this.files.removeAttribute('aria-current');
        }
        this.draw();
    }

    draw() {
        cancelAnimationFrame(this.pending);
        this.pending = requestAnimationFrame(() => this.drawNow());
    }

    drawNow() {
        this.drawMe();
        this.files.hidden = this.search.value.trim() !== '';
        const term = this.search.value.trim().toLowerCase();
        const rooms = this.app.store.sorted().filter((room) => term === '' || roomName(room).toLowerCase().includes(term));
        const present = new Set();
        let place = /** @type {Element|null} */ (this.list.firstElementChild);
        for (const room of rooms) {
            const version = rowVersion(this.app, room, room.id === this.selected);
            const kept = this.rows.get(room.id);
            let element = kept && kept.element;
            if (!kept || kept.version !== version) {
                const fresh = room.membership === 'invite' ? inviteRow(this.app, room) : roomRow(this.app, room, room.id === this.selected);
                const focused = element && element.contains(document.activeElement);
                if (element) {
                    place = place === element ? fresh : place;
                    element.replaceWith(fresh);
                }
                element = fresh;
                const link = fresh.querySelector('a');
                if (focused && link) {
                    link.focus();
                }
                this.rows.set(room.id, { version, element });
            }
            present.add(room.id);
            if (place === element) {
                place = place && place.nextElementSibling;
            } else if (element) {
                this.list.insertBefore(element, place);
            }
        }
        this.rows.forEach((row, id) => {
            if (!present.has(id)) {
                row.element.remove();
                this.rows.delete(id);
            }
        });
        this.drawEmpty(rooms.length === 0, term);
    }

    /**
     * @param {boolean} isEmpty
     * @param {string} term
     */
    drawEmpty(isEmpty, term) {
        const isAlone = term === '' && this.app.isAdmin && this.app.store.ready && this.app.store.sorted().every((room) => room.memberCount <= 1);
        this.empty.hidden = !isEmpty && !isAlone;
        if (isAlone) {
            replace(this.empty, h('p', { class: 'muted' }, t('list.alone')),
                h('button', { type: 'button', class: 'button primary', onclick: () => openBoxInvitations(this.app) }, icon('qr'), t('menu.inviteToBox')));
            return;
        }
        if (!isEmpty) {
            return;
        }
        if (!this.app.store.ready) {
            replace(this.empty, h('div', { class: 'spinner', role: 'status', 'aria-label': t('loading') }));
        } else if (term !== '') {
            replace(this.empty, h('p', { class: 'muted' }, t('list.noMatch')),
                h('button', { type: 'button', class: 'button', onclick: () => openNewChat(this.app, this.search.value.trim()) }, t('list.findPeople')));
        } else {
            replace(this.empty, h('p', { class: 'muted' }, t('list.empty')),
                h('button', { type: 'button', class: 'button primary', onclick: () => openNewChat(this.app) }, t('menu.newChat')));
        }
    }

    drawMe() {
        this.title.textContent = this.app.box.name || t('title.app');
        const own = this.app.ownProfile();
        const version = own.name + ' ' + own.mxc;
        if (this.me.dataset.version !== version) {
            this.me.dataset.version = version;
            replace(this.me, avatar(this.app.media, own, 'small'));
        }
    }

    openAccountMenu() {
        const own = this.app.ownProfile();
        openMenu(this.me, [
            h('div', { class: 'menu-head' }, avatar(this.app.media, own, 'medium'),
                h('div', {}, h('strong', {}, own.name), h('div', { class: 'muted small' }, localpart(this.app.session.userId)))),
            this.app.isAdmin && { label: t('menu.inviteToBox'), icon: 'qr', run: () => openBoxInvitations(this.app) },
            { label: t('menu.settings'), icon: 'settings', run: () => openSettings(this.app, this.relabel) },
        ]);
    }

    /** @param {HTMLElement} button */
    openNewMenu(button) {
        openMenu(button, [
            { label: t('menu.newChat'), icon: 'person', run: () => openNewChat(this.app) },
            { label: t('menu.newRoom'), icon: 'people', run: () => openNewRoom(this.app) },
            { label: t('menu.browse'), icon: 'compass', run: () => openDirectory(this.app) },
            this.app.isAdmin && { label: t('menu.inviteToBox'), icon: 'qr', run: () => openBoxInvitations(this.app) },
        ]);
    }

    /** @param {KeyboardEvent} event */
    searchKey(event) {
        const first = /** @type {HTMLElement|null} */ (this.list.querySelector('a'));
        if (event.key === 'Escape' && this.search.value !== '') {
            event.stopPropagation();
            this.search.value = '';
            this.draw();
        } else if (event.key === 'Enter' && !event.isComposing && event.keyCode !== 229 && first) {
            first.click();
            this.search.value = '';
            this.draw();
        } else if (event.key === 'ArrowDown' && first) {
            event.preventDefault();
            first.focus();
        }
    }
}
