import { summarise } from '../describe.js';
import { h, icon } from '../dom.js';
import { draftFor } from '../drafts.js';
import { explain } from '../errors.js';
import { badgeCount, fullTime, listTime } from '../format.js';
import { t } from '../i18n.js';
import { leaveRoom } from '../rooms.js';
import { roomName, roomPicture } from '../room-name.js';
import { goToRoom, noteLeavingList, roomHref } from '../route.js';
import { isRedacted } from '../timeline.js';
import { avatar } from './avatar.js';
import { toast } from './toast.js';
import { typingLine } from './typing.js';

/** @typedef {import('../room.js').Room} Room */
/** @typedef {import('../app.js').App} App */

/**
 * What a row shows, as one string: the row is drawn again when it changes.
 * @param {App} app
 * @param {Room} room
 * @param {boolean} selected
 */
export function rowVersion(app, room, selected) {
    const picture = roomPicture(room);
    const preview = previewOf(app, room, selected);
    return JSON.stringify([
        room.membership, picture, preview, room.notificationCount, room.highlightCount, selected, timeOf(room), room.isMyDevices, new Date().toDateString(),
    ]);
}

/** @param {Room} room */
function timeOf(room) {
    const last = room.lastMessage();
    return last ? last.origin_server_ts : room.activityTime;
}

/**
 * @param {App} app
 * @param {Room} room
 * @param {boolean} selected
 * @returns {{kind: string, text: string, icon?: string}}
 */
function previewOf(app, room, selected) {
    const typing = typingLine(room);
    if (typing) {
        return { kind: 'typing', text: typing };
    }
    const draft = selected ? '' : draftFor(room.id);
    if (draft !== '') {
        return { kind: 'draft', text: t('preview.draft', { text: draft.replace(/\s+/g, ' ').slice(0, 100) }) };
    }
    const waiting = app.outbox.entriesFor(room.id).filter((entry) => entry.type === 'm.room.message').pop();
    if (waiting) {
        const summary = summarise(waiting.content, waiting.type, false);
        return { kind: waiting.state === 'failed' ? 'failed' : 'waiting', text: t('preview.own', { text: summary.text }), icon: waiting.state === 'failed' ? 'warning' : 'clock' };
    }
    const last = room.lastMessage();
    if (!last) {
        return { kind: 'plain', text: room.isMyDevices ? t('devices.preview') : room.isEncrypted ? t('message.encrypted') : t('preview.nothing') };
    }
    const summary = summarise(room.timeline.contentOf(last), last.type, isRedacted(last));
    if (last.sender === room.ownUserId) {
        return { kind: 'plain', text: t('preview.own', { text: summary.text }), icon: summary.icon };
    }
    return { kind: 'plain', text: room.directUserId ? summary.text : t('preview.from', { name: room.nameOf(last.sender), text: summary.text }), icon: summary.icon };
}

/**
 * @param {App} app
 * @param {Room} room
 * @param {boolean} selected
 * @returns {HTMLElement}
 */
export function roomRow(app, room, selected) {
    const picture = roomPicture(room);
    const preview = previewOf(app, room, selected);
    const time = timeOf(room);
    const unread = room.notificationCount;
    return h('li', {}, h('a', {
        class: 'room-row' + (unread > 0 ? ' unread' : ''), href: roomHref(room.id), 'aria-current': selected ? 'page' : undefined, onclick: noteLeavingList,
    },
    avatar(app.media, picture, 'large'),
    h('span', { class: 'row-body' },
        h('span', { class: 'row-line' }, h('span', { class: 'row-name' }, picture.name),
            time > 0 && h('time', { class: 'row-time', dateTime: new Date(time).toISOString(), title: fullTime(time) }, listTime(time, Date.now()))),
        h('span', { class: 'row-line' },
            h('span', { class: 'row-preview preview-' + preview.kind }, preview.icon ? icon(preview.icon) : null, preview.text),
            unread > 0 && h('span', { class: 'badge' + (room.highlightCount > 0 ? ' badge-highlight' : '') },
                h('span', { 'aria-hidden': 'true' }, room.highlightCount > 0 ? '@' : '', badgeCount(unread)),
                h('span', { class: 'visually-hidden' }, t('list.unread', { count: unread })))))));
}

/**
 * @param {App} app
 * @param {Room} room
 * @returns {HTMLElement}
 */
export function inviteRow(app, room) {
    const picture = roomPicture(room);
    const inviter = room.inviter();
    const accept = h('button', { type: 'button', class: 'button primary small' }, t('invite.accept'));
    const decline = h('button', { type: 'button', class: 'button small' }, t('invite.decline'));
    const both = [accept, decline];
    /** @param {() => Promise<void>} work */
    const run = async (work) => {
        both.forEach((button) => { button.disabled = true; });
        try {
            await work();
        } catch (error) {
            toast(explain(error));
            both.forEach((button) => { button.disabled = false; });
        }
    };
    accept.addEventListener('click', () => run(async () => {
        await app.acceptInvitation(room);
        await goToRoom(room.id);
    }));
    decline.addEventListener('click', () => run(() => leaveRoom(app.api, room.id)));
    return h('li', {}, h('div', { class: 'room-row invite-row', role: 'group', 'aria-label': t('invite.label', { room: roomName(room) }) },
        avatar(app.media, picture, 'large'),
        h('div', { class: 'row-body' },
            h('div', { class: 'row-line' }, h('span', { class: 'row-name' }, picture.name)),
            h('div', { class: 'row-preview wrap' }, room.invitedDirectly() ? t('invite.direct')
                : inviter ? t('invite.from', { name: room.nameOf(inviter) }) : t('invite.plain')),
            h('div', { class: 'row-actions' }, accept, decline))));
}
