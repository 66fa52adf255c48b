import { describe } from './describe.js';
import { dayName, dayNumber } from './format.js';
import { t } from './i18n.js';
import { readByOthersIndex } from './receipts.js';
import { isMessage, isRedacted } from './timeline.js';

const groupingMilliseconds = 5 * 60000;

/** @typedef {import('./types.js').Item} Item */
/** @typedef {import('./types.js').OutboxEntry} OutboxEntry */

/**
 * The rows of a timeline: events in their order, what waits to be sent after them, and lines between days.
 * @param {import('./room.js').Room} room
 * @param {OutboxEntry[]} waiting
 * @param {{unreadAfter?: string, now: number}} options
 * @returns {Item[]}
 */
export function buildItems(room, waiting, options) {
    /** @type {Item[]} */
    const items = room.timeline.reachedStart ? [{ key: 'start', kind: 'start', version: '' }] : [];
    const readIndex = readByOthersIndex(room);
    let day = NaN;
    let unreadIsNext = false;
    let unreadIsPlaced = false;
    /**
     * @param {number} time
     * @param {string} key of what comes next
     */
    const separateDays = (time, key) => {
        if (dayNumber(time) !== day) {
            day = dayNumber(time);
            const text = dayName(time, options.now);
            items.push({ key: 'day:' + key, kind: 'day', version: text, text });
        }
    };
    room.timeline.events.forEach((event, index) => {
        const item = itemForEvent(room, event, index <= readIndex);
        if (item) {
            separateDays(event.origin_server_ts, item.key);
            if (unreadIsNext && !unreadIsPlaced && !item.own) {
                items.push({ key: 'unread', kind: 'unread', version: '', text: t('timeline.new') });
                unreadIsPlaced = true;
            }
            items.push(item);
        }
        unreadIsNext = unreadIsNext || event.event_id === options.unreadAfter;
    });
    for (const entry of waiting) {
        const item = itemForEntry(room, entry);
        if (item) {
            separateDays(entry.createdAt, item.key);
            items.push(item);
        }
    }
    group(items);
    return items;
}

/**
 * @param {import('./room.js').Room} room
 * @param {import('./types.js').MatrixEvent} event
 * @param {boolean} read
 * @returns {Item|null}
 */
function itemForEvent(room, event, read) {
    const time = event.origin_server_ts;
    if (isMessage(event)) {
        const own = event.sender === room.ownUserId;
        const edit = room.timeline.editOf(event);
        const member = room.members.get(event.sender);
        const version = [
            edit ? edit.event_id : '', isRedacted(event) ? 'gone' : '', own && read ? 'read' : '', reactionVersion(room, event.event_id),
            own || !member ? '' : member.name + ' ' + member.avatar, own && room.isEncrypted ? 'x' : '',
        ].join('|');
        return { key: keyOf(event), kind: 'message', version, event, own, time };
    }
    // How one's own room came to be is no news.
    const text = event.state_key === undefined || room.isMyDevices ? null : describe(event, room);
    return text ? { key: event.event_id, kind: 'notice', version: text, text, time, event } : null;
}

/**
 * @param {import('./room.js').Room} room
 * @param {OutboxEntry} entry
 * @returns {Item|null}
 */
function itemForEntry(room, entry) {
    const relation = entry.content['m.relates_to'];
    if (entry.type !== 'm.room.message' || (relation && relation.rel_type === 'm.replace')) {
        return null;
    }
    if (entry.eventId && room.timeline.byId.has(entry.eventId)) {
        return null;
    }
    return { key: entry.id, kind: 'message', version: [entry.state, entry.uploaded, entry.error].join('|'), entry, own: true, time: entry.createdAt };
}

/**
 * A message keeps the row that it had while it was being sent.
 * @param {import('./types.js').MatrixEvent} event
 */
function keyOf(event) {
    const transactionId = event.unsigned && event.unsigned.transaction_id;
    return typeof transactionId === 'string' ? transactionId : event.event_id;
}

/**
 * @param {import('./room.js').Room} room
 * @param {string} eventId
 */
function reactionVersion(room, eventId) {
    const keys = room.timeline.reactions.get(eventId);
    return keys ? Array.from(keys, ([key, senders]) => key + Array.from(senders.keys()).join()).join() : '';
}

/** @param {Item[]} items */
function group(items) {
    for (let index = 0; index < items.length; index += 1) {
        const item = items[index];
        if (item.kind === 'message') {
            item.first = !together(items[index - 1], item);
            item.last = !together(item, items[index + 1]);
            item.version += '|' + item.first + item.last;
        }
    }
}

/**
 * @param {Item|undefined} a
 * @param {Item|undefined} b
 */
function together(a, b) {
    if (!a || !b || a.kind !== 'message' || b.kind !== 'message' || senderOf(a) !== senderOf(b)) {
        return false;
    }
    return Math.abs(Number(b.time) - Number(a.time)) < groupingMilliseconds;
}

/** @param {Item} item */
function senderOf(item) {
    return item.own || !item.event ? 'own' : item.event.sender;
}
