import { h, icon, isWide, replace } from '../dom.js';
import { t } from '../i18n.js';
import { showTitle } from '../notify.js';
import { roomName } from '../room-name.js';
import { currentRoute, goToList, goToRoom, watchRoute } from '../route.js';
import { connectionBanner } from './banner.js';
import { fetchAhead, loadFilesPage, openBoxInvitations } from './lazy.js';
import { RoomList } from './room-list.js';
import { RoomView } from './room.js';

/**
 * The chats: the list on one side, a room on the other; on a phone one of the two.
 * @param {HTMLElement} root
 * @param {import('../app.js').App} app
 * @param {() => void} relabel draws everything again, in another language
 * @returns {() => void} takes it off the page
 */
export function showShell(root, app, relabel) {
    const main = h('main', { class: 'main' });
    const banner = connectionBanner(app.sync);
    const list = new RoomList(app, relabel);
    const uploads = h('div', { class: 'upload-place' });
    const shell = h('div', { class: 'shell' }, banner.element, h('div', { class: 'columns' }, list.element, main), uploads);
    /** @type {RoomView|null} */
    let view = null;
    /** @type {import('./files/page.js').FilesPage|null} */
    let files = null;
    let wantsFiles = false;
    replace(root, shell);

    const title = () => {
        const room = view && app.store.rooms.get(view.room.id);
        showTitle(app.store.unreadTotal(), room ? roomName(room) : wantsFiles ? t('files.title') : app.box.name);
    };
    const leaveFiles = () => {
        wantsFiles = false;
        if (files) {
            files.destroy();
            files = null;
            replace(main, welcome(app));
        }
    };
    /** @param {string} folder */
    const openFiles = async (folder) => {
        if (!wantsFiles) {
            wantsFiles = true;
            replace(main, h('div', { class: 'spinner', role: 'status', 'aria-label': t('loading') }));
            const made = await loadFilesPage(app).catch(() => null);
            const route = currentRoute();
            if (!wantsFiles || files || route.name !== 'files') {
                return;
            }
            if (!made) {
                wantsFiles = false;
                replace(main, welcome(app));
                return;
            }
            files = made;
            replace(main, files.element);
            files.open(route.folder);
        } else if (files && files.folder !== folder) {
            files.open(folder);
        }
    };
    const open = () => {
        const route = currentRoute();
        const room = route.name === 'room' ? app.store.rooms.get(route.roomId) : undefined;
        const joined = room && room.membership === 'join' ? room : undefined;
        shell.dataset.screen = joined || route.name === 'files' ? 'room' : 'list';
        list.select(joined ? joined.id : route.name === 'files' ? 'files' : undefined);
        if (route.name !== 'files') {
            leaveFiles();
        }
        if ((view ? view.room : undefined) !== joined) {
            if (view) {
                view.destroy();
            }
            view = joined ? new RoomView(app, joined) : null;
            app.store.openRoomId = joined && joined.id;
            replace(main, view ? view.element : welcome(app));
            if (view) {
                view.opened();
            }
        }
        if (route.name === 'files') {
            openFiles(route.folder);
        }
        title();
    };
    // A room that was just made or joined opens as soon as sync has brought it; one that was left closes.
    const stops = [watchRoute(open), app.store.on('rooms', open), app.on('learned', () => view || wantsFiles || replace(main, welcome(app))),
        app.on('uploads', () => replace(uploads, app.uploadStrip))];
    const keys = (/** @type {KeyboardEvent} */ event) => shortcut(event, app, list);
    document.addEventListener('keydown', keys);
    replace(main, welcome(app));
    replace(uploads, app.uploadStrip);
    open();
    fetchAhead();
    return () => {
        stops.forEach((stop) => stop());
        document.removeEventListener('keydown', keys);
        banner.destroy();
        list.destroy();
        leaveFiles();
        if (view) {
            view.destroy();
        }
    };
}

/** @param {import('../app.js').App} app */
function welcome(app) {
    return h('div', { class: 'welcome' }, icon('logo'), h('h2', {}, t('welcome.title')), h('p', { class: 'muted' }, t('welcome.text')),
        app.isAdmin ? h('button', { type: 'button', class: 'button primary', onclick: () => openBoxInvitations(app) }, icon('qr'), t('menu.inviteToBox')) : null);
}

/**
 * @param {KeyboardEvent} event
 * @param {import('../app.js').App} app
 * @param {RoomList} list
 */
function shortcut(event, app, list) {
    if (document.querySelector('.backdrop, .menu-cover')) {
        return;
    }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        list.search.focus();
    } else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
        const ids = app.store.sorted().filter((room) => room.membership === 'join').map((room) => room.id);
        const index = ids.indexOf(app.store.openRoomId || '') + (event.key === 'ArrowUp' ? -1 : 1);
        if (ids[index]) {
            event.preventDefault();
            goToRoom(ids[index]);
        }
    } else if (event.key === 'Escape' && !isWide() && app.store.openRoomId && !event.isComposing) {
        goToList();
    }
}
