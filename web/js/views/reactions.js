import { h } from '../dom.js';
import { explain } from '../errors.js';
import { listOfNames } from '../format.js';
import { t } from '../i18n.js';
import { redactEvent } from '../rooms.js';
import { toast } from './toast.js';

export const quickReactions = ['👍', '❤️', '😂', '😮', '😢', '🎉'];

/**
 * @param {import('../app.js').App} app
 * @param {import('../room.js').Room} room
 * @param {import('../types.js').MatrixEvent} event
 * @returns {HTMLElement|null}
 */
export function reactionRow(app, room, event) {
    const keys = room.timeline.reactions.get(event.event_id);
    if (!keys || keys.size === 0) {
        return null;
    }
    return h('div', { class: 'reactions' }, Array.from(keys, ([key, senders]) => {
        const names = listOfNames(Array.from(senders.keys(), (userId) => room.nameOf(userId)));
        return h('button', {
            type: 'button', class: 'reaction', 'aria-pressed': String(senders.has(room.ownUserId)), title: names,
            'aria-label': t('message.reactedWith', { names, emoji: key }), onclick: () => toggleReaction(app, room, event, key),
        }, key.slice(0, 24), h('span', {}, senders.size));
    }));
}

/**
 * @param {import('../app.js').App} app
 * @param {import('../room.js').Room} room
 * @param {import('../types.js').MatrixEvent} event
 * @param {string} key
 */
export function toggleReaction(app, room, event, key) {
    const keys = room.timeline.reactions.get(event.event_id);
    const senders = keys && keys.get(key);
    const own = senders && senders.get(room.ownUserId);
    if (own) {
        redactEvent(app.api, room.id, own).catch((error) => toast(explain(error)));
    } else {
        app.outbox.add(room.id, 'm.reaction', { 'm.relates_to': { rel_type: 'm.annotation', event_id: event.event_id, key } });
    }
}
