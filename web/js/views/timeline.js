import { summarise } from '../describe.js';
import { h, icon } from '../dom.js';
import { badgeCount } from '../format.js';
import { t } from '../i18n.js';
import { buildItems } from '../items.js';
import { isRedacted } from '../timeline.js';
import { fetchHistory } from '../rooms.js';
import { ReadMarker } from './read-marker.js';
import { timelineRow } from './timeline-row.js';

const mostRows = 300;
const firstRows = 120;
const moreRows = 80;
const historyChunk = 60;
const mostChunksBack = 40;
const nearPixels = 900;
const bottomPixels = 60;

/** @typedef {import('../types.js').Item} Item */

/**
 * The scrolling messages of a room. Of all items in memory only a window of at most 300 rows is on the page;
 * it moves as one scrolls, and what is looked at stays where it is.
 */
export class TimelineView {
    /**
     * @param {import('../app.js').App} app
     * @param {import('../room.js').Room} room
     * @param {{reply: (event: any) => void, edit: (event: any) => void}} actions
     */
    constructor(app, room, actions) {
        this.app = app;
        this.room = room;
        this.actions = Object.assign({ jump: (/** @type {string} */ id) => this.jumpTo(id) }, actions);
        /** @type {Item[]} */
        this.items = [];
        /** @type {Map<string, {version: string, element: HTMLElement}>} */
        this.rows = new Map();
        /** @type {string|undefined} key of the first item in the window; undefined for the newest rows */
        this.firstKey = undefined;
        /** @type {string|undefined} key of the last item in the window; undefined for the end */
        this.lastKey = undefined;
        this.stuck = true;
        this.missed = 0;
        this.loading = false;
        this.frame = 0;
        this.unreadAfter = room.notificationCount > 0 ? room.receipts.get(room.ownUserId) || room.fullyRead : undefined;
        this.list = h('div', { class: 'rows' });
        this.older = h('div', { class: 'older', hidden: true }, h('div', { class: 'spinner', role: 'status', 'aria-label': t('timeline.loading') }));
        this.scroller = h('div', { class: 'timeline', role: 'log', tabIndex: 0, 'aria-label': t('timeline.label'), 'aria-live': 'off', onscroll: () => this.scrolled() },
            this.older, this.list);
        // Rows are drawn again for a tick or a reaction; only what is new is read out.
        this.news = h('div', { class: 'visually-hidden', 'aria-live': 'polite' });
        this.count = h('span', { class: 'badge', hidden: true });
        this.jump = h('button', { type: 'button', class: 'jump', hidden: true, 'aria-label': t('timeline.bottom'), title: t('timeline.bottom'), onclick: () => this.toBottom() },
            icon('down'), this.count);
        this.element = h('div', { class: 'timeline-box' }, this.scroller, this.jump, this.news);
        this.marker = new ReadMarker(app, room, () => this.stuck);
        this.stops = [
            app.store.on('room:' + room.id, () => this.changed()),
            app.store.on('message', ({ room: where, event }) => this.noteMessage(where, event)),
            app.outbox.on('change', (roomId) => roomId === room.id && this.draw()),
        ];
        this.blurred = () => this.noteBlur();
        window.addEventListener('blur', this.blurred);
        this.resizer = 'ResizeObserver' in window ? new ResizeObserver(() => this.stuck && this.pin()) : null;
    }

    opened() {
        this.render();
        const unread = this.rows.get('unread');
        if (unread && unread.element.offsetTop < this.scroller.scrollTop) {
            this.scroller.scrollTop = unread.element.offsetTop - this.scroller.clientHeight / 4;
            this.stuck = this.isAtBottom();
        }
        if (this.resizer) {
            this.resizer.observe(this.scroller);
            this.resizer.observe(this.list);
        }
        this.scrolled();
        this.marker.consider();
        this.fill();
    }

    destroy() {
        this.stops.forEach((stop) => stop());
        window.removeEventListener('blur', this.blurred);
        cancelAnimationFrame(this.frame);
        this.marker.destroy();
        if (this.resizer) {
            this.resizer.disconnect();
        }
    }

    changed() {
        this.draw();
        this.marker.consider();
    }

