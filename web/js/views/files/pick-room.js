import { h, icon, replace } from '../../dom.js';
import { t } from '../../i18n.js';
import { roomName, roomPicture } from '../../room-name.js';
import { avatar } from '../avatar.js';
import { openDialog } from '../dialog.js';

/**
 * Asks for a chat; one's own devices come first.
 * @param {import('../../app.js').App} app
 * @param {string} title
 * @returns {Promise<import('../../room.js').Room|null>}
 */
export async function pickRoom(app, title) {
    /** @type {import('../../room.js').Room|null} */
    let chosen = null;
    const list = h('ul', { class: 'people', 'aria-label': t('list.label') });
    const input = h('input', { type: 'search', class: 'search', placeholder: t('list.search'), 'aria-label': t('list.search'), autocomplete: 'off', 'data-focus': '', oninput: draw });
    const choose = (/** @type {import('../../room.js').Room} */ room) => {
        chosen = room;
        dialog.close();
    };

    function draw() {
        const term = input.value.trim().toLowerCase();
        // A file put into an encrypted room would be readable on the box.
        const rooms = app.store.sorted().filter((room) => room.membership === 'join' && !room.isEncrypted && roomName(room).toLowerCase().includes(term));
        replace(list, rooms.map((room) => h('li', {}, h('button', { type: 'button', class: 'person', onclick: () => choose(room) },
            avatar(app.media, roomPicture(room), 'medium'), h('span', { class: 'person-text' }, h('span', { class: 'person-name' }, roomName(room)))))));
        if (rooms.length === 0) {
            replace(list, h('li', { class: 'people-note muted' }, t('list.noMatch')));
        }
    }

    draw();
    const dialog = openDialog({ title }, h('div', { class: 'dialog-body picker' }, h('div', { class: 'search-box' }, icon('search'), input), list));
    await dialog.closed;
    return chosen;
}
