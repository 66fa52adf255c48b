import { h, icon } from '../dom.js';
import { clockTime, fullTime } from '../format.js';
import { t } from '../i18n.js';
import { colourOf, distinctName } from '../naming.js';
import { roomPicture } from '../room-name.js';
import { isRedacted } from '../timeline.js';
import { avatar } from './avatar.js';
import { messageBody } from './message-body.js';
import { openMessageMenu } from './message-menu.js';
import { reactionRow } from './reactions.js';
import { replyQuote } from './reply-quote.js';

/** @typedef {import('../types.js').Item} Item */
/** @typedef {{reply: (event: any) => void, edit: (event: any) => void, jump: (eventId: string) => void}} Actions */

/**
 * @param {import('../app.js').App} app
 * @param {import('../room.js').Room} room
 * @param {Item} item
 * @param {Actions} actions
 * @returns {HTMLElement}
 */
export function timelineRow(app, room, item, actions) {
    const element = item.kind === 'message' ? message(app, room, item, actions) : item.kind === 'start' ? roomStart(app, room)
        : h('div', { class: 'line line-' + item.kind, role: item.kind === 'notice' ? undefined : 'separator' }, h('span', {}, item.text));
    element.dataset.key = item.key;
    if (item.event) {
        element.dataset.event = item.event.event_id;
    }
    return element;
}

/**
 * @param {import('../app.js').App} app
 * @param {import('../room.js').Room} room
 */
function roomStart(app, room) {
    const picture = roomPicture(room);
    return h('div', { class: 'room-start' }, avatar(app.media, picture, 'huge'), h('h3', {}, picture.name),
        h('p', { class: 'muted' }, room.isMyDevices ? t('devices.start') : room.directUserId ? t('room.startDirect', { name: picture.name }) : t('room.start')));
}

/**
 * @param {import('../app.js').App} app
 * @param {import('../room.js').Room} room
 * @param {Item} item
 * @param {Actions} actions
 */
function message(app, room, item, actions) {
    const { event, entry, own } = item;
    const time = Number(item.time);
    const content = event ? room.timeline.contentOf(event) : entry ? entry.content : {};
    const sender = event ? room.members.get(event.sender) || { userId: event.sender, name: room.nameOf(event.sender), membership: 'leave' } : null;
    const group = !own && !room.directUserId;
    const body = messageBody(app, room, item, content);
    const name = sender ? distinctName(sender, room.members.values()) : t('message.you');
    const relation = (event || entry || { content: {} }).content['m.relates_to'];
    const repliesTo = relation && !relation.rel_type && relation['m.in_reply_to'] && relation['m.in_reply_to'].event_id;
    const more = h('button', { type: 'button', class: 'icon-button more', 'aria-label': t('message.actions'), title: t('message.actions'), 'aria-haspopup': 'menu' }, icon('more'));
    const open = () => openMessageMenu(more, app, room, item, actions);
    more.addEventListener('click', open);
    const meta = h('span', { class: 'meta' },
        event && room.timeline.editOf(event) && h('span', {}, t('message.edited')),
        h('time', { dateTime: new Date(time).toISOString(), title: fullTime(time) }, clockTime(time)),
        own && status(item));
    reserveSpace(body.element, meta);
    const bubble = h('div', { class: 'bubble bubble-' + body.kind },
        group && item.first && sender && h('div', { class: 'sender ink-' + colourOf(sender.userId) }, name),
        !group && h('span', { class: 'visually-hidden' }, t('message.saidBy', { name: own ? t('message.you') : name })),
        repliesTo && !(event && isRedacted(event)) && replyQuote(app, room, repliesTo, actions.jump),
        body.element,
        meta);
    bubble.addEventListener('contextmenu', (click) => {
        // A long press opens our commands; the browser's own are wanted for links and selected text.
        const selection = getSelection();
        if (!(click.target instanceof Element && click.target.closest('a')) && (!selection || selection.isCollapsed)) {
            click.preventDefault();
            open();
        }
    });
    return h('article', { class: 'message' + (own ? ' own' : '') + (item.first ? ' first' : '') + (item.last ? ' last' : '') + (group ? ' group' : '') },
        group && (item.last && sender ? avatar(app.media, { name: sender.name, colourKey: sender.userId, mxc: sender.avatar }, 'small') : h('span', { class: 'avatar-gap' })),
        h('div', { class: 'stack' }, h('div', { class: 'bubble-line' }, bubble, more),
            entry && entry.state === 'failed' && failure(app, entry),
            event && reactionRow(app, room, event)));
}

/**
 * The time stands at the end of the last line, or below it when there is no room: an invisible copy in the text keeps the place.
 * @param {HTMLElement} body
 * @param {HTMLElement} meta
 */
function reserveSpace(body, meta) {
    const texts = body.matches('.text') ? [body] : Array.from(body.querySelectorAll('.text'));
    const last = texts[texts.length - 1];
    if (last) {
        const space = h('span', { class: 'meta-space', 'aria-hidden': 'true' }, meta.querySelector('.status') ? '\u2003\u2003' : '\u2003');
        space.prepend(Array.from(meta.children, (child) => (child.matches('.status') ? '' : child.textContent)).join(' '));
        last.append(space);
    }
}

/** @param {Item} item */
function status(item) {
    const { entry } = item;
    const read = item.event && item.version.includes('|read|');
    const [name, label] = entry
        ? entry.state === 'failed' ? ['warning', t('status.failed')] : entry.state === 'sent' ? ['tick', t('status.sent')] : ['clock', t('status.waiting')]
        : read ? ['ticks', t('status.read')] : ['tick', t('status.sent')];
    return h('span', { class: 'status status-' + name, title: label }, icon(name), h('span', { class: 'visually-hidden' }, label));
}

/**
 * @param {import('../app.js').App} app
 * @param {import('../types.js').OutboxEntry} entry
 */
function failure(app, entry) {
    return h('div', { class: 'failure', role: 'alert' }, h('span', {}, t('message.failed')),
        h('button', { type: 'button', class: 'link', onclick: () => app.outbox.retry(entry.id) }, t('action.retry')),
        h('button', { type: 'button', class: 'link', onclick: () => app.outbox.cancel(entry.id) }, t('action.delete')));
}
