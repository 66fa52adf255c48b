import { summarise } from '../describe.js';
import { h, icon, replace } from '../dom.js';
import { t } from '../i18n.js';
import { colourOf } from '../naming.js';
import { fetchEvent } from '../rooms.js';
import { isRedacted } from '../timeline.js';

/** @type {Map<string, Promise<any>>} events that are quoted but older than what is loaded */
const fetched = new Map();
const mostFetched = 200;

/**
 * The message an answer belongs to, in short.
 * @param {import('../app.js').App} app
 * @param {import('../room.js').Room} room
 * @param {string} eventId
 * @param {(eventId: string) => void} jump
 * @returns {HTMLElement}
 */
export function replyQuote(app, room, eventId, jump) {
    const element = h('button', { type: 'button', class: 'quote', onclick: () => jump(eventId) }, h('span', { class: 'muted' }, t('message.quoteLoading')));
    const known = room.timeline.byId.get(eventId);
    if (known) {
        fillQuote(element, room, known);
        return element;
    }
    const key = room.id + eventId;
    const request = fetched.get(key) || fetchEvent(app.api, room.id, eventId);
    if (fetched.size >= mostFetched) {
        fetched.clear();
    }
    fetched.set(key, request);
    request.then((event) => fillQuote(element, room, event)).catch(() => {
        fetched.delete(key);
        replace(element, h('span', { class: 'muted' }, t('message.quoteMissing')));
    });
    return element;
}

/**
 * @param {HTMLElement} element
 * @param {import('../room.js').Room} room
 * @param {import('../types.js').MatrixEvent} event
 */
export function fillQuote(element, room, event) {
    const summary = summarise(room.timeline.contentOf(event), event.type, isRedacted(event));
    const own = event.sender === room.ownUserId;
    element.classList.add('edge-' + colourOf(event.sender));
    replace(element, h('span', { class: 'quote-name ink-' + colourOf(event.sender) }, own ? t('message.you') : room.nameOf(event.sender)),
        h('span', { class: 'quote-text' }, summary.icon ? icon(summary.icon) : null, summary.text));
}
