import { memberName } from './room-name.js';
import { localpart } from './ids.js';
import { isMessage, Timeline } from './timeline.js';

/** @typedef {import('./types.js').MatrixEvent} MatrixEvent */

/** What this browser knows of one room. */
export class Room {
    /**
     * @param {string} id
     * @param {string} ownUserId
     */
    constructor(id, ownUserId) {
        this.id = id;
        this.ownUserId = ownUserId;
        /** @type {'join'|'invite'|'leave'} */
        this.membership = 'join';
        /** @type {Map<string, MatrixEvent>} type and state key, a line break between */
        this.state = new Map();
        /** @type {Map<string, import('./types.js').Member>} */
        this.members = new Map();
        this.allMembersKnown = false;
        /** @type {any} */
        this.summary = {};
        this.timeline = new Timeline();
        this.notificationCount = 0;
        this.highlightCount = 0;
        /** @type {string[]} */
        this.typing = [];
        /** @type {Map<string, string>} who has read up to which event */
        this.receipts = new Map();
        /** @type {string|undefined} */
        this.fullyRead = undefined;
        /** @type {string|undefined} */
        this.directUserId = undefined;
        this.isMyDevices = false;
        // The box's clock may jump, so what arrives while we watch is ordered by arrival; time only orders what was there before.
        this.arrival = 0;
        this.activityTime = 0;
    }

    /** @param {MatrixEvent} event */
    applyState(event) {
        this.state.set(event.type + '\n' + (event.state_key || ''), event);
        if (event.type === 'm.room.member' && typeof event.state_key === 'string') {
            const content = event.content || {};
            const avatar = typeof content.avatar_url === 'string' ? content.avatar_url : undefined;
            this.members.set(event.state_key, {
                userId: event.state_key, name: memberName(content, event.state_key), avatar, membership: content.membership || 'leave',
            });
        }
    }

    /**
     * @param {string} type
     * @returns {any} an empty object when the room has no such state
     */
    stateContent(type) {
        const event = this.state.get(type + '\n');
        return (event && event.content) || {};
    }

    /** @param {string} userId */
    nameOf(userId) {
        const member = this.members.get(userId);
        return member ? member.name : localpart(userId);
    }

    /** @returns {string|undefined} who invited this user */
    inviter() {
        const event = this.state.get('m.room.member\n' + this.ownUserId);
        return event && event.content && event.content.membership === 'invite' ? event.sender : undefined;
    }

    /** @returns {boolean} whether the invitation says it is for a chat of two */
    invitedDirectly() {
        const event = this.state.get('m.room.member\n' + this.ownUserId);
        return Boolean(event && event.content && event.content.is_direct);
    }

    get isEncrypted() {
        return this.state.has('m.room.encryption\n');
    }

    get isSpace() {
        return this.stateContent('m.room.create').type === 'm.space';
    }

    get memberCount() {
        const summed = this.summary['m.joined_member_count'];
        return typeof summed === 'number' ? summed : Array.from(this.members.values()).filter((member) => member.membership === 'join').length;
    }

    /**
     * The newest message that is in memory.
     * @returns {MatrixEvent|undefined}
     */
    lastMessage() {
        const events = this.timeline.events;
        for (let index = events.length - 1; index >= 0; index -= 1) {
            if (isMessage(events[index])) {
                return events[index];
            }
        }
        return undefined;
    }

    /**
     * spec: client-server-api/#mroompower_levels
     * @param {string} userId
     * @returns {number}
     */
    powerLevel(userId) {
        const create = this.state.get('m.room.create\n');
        const levels = this.stateContent('m.room.power_levels');
        const version = create && create.content && Number(create.content.room_version);
        const creators = create ? [create.sender].concat((create.content && create.content.additional_creators) || []) : [];
        if (version && version >= 12 && creators.includes(userId)) {
            return Infinity;
        }
        if (!this.state.has('m.room.power_levels\n')) {
            return creators.includes(userId) ? 100 : 0;
        }
        const own = levels.users && levels.users[userId];
        return typeof own === 'number' ? own : Number(levels.users_default) || 0;
    }

    /**
     * @param {'invite'|'redact'|'kick'|'ban'} action
     * @returns {boolean}
     */
    mayI(action) {
        const needed = this.stateContent('m.room.power_levels')[action];
        const usual = action === 'invite' ? 0 : 50;
        return this.powerLevel(this.ownUserId) >= (typeof needed === 'number' ? needed : usual);
    }

    /**
     * @param {string} type of a state event
     * @returns {boolean}
     */
    mayChange(type) {
        const levels = this.stateContent('m.room.power_levels');
        const needed = levels.events && levels.events[type];
        const usual = typeof levels.state_default === 'number' ? levels.state_default : 50;
        return this.powerLevel(this.ownUserId) >= (typeof needed === 'number' ? needed : usual);
    }
}
