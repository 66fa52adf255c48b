import { Emitter } from './emitter.js';
import { Room } from './room.js';
import { isMessage } from './timeline.js';

const keptEventsPerRoom = 400;

/**
 * Everything syncs have told. Emits `rooms` when the list must be drawn again, `room:ID` when one room changed,
 * `message` for each message that arrives while we watch, and `position` with the new sync token.
 */
export class Store extends Emitter {
    /** @param {string} userId */
    constructor(userId) {
        super();
        this.userId = userId;
        /** @type {Map<string, Room>} */
        this.rooms = new Map();
        /** @type {Map<string, any>} */
        this.accountData = new Map();
        this.arrivals = 0;
        this.ready = false;
        /** @type {string|undefined} rooms that are looked at keep all that was loaded */
        this.openRoomId = undefined;
        /** @type {string|undefined} where this user sends things to their own devices */
        this.myDevicesRoomId = undefined;
    }

    /** @param {string|undefined} id */
    setMyDevicesRoom(id) {
        this.myDevicesRoomId = id;
        this.rooms.forEach((room) => { room.isMyDevices = room.id === id; });
    }

    /**
     * Takes in one whole response first and tells about it afterwards, so that nobody sees half of it.
     * spec: client-server-api/#get_matrixclientv3sync
     * @param {any} response
     */
    apply(response) {
        const changed = new Set();
        /** @type {{room: Room, event: import('./types.js').MatrixEvent}[]} */
        const messages = [];
        const rooms = response.rooms || {};
        for (const [id, part] of Object.entries(rooms.join || {})) {
            const room = this.roomFor(id);
            room.membership = 'join';
            for (const event of this.applyJoined(room, part)) {
                messages.push({ room, event });
            }
            changed.add(id);
        }
        for (const [id, part] of Object.entries(rooms.invite || {})) {
            this.applyInvite(this.roomFor(id), part);
            changed.add(id);
        }
        for (const id of Object.keys(rooms.leave || {})) {
            const room = this.rooms.get(id);
            if (room) {
                room.membership = 'leave';
                this.rooms.delete(id);
                changed.add(id);
            }
        }
        for (const event of (response.account_data && response.account_data.events) || []) {
            this.accountData.set(event.type, event.content || {});
        }
        this.markDirectRooms();
        const { room_id: ownDevices } = this.accountData.get('org.landline.my_devices') || {};
        if (typeof ownDevices === 'string') {
            this.setMyDevicesRoom(ownDevices);
        }
        const watching = this.ready;
        this.ready = true;
        changed.forEach((id) => this.emit('room:' + id));
        this.emit('rooms');
        if (watching) {
            messages.forEach((message) => this.emit('message', message));
        }
    }

    /** @param {string} id */
    roomFor(id) {
        const known = this.rooms.get(id);
        if (known) {
            return known;
        }
        const room = new Room(id, this.userId);
        room.isMyDevices = id === this.myDevicesRoomId;
        this.rooms.set(id, room);
        return room;
    }

    /**
     * @param {Room} room
     * @param {any} part
     * @returns {import('./types.js').MatrixEvent[]} new messages
     */
    applyJoined(room, part) {
        Object.assign(room.summary, part.summary || {});
        const stateEvents = (part.state && part.state.events) || [];
        stateEvents.forEach((/** @type {any} */ event) => room.applyState(event));
        const timeline = part.timeline || {};
        const limited = Boolean(timeline.limited) && room.timeline.events.length > 0;
        const fresh = room.timeline.append(timeline.events || [], limited, timeline.prev_batch);
        for (const event of fresh) {
            if (event.state_key !== undefined) {
                room.applyState(event);
            }
        }
        const counts = part.unread_notifications || {};
        room.notificationCount = typeof counts.notification_count === 'number' ? counts.notification_count : room.notificationCount;
        room.highlightCount = typeof counts.highlight_count === 'number' ? counts.highlight_count : room.highlightCount;
        for (const event of (part.ephemeral && part.ephemeral.events) || []) {
            this.applyEphemeral(room, event);
        }
        for (const event of (part.account_data && part.account_data.events) || []) {
            if (event.type === 'm.fully_read') {
                room.fullyRead = event.content.event_id;
            }
        }
        const messages = fresh.filter(isMessage);
        this.noteActivity(room, messages, fresh);
        if (room.id !== this.openRoomId) {
            room.timeline.trim(keptEventsPerRoom);
        }
        return messages;
    }

    /**
     * @param {Room} room
     * @param {import('./types.js').MatrixEvent[]} messages
     * @param {import('./types.js').MatrixEvent[]} fresh
     */
    noteActivity(room, messages, fresh) {
        const last = messages[messages.length - 1] || (room.activityTime === 0 ? fresh[fresh.length - 1] : undefined);
        if (!last) {
            return;
        }
        room.activityTime = last.origin_server_ts;
        if (this.ready) {
            this.arrivals += 1;
            room.arrival = this.arrivals;
        }
    }

    /**
     * @param {Room} room
     * @param {any} event
     */
    applyEphemeral(room, event) {
        if (event.type === 'm.typing') {
            room.typing = (event.content.user_ids || []).filter((/** @type {string} */ id) => id !== this.userId);
        } else if (event.type === 'm.receipt') {
            for (const [eventId, kinds] of Object.entries(event.content)) {
                const readers = Object.keys(/** @type {any} */ (kinds)['m.read'] || {}).concat(Object.keys(/** @type {any} */ (kinds)['m.read.private'] || {}));
                readers.forEach((userId) => room.receipts.set(userId, eventId));
            }
        }
    }

    /**
     * @param {Room} room
     * @param {any} part
     */
    applyInvite(room, part) {
        room.membership = 'invite';
        for (const event of (part.invite_state && part.invite_state.events) || []) {
            room.applyState(event);
        }
        this.arrivals += 1;
        room.arrival = this.arrivals;
    }

    markDirectRooms() {
        /** @type {Map<string, string>} */
        const direct = new Map();
        for (const [userId, ids] of Object.entries(this.accountData.get('m.direct') || {})) {
            (Array.isArray(ids) ? ids : []).forEach((id) => direct.set(id, userId));
        }
        this.rooms.forEach((room) => { room.directUserId = direct.get(room.id); });
    }

    /** @returns {Room[]} one's own devices first, then invitations, then by latest activity */
    sorted() {
        const shown = Array.from(this.rooms.values()).filter((room) => !room.isSpace);
        return shown.sort((a, b) => Number(b.isMyDevices) - Number(a.isMyDevices) || Number(b.membership === 'invite') - Number(a.membership === 'invite')
            || b.arrival - a.arrival || b.activityTime - a.activityTime || (a.id < b.id ? -1 : 1));
    }

    /** @returns {number} */
    unreadTotal() {
        let total = 0;
        this.rooms.forEach((room) => { total += room.membership === 'invite' ? 1 : room.notificationCount; });
        return total;
    }
}
