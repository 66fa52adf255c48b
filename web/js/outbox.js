import { Backoff, Pause } from './backoff.js';
import { Emitter } from './emitter.js';

/** @typedef {import('./types.js').OutboxEntry} OutboxEntry */

/**
 * @typedef {object} Shelf where entries live through a reload
 * @property {(id: string) => any} read
 * @property {(id: string, entry: any) => void} write
 * @property {(id: string) => void} remove
 * @property {() => string[]} ids
 * @property {(tab: string) => boolean} isAlive whether that other tab still runs
 */

/**
 * @typedef {object} Carrier what takes an entry to the box
 * @property {(entry: OutboxEntry, changed: () => void) => Promise<string>} deliver gives the event ID
 * @property {(error: unknown) => boolean} isTemporary
 * @property {(entry: OutboxEntry) => void} forget lets go of what belongs to an entry
 */

/**
 * What was written and is not yet on the box. Each entry keeps one transaction ID for all its attempts, so the box takes it once
 * however often it is sent; entries of a room go one after the other. Files go beside texts, so that a long upload holds up no word.
 */
export class Outbox extends Emitter {
    /**
     * @param {Shelf} shelf
     * @param {Carrier} carrier
     * @param {{tabId: string, newId: () => string, now: () => number, firstWaitMilliseconds?: number}} options
     */
    constructor(shelf, carrier, options) {
        super();
        this.shelf = shelf;
        this.carrier = carrier;
        this.options = options;
        /** @type {OutboxEntry[]} */
        this.entries = [];
        /** @type {Map<string, {pause: Pause, backoff: Backoff}>} */
        this.lanes = new Map();
        this.stopped = false;
    }

    /** Takes over what this browser left unsent: from before a reload, or from a tab that is gone. */
    restore() {
        const found = [];
        for (const id of this.shelf.ids()) {
            const entry = this.shelf.read(id);
            const known = this.entries.some((other) => other.id === id);
            if (entry && !known && (entry.owner === this.options.tabId || !this.shelf.isAlive(entry.owner))) {
                entry.owner = this.options.tabId;
                entry.state = entry.state === 'failed' ? 'failed' : 'waiting';
                entry.progress = undefined;
                found.push(entry);
            }
        }
        found.sort((a, b) => a.order - b.order);
        this.entries = found.concat(this.entries);
        found.forEach((entry) => this.keep(entry));
        found.forEach((entry) => this.run(entry));
    }

    /**
     * @param {string} roomId
     * @param {string} type
     * @param {any} content
     * @param {{name: string, type: string, size: number}} [file]
     * @param {string} [id] when something is already kept under it
     * @returns {OutboxEntry}
     */
    add(roomId, type, content, file, id) {
        const last = this.entries.reduce((newest, entry) => Math.max(newest, entry.order), 0);
        /** @type {OutboxEntry} */
        const entry = {
            id: id || this.options.newId(), roomId, type, content, file,
            order: Math.max(last + 1, this.options.now()), createdAt: this.options.now(), owner: this.options.tabId, state: 'waiting',
        };
        this.entries.push(entry);
        this.keep(entry);
        this.run(entry);
        return entry;
    }

    /** @param {string} roomId */
    entriesFor(roomId) {
        return this.entries.filter((entry) => entry.roomId === roomId);
    }

    /** @param {string} id */
    retry(id) {
        const entry = this.entries.find((other) => other.id === id);
        if (entry && entry.state === 'failed') {
            entry.state = 'waiting';
            entry.error = undefined;
            this.keep(entry);
            this.run(entry);
        }
    }

    /** @param {string} id */
    cancel(id) {
        const entry = this.entries.find((other) => other.id === id);
        if (entry && entry.state !== 'sent') {
            entry.cancelled = true;
            this.drop(entry);
        }
    }

    /**
     * Sent entries stay in view until their event arrives by sync; then they go.
     * @param {string} roomId
     * @param {(eventId: string, transactionId: string) => boolean} arrived
     */
    settle(roomId, arrived) {
        for (const entry of this.entriesFor(roomId)) {
            if (arrived(entry.eventId || '', entry.id)) {
                this.drop(entry);
            }
        }
    }

    /** The box is back: try now. */
    wake() {
        this.lanes.forEach((lane) => lane.pause.wake());
    }

    stop() {
        this.stopped = true;
        this.wake();
    }

    get hasUnsent() {
        return this.entries.some((entry) => entry.state === 'waiting' || entry.state === 'sending');
    }

    /** @param {OutboxEntry} entry */
    drop(entry) {
        this.entries = this.entries.filter((other) => other !== entry);
        this.shelf.remove(entry.id);
        this.carrier.forget(entry);
        this.emit('change', entry.roomId);
    }

    /** @param {OutboxEntry} entry */
    keep(entry) {
        this.shelf.write(entry.id, Object.assign({}, entry, { progress: undefined }));
        this.emit('change', entry.roomId);
    }

    /**
     * Starts the lane of an entry unless it runs already.
     * @param {OutboxEntry} entry
     */
    async run(entry) {
        const name = laneOf(entry);
        if (this.lanes.has(name)) {
            return;
        }
        const lane = { pause: new Pause(), backoff: new Backoff(this.options.firstWaitMilliseconds || 500, 15000) };
        this.lanes.set(name, lane);
        for (;;) {
            const next = this.entries.find((other) => laneOf(other) === name && other.state === 'waiting');
            if (!next || this.stopped) {
                break;
            }
            await this.attempt(next, lane);
        }
        this.lanes.delete(name);
    }

    /**
     * @param {OutboxEntry} entry
     * @param {{pause: Pause, backoff: Backoff}} lane
     */
    async attempt(entry, lane) {
        entry.state = 'sending';
        this.emit('change', entry.roomId);
        try {
            entry.eventId = await this.carrier.deliver(entry, () => this.changed(entry));
            lane.backoff.reset();
            entry.state = 'sent';
            this.shelf.remove(entry.id);
            this.emit('sent', entry);
            this.emit('change', entry.roomId);
        } catch (error) {
            if (!this.entries.includes(entry)) {
                return;
            }
            if (this.carrier.isTemporary(error)) {
                entry.state = 'waiting';
                this.emit('change', entry.roomId);
                this.emit('trouble', error);
                await lane.pause.wait(Math.max(lane.backoff.nextMilliseconds(), /** @type {any} */ (error).retryAfterMilliseconds || 0));
                return;
            }
            entry.state = 'failed';
            entry.error = error instanceof Error ? error.message : String(error);
            this.keep(entry);
        }
    }

    /** @param {OutboxEntry} entry */
    changed(entry) {
        if (this.entries.includes(entry)) {
            if (entry.progress === undefined || entry.progress === 1) {
                this.shelf.write(entry.id, Object.assign({}, entry, { progress: undefined }));
            }
            this.emit('progress', entry);
        }
    }
}

/** @param {OutboxEntry} entry */
function laneOf(entry) {
    return entry.roomId + (entry.file ? ' files' : ' texts');
}
