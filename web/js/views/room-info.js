import { h, icon, replace } from '../dom.js';
import { explain } from '../errors.js';
import { t } from '../i18n.js';
import { localpart } from '../ids.js';
import { colourOf } from '../naming.js';
import { fetchMembers, leaveRoom, setRoomState } from '../rooms.js';
import { roomPicture } from '../room-name.js';
import { goToList } from '../route.js';
import { avatar, personAvatar } from './avatar.js';
import { confirmDialog, openDialog } from './dialog.js';
import { field, form } from './form.js';
import { openRoomInvitation } from './invite-to-room.js';
import { openRoomFiles } from './lazy.js';
import { toast } from './toast.js';

/**
 * The room's picture, name, members and what one can do with it.
 * @param {import('../app.js').App} app
 * @param {import('../room.js').Room} room
 */
export function openRoomInfo(app, room) {
    const head = h('div', { class: 'info-head' });
    const members = h('ul', { class: 'people', 'aria-label': t('info.members') });
    const title = h('h3', { class: 'section-title' });
    const actions = h('div', { class: 'info-actions' });
    const dialog = openDialog({ title: t('room.info'), kind: 'sheet' }, h('div', { class: 'dialog-body' }, head, actions, title, members));

    const leaving = () => t(room.directUserId ? 'info.leaveDirect' : 'info.leave');

    function draw() {
        const picture = roomPicture(room);
        const topic = room.stateContent('m.room.topic').topic;
        const isOpen = room.stateContent('m.room.join_rules').join_rule === 'public';
        replace(head, avatar(app.media, picture, 'huge'), h('h3', { class: 'info-name' }, picture.name), topic && h('p', { class: 'info-topic' }, topic),
            h('p', { class: 'muted small' }, room.directUserId ? localpart(room.directUserId) : t(isOpen ? 'info.open' : 'info.private')));
        replace(actions,
            !room.isMyDevices && room.mayI('invite') && action('person-add', t('info.invite'), () => dialog.close().then(() => openRoomInvitation(app, room))),
            !room.directUserId && !room.isMyDevices && room.mayChange('m.room.name') && action('pencil', t('info.rename'), () => dialog.close().then(() => openRename(app, room))),
            action('folder', t('room.files'), () => dialog.close().then(() => openRoomFiles(app, room))),
            !room.isMyDevices && action('leave', leaving(), leave, true));
        const shown = Array.from(room.members.values()).filter((member) => member.membership === 'join' || member.membership === 'invite')
            .sort((a, b) => Number(a.membership === 'invite') - Number(b.membership === 'invite') || room.powerLevel(b.userId) - room.powerLevel(a.userId) || a.name.localeCompare(b.name));
        title.textContent = t('room.members', { count: shown.filter((member) => member.membership === 'join').length });
        members.textContent = '';
        shown.forEach((member) => members.append(h('li', {}, memberRow(app, room, member, () => dialog.close()))));
    }

    async function leave() {
        await dialog.close();
        const isLast = room.memberCount <= 1;
        const agreed = await confirmDialog({
            title: leaving(), text: t(isLast ? 'info.leaveLast' : 'info.leaveText', { room: roomPicture(room).name }), action: leaving(), danger: true,
        });
        if (!agreed) {
            return;
        }
        try {
            await leaveRoom(app.api, room.id);
            await goToList();
        } catch (error) {
            toast(explain(error));
        }
    }

    draw();
    const stop = app.store.on('room:' + room.id, draw);
    dialog.closed.then(stop);
    learnMembers(app, room).then(draw);
}

/**
 * Sync tells only of those who wrote; the whole list is asked for when somebody wants to see it.
 * @param {import('../app.js').App} app
 * @param {import('../room.js').Room} room
 */
async function learnMembers(app, room) {
    if (room.allMembersKnown) {
        return;
    }
    try {
        const events = await fetchMembers(app.api, room.id);
        events.forEach((event) => room.applyState(event));
        room.allMembersKnown = true;
    } catch (error) {
        toast(explain(error));
    }
}

/**
 * @param {string} symbol
 * @param {string} label
 * @param {() => void} onclick
 * @param {boolean} [danger]
 */
function action(symbol, label, onclick, danger = false) {
    return h('button', { type: 'button', class: 'menu-item' + (danger ? ' danger-text' : ''), onclick }, icon(symbol), h('span', {}, label));
}

/**
 * @param {import('../app.js').App} app
 * @param {import('../room.js').Room} room
 * @param {import('../types.js').Member} member
 * @param {() => Promise<void>} close
 */
function memberRow(app, room, member, close) {
    const level = room.powerLevel(member.userId);
    const role = member.membership === 'invite' ? t('info.invited') : level >= 100 ? t('info.admin') : level >= 50 ? t('info.moderator') : '';
    const own = member.userId === room.ownUserId;
    const open = async () => {
        await close();
        await app.openDirect(member.userId).catch((error) => toast(explain(error)));
    };
    return h(own ? 'div' : 'button', { type: own ? undefined : 'button', class: 'person', onclick: own ? undefined : open, 'data-colour': String(colourOf(member.userId)) },
        personAvatar(app.media, { user_id: member.userId, avatar_url: member.avatar }, member.name),
        h('span', { class: 'person-text' }, h('span', { class: 'person-name' }, own ? t('info.you', { name: member.name }) : member.name),
            h('span', { class: 'muted small' }, localpart(member.userId))), role !== '' && h('span', { class: 'role' }, role));
}

/**
 * @param {import('../app.js').App} app
 * @param {import('../room.js').Room} room
 */
function openRename(app, room) {
    const name = field({ label: t('newRoom.name'), value: room.stateContent('m.room.name').name || '', maxLength: 100, 'data-focus': '' });
    const topic = field({ label: t('info.topic'), value: room.stateContent('m.room.topic').topic || '', maxLength: 500 });
    const submit = async () => {
        if (name.input.value.trim() !== (room.stateContent('m.room.name').name || '')) {
            await setRoomState(app.api, room.id, 'm.room.name', { name: name.input.value.trim() });
        }
        if (topic.input.value.trim() !== (room.stateContent('m.room.topic').topic || '')) {
            await setRoomState(app.api, room.id, 'm.room.topic', { topic: topic.input.value.trim() });
        }
        await dialog.close();
    };
    const dialog = openDialog({ title: t('info.rename') }, h('div', { class: 'dialog-body' }, form({ action: t('action.save'), submit }, name.element, topic.element).element));
}