    /**
     * @param {import('../room.js').Room} room
     * @param {import('../types.js').MatrixEvent} event
     */
    noteMessage(room, event) {
        if (room !== this.room || event.sender === room.ownUserId) {
            return;
        }
        this.news.textContent = t('preview.from', { name: room.nameOf(event.sender), text: summarise(event.content, event.type, isRedacted(event)).text });
        if (!this.stuck) {
            this.missed += 1;
            this.drawJump();
        }
    }

    /** Whoever comes back to this window sees where the new messages begin. */
    noteBlur() {
        const last = this.room.timeline.events[this.room.timeline.events.length - 1];
        this.unreadAfter = last && last.event_id;
    }

    draw() {
        cancelAnimationFrame(this.frame);
        this.frame = requestAnimationFrame(() => this.render());
    }

    /** Puts the rows of the window on the page. */
    render() {
        this.items = buildItems(this.room, this.app.outbox.entriesFor(this.room.id), { unreadAfter: this.unreadAfter, now: Date.now() });
        const anchor = this.stuck ? null : this.anchor();
        if (this.stuck) {
            this.firstKey = undefined;
            this.lastKey = undefined;
        }
        const [start, end] = this.window();
        this.reconcile(this.items.slice(start, end));
        if (anchor) {
            this.restore(anchor);
        } else {
            this.pin();
        }
        this.drawJump();
    }

    /** @returns {[number, number]} */
    window() {
        const last = this.lastKey === undefined ? -1 : this.items.findIndex((item) => item.key === this.lastKey);
        const end = last < 0 ? this.items.length : last + 1;
        const first = this.firstKey === undefined ? -1 : this.items.findIndex((item) => item.key === this.firstKey);
        return [first < 0 || first >= end ? Math.max(0, end - firstRows) : Math.max(first, end - mostRows), end];
    }

    /** @param {Item[]} shown */
    reconcile(shown) {
        const keys = new Set(shown.map((item) => item.key));
        this.rows.forEach((row, key) => {
            if (!keys.has(key)) {
                row.element.remove();
                this.rows.delete(key);
            }
        });
        let place = this.list.firstElementChild;
        for (const item of shown) {
            const kept = this.rows.get(item.key);
            let element = kept && kept.element;
            if (!element || !kept || kept.version !== item.version || (item.event === undefined) !== !element.dataset.event) {
                const fresh = timelineRow(this.app, this.room, item, this.actions);
                if (element) {
                    place = place === element ? fresh : place;
                    element.replaceWith(fresh);
                }
                element = fresh;
                this.rows.set(item.key, { version: item.version, element });
            }
            if (place === element) {
                place = place.nextElementSibling;
            } else {
                this.list.insertBefore(element, place);
            }
        }
    }

    /** The first row in view and where its top is. */
    anchor() {
        const top = this.scroller.scrollTop;
        for (const element of Array.from(this.list.children)) {
            const row = /** @type {HTMLElement} */ (element);
            if (row.offsetTop + row.offsetHeight > top && row.dataset.key && !row.dataset.key.startsWith('day:')) {
                return { key: row.dataset.key, offset: row.offsetTop - top };
            }
        }
        return null;
    }

    /** @param {{key: string, offset: number}} anchor */
    restore(anchor) {
        const row = this.rows.get(anchor.key);
        if (row) {
            this.scroller.scrollTop = row.element.offsetTop - anchor.offset;
        }
    }

    pin() {
        this.scroller.scrollTop = this.scroller.scrollHeight;
    }

    isAtBottom() {
        const { scrollHeight, scrollTop, clientHeight } = this.scroller;
        return scrollHeight - scrollTop - clientHeight < bottomPixels;
    }

    scrolled() {
        const [start, end] = this.window();
        const atEnd = end === this.items.length;
        this.stuck = atEnd && this.isAtBottom();
        if (this.stuck && this.missed > 0) {
            this.missed = 0;
        }
        if (this.stuck) {
            this.marker.consider();
        }
        this.drawJump();
        if (this.scroller.scrollTop < nearPixels) {
            if (start > 0) {
                this.move(Math.max(0, start - moreRows), end);
            } else {
                this.loadOlder();
            }
        } else if (!atEnd && this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < nearPixels) {
            this.move(start, Math.min(this.items.length, end + moreRows));
        }
    }

