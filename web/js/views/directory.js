import { h, icon, replace } from '../dom.js';
import { explain } from '../errors.js';
import { t } from '../i18n.js';
import { searchPublicRooms } from '../people.js';
import { joinRoom } from '../rooms.js';
import { goToRoom } from '../route.js';
import { avatar } from './avatar.js';
import { openDialog } from './dialog.js';
import { toast } from './toast.js';

const searchDelayMilliseconds = 250;

/**
 * Rooms of this box that anyone may join.
 * @param {import('../app.js').App} app
 */
export function openDirectory(app) {
    const list = h('ul', { class: 'people', 'aria-label': t('directory.title') });
    const note = h('p', { class: 'muted people-note', role: 'status' });
    const more = h('button', { type: 'button', class: 'button wide', hidden: true }, t('directory.more'));
    const input = h('input', { type: 'search', class: 'search', placeholder: t('directory.search'), 'aria-label': t('directory.search'), autocomplete: 'off', 'data-focus': '' });
    let timer = 0;
    let turn = 0;
    /** @type {string|undefined} */
    let next;

    /** @param {string} [since] */
    async function load(since) {
        turn += 1;
        const own = turn;
        try {
            const answer = await searchPublicRooms(app.api, input.value.trim(), since);
            if (own !== turn) {
                return;
            }
            if (!since) {
                list.textContent = '';
            }
            answer.chunk.forEach((room) => list.append(h('li', {}, row(room))));
            next = answer.next_batch;
            more.hidden = !next;
            note.textContent = list.childElementCount > 0 ? '' : t('directory.none');
        } catch (error) {
            note.textContent = explain(error);
        }
    }

    /** @param {any} room */
    function row(room) {
        const name = room.name || room.canonical_alias || t('room.empty');
        const isJoined = () => {
            const known = app.store.rooms.get(room.room_id);
            return known !== undefined && known.membership === 'join';
        };
        const button = h('button', { type: 'button', class: 'button small' + (isJoined() ? '' : ' primary'), onclick: join }, isJoined() ? t('directory.open') : t('directory.join'));
        async function join() {
            button.disabled = true;
            try {
                await goToRoom(isJoined() ? room.room_id : await joinRoom(app.api, room.room_id));
            } catch (error) {
                toast(explain(error));
                button.disabled = false;
            }
        }
        return h('div', { class: 'person' }, avatar(app.media, { name, colourKey: room.room_id, mxc: room.avatar_url }, 'medium'),
            h('span', { class: 'person-text' }, h('span', { class: 'person-name' }, name),
                h('span', { class: 'muted small' }, room.topic || t('room.members', { count: room.num_joined_members || 0 }))), button);
    }

    input.addEventListener('input', () => {
        clearTimeout(timer);
        timer = window.setTimeout(load, searchDelayMilliseconds);
    });
    more.addEventListener('click', () => load(next));
    replace(note, t('loading'));
    openDialog({ title: t('directory.title') }, h('div', { class: 'dialog-body' }, h('div', { class: 'search-box' }, icon('search'), input), list, note, more));
    load();
}
