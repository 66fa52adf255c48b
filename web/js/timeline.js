/** @typedef {import('./types.js').MatrixEvent} MatrixEvent */

/** The events of one room that are in memory, oldest first, with what later events say about earlier ones. */
export class Timeline {
    constructor() {
        /** @type {MatrixEvent[]} */
        this.events = [];
        /** @type {Map<string, MatrixEvent>} */
        this.byId = new Map();
        /** @type {Map<string, MatrixEvent>} the newest edit of an event */
        this.edits = new Map();
        /** @type {Map<string, Map<string, Map<string, string>>>} event -> key -> sender -> the reaction's event ID */
        this.reactions = new Map();
        /** @type {Map<string, string>} where history goes on before this event: known for the first event of every chunk */
        this.tokens = new Map();
        /** @type {string|undefined} */
        this.oldestToken = undefined;
        this.reachedStart = false;
    }

    /**
     * What a sync brought.
     * @param {MatrixEvent[]} events
     * @param {boolean} limited there is a gap before these events
     * @param {string} [previousToken]
     * @returns {MatrixEvent[]} those that were not here yet
     */
    append(events, limited, previousToken) {
        if (limited || this.events.length === 0) {
            if (limited) {
                this.clear();
            }
            this.oldestToken = previousToken;
            this.reachedStart = events.length > 0 && events[0].type === 'm.room.create';
        }
        const fresh = events.filter((event) => event.event_id && !this.byId.has(event.event_id));
        if (fresh.length > 0 && fresh[0] === events[0] && previousToken) {
            this.tokens.set(fresh[0].event_id, previousToken);
        }
        for (const event of fresh) {
            this.byId.set(event.event_id, event);
            this.relate(event);
        }
        this.events.push(...fresh);
        return fresh;
    }

    /**
     * What a request for history brought, newest first as the box sends it.
     * @param {MatrixEvent[]} events
     * @param {string} [nextToken]
     */
    prepend(events, nextToken) {
        const older = events.filter((event) => !this.byId.has(event.event_id)).reverse();
        for (const event of older) {
            this.byId.set(event.event_id, event);
            this.relate(event);
        }
        this.events.unshift(...older);
        const first = this.events[0];
        this.reachedStart = !nextToken || (first !== undefined && first.type === 'm.room.create');
        this.oldestToken = nextToken;
        if (first && nextToken) {
            this.tokens.set(first.event_id, nextToken);
        }
    }

    /**
     * Lets go of the oldest events, at a place from which history can be asked for again.
     * @param {number} keep
     */
    trim(keep) {
        let cut = this.events.length - keep;
        while (cut > 0 && !this.tokens.has(this.events[cut].event_id)) {
            cut -= 1;
        }
        if (cut <= 0) {
            return;
        }
        for (const event of this.events.splice(0, cut)) {
            this.byId.delete(event.event_id);
            this.tokens.delete(event.event_id);
            this.edits.delete(event.event_id);
            this.reactions.delete(event.event_id);
        }
        this.oldestToken = this.tokens.get(this.events[0].event_id);
        this.reachedStart = false;
    }

    clear() {
        this.events = [];
        this.byId.clear();
        this.edits.clear();
        this.reactions.clear();
        this.tokens.clear();
    }

    /** @param {MatrixEvent} event */
    relate(event) {
        if (event.type === 'm.room.redaction') {
            this.redact(event.redacts || event.content.redacts, event);
            return;
        }
        const relation = event.content && event.content['m.relates_to'];
        if (!relation || typeof relation.event_id !== 'string') {
            return;
        }
        if (relation.rel_type === 'm.replace' && event.content['m.new_content']) {
            const known = this.edits.get(relation.event_id);
            if (!known || known.origin_server_ts <= event.origin_server_ts) {
                this.edits.set(relation.event_id, event);
            }
        } else if (relation.rel_type === 'm.annotation' && typeof relation.key === 'string') {
            const keys = this.reactions.get(relation.event_id) || new Map();
            const senders = keys.get(relation.key) || new Map();
            senders.set(event.sender, event.event_id);
            this.reactions.set(relation.event_id, keys.set(relation.key, senders));
        }
    }

    /**
     * @param {string} targetId
     * @param {MatrixEvent} redaction
     */
    redact(targetId, redaction) {
        const target = this.byId.get(targetId);
        if (!target) {
            return;
        }
        const relation = target.content && target.content['m.relates_to'];
        if (target.state_key === undefined) {
            target.content = {};
        }
        target.unsigned = Object.assign({}, target.unsigned, { redacted_because: redaction });
        this.edits.delete(targetId);
        if (relation && relation.rel_type === 'm.annotation') {
            const keys = this.reactions.get(relation.event_id);
            const senders = keys && keys.get(relation.key);
            if (keys && senders) {
                senders.delete(target.sender);
                if (senders.size === 0) {
                    keys.delete(relation.key);
                }
            }
        } else if (relation && relation.rel_type === 'm.replace' && this.edits.get(relation.event_id) === target) {
            this.edits.delete(relation.event_id);
        }
    }

    /**
     * The content to show: that of the newest edit by the same sender, if there is one.
     * @param {MatrixEvent} event
     */
    contentOf(event) {
        const edit = this.editOf(event);
        return edit ? edit.content['m.new_content'] : event.content;
    }

    /**
     * @param {MatrixEvent} event
     * @returns {MatrixEvent|undefined}
     */
    editOf(event) {
        const bundled = event.unsigned && event.unsigned['m.relations'] && event.unsigned['m.relations']['m.replace'];
        const edit = this.edits.get(event.event_id) || (bundled && bundled.content && bundled.content['m.new_content'] ? bundled : undefined);
        return edit && edit.sender === event.sender && !isRedacted(event) ? edit : undefined;
    }

    /** @param {string} eventId */
    indexOf(eventId) {
        const event = this.byId.get(eventId);
        return event ? this.events.lastIndexOf(event) : -1;
    }
}

/**
 * @param {MatrixEvent} event
 * @returns {boolean}
 */
export function isRedacted(event) {
    return Boolean(event.unsigned && event.unsigned.redacted_because);
}

/**
 * Whether the event is a row of its own that someone wrote.
 * @param {MatrixEvent} event
 * @returns {boolean}
 */
export function isMessage(event) {
    if (event.type !== 'm.room.message' && event.type !== 'm.sticker' && event.type !== 'm.room.encrypted') {
        return false;
    }
    const relation = event.content && event.content['m.relates_to'];
    return !(relation && relation.rel_type === 'm.replace');
}