    /**
     * @param {number} start
     * @param {number} end
     */
    move(start, end) {
        const [oldStart] = this.window();
        const grewUp = start < oldStart;
        const from = grewUp ? start : Math.max(start, end - mostRows);
        const to = grewUp ? Math.min(end, start + mostRows) : end;
        const anchor = this.anchor();
        this.firstKey = this.items[from] && this.items[from].key;
        this.lastKey = to === this.items.length ? undefined : this.items[to - 1].key;
        this.reconcile(this.items.slice(from, to));
        if (anchor) {
            this.restore(anchor);
        }
    }

    async loadOlder() {
        const timeline = this.room.timeline;
        if (this.loading || timeline.reachedStart || !timeline.oldestToken) {
            return false;
        }
        this.loading = true;
        this.older.hidden = false;
        this.scroller.setAttribute('aria-busy', 'true');
        const from = timeline.oldestToken;
        let loaded = false;
        try {
            const answer = await fetchHistory(this.app.api, this.room.id, from, historyChunk);
            if (timeline.oldestToken !== from) {
                return false;
            }
            for (const event of answer.state || []) {
                if (event.type === 'm.room.member' && !this.room.members.has(event.state_key)) {
                    this.room.applyState(event);
                }
            }
            const first = this.items[0] && this.items[0].kind !== 'day' ? this.items[0].key : this.items[1] && this.items[1].key;
            timeline.prepend(answer.chunk || [], answer.end);
            this.firstKey = this.firstKey || first;
            this.render();
            loaded = true;
            return true;
        } catch (error) {
            // The next scroll tries again; the banner says if the box is away.
            return false;
        } finally {
            this.loading = false;
            this.older.hidden = true;
            this.scroller.removeAttribute('aria-busy');
            if (loaded) {
                this.scrolled();
            }
        }
    }

    /** Loads until the screen is full: a chunk may hold nothing that is shown. */
    async fill() {
        let more = true;
        while (more && this.scroller.isConnected && this.scroller.scrollHeight <= this.scroller.clientHeight + 100) {
            more = await this.loadOlder();
        }
    }

    toBottom() {
        this.stuck = true;
        this.missed = 0;
        this.render();
        this.marker.consider();
    }

    /**
     * Goes to a message that may not be here yet.
     * @param {string} eventId
     * @returns {Promise<boolean>} whether it was found
     */
    async goTo(eventId) {
        const isHere = () => this.room.timeline.byId.has(eventId);
        for (let chunk = 0; chunk < mostChunksBack && !isHere() && this.scroller.isConnected; chunk += 1) {
            if (!await this.loadOlder()) {
                break;
            }
        }
        this.render();
        this.jumpTo(eventId);
        return isHere();
    }

    /** @param {string} eventId */
    jumpTo(eventId) {
        const index = this.items.findIndex((item) => item.event && item.event.event_id === eventId);
        if (index < 0) {
            return;
        }
        const key = this.items[index].key;
        if (!this.rows.has(key)) {
            this.firstKey = this.items[Math.max(0, index - moreRows)].key;
            const last = Math.min(this.items.length, index + moreRows);
            this.lastKey = last === this.items.length ? undefined : this.items[last - 1].key;
            this.reconcile(this.items.slice(...this.window()));
        }
        this.stuck = false;
        const row = this.rows.get(key);
        if (row) {
            row.element.scrollIntoView({ block: 'center' });
            row.element.classList.add('flash');
            setTimeout(() => row.element.classList.remove('flash'), 1600);
        }
    }

    drawJump() {
        this.jump.hidden = this.stuck || this.isAtBottom() && this.lastKey === undefined;
        this.count.hidden = this.missed === 0;
        this.count.textContent = badgeCount(this.missed);
        this.jump.setAttribute('aria-label', this.missed > 0 ? t('timeline.bottomUnread', { count: this.missed }) : t('timeline.bottom'));
    }

    /** The newest own text, which the up arrow opens for editing. */
    lastEditable() {
        const events = this.room.timeline.events;
        for (let index = events.length - 1; index >= 0; index -= 1) {
            const event = events[index];
            if (event.sender === this.room.ownUserId && event.type === 'm.room.message' && event.content.msgtype === 'm.text' && !isRedacted(event)
                && !(event.content['m.relates_to'] && event.content['m.relates_to'].rel_type)) {
                return event;
            }
        }
        return undefined;
    }
}
