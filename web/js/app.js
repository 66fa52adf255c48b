import { fetchProfile, logOut } from './account.js';
import { Api, isTemporary } from './api.js';
import { fetchBox, fetchMe } from './appliance.js';
import { Carrier } from './carrier.js';
import { Emitter } from './emitter.js';
import { dropAllFiles } from './file-shelf.js';
import { localpart, randomId } from './ids.js';
import { Leader } from './leader.js';
import { dropLocalAddress, Media } from './media.js';
import { tellAbout } from './notify.js';
import { Outbox } from './outbox.js';
import { OutboxShelf } from './outbox-shelf.js';
import { setDirectRooms } from './people.js';
import { createDirectRoom, joinRoom } from './rooms.js';
import { goToRoom } from './route.js';
import { forgetSession } from './session.js';
import { Store } from './state.js';
import { storedKeys } from './storage.js';
import { Sync } from './sync.js';
import { loadUploads } from './views/lazy.js';

/** One logged-in account in this tab: its parts, wired to each other. Emits `learned`, `uploads`, `uploaded`, `wanted-event` and `end`. */
export class App extends Emitter {
    /**
     * @param {import('./types.js').Session} session
     * @param {import('./types.js').Box} box
     */
    constructor(session, box) {
        super();
        this.session = session;
        this.box = box;
        this.isAdmin = false;
        this.learned = false;
        this.learning = false;
        /** @type {{displayname?: string, avatar_url?: string}} */
        this.profile = {};
        /** @type {{roomId: string, eventId: string}|null} a message to go to when its room is open */
        this.wantedEvent = null;
        /** @type {Promise<{queue: import('./files/queue.js').UploadQueue, stop: () => void}>|null} */
        this.uploading = null;
        this.sendsFiles = false;
        /** @type {HTMLElement|null} the line that says how far the uploads are */
        this.uploadStrip = null;
        this.tabId = randomId(8);
        this.api = new Api(session.accessToken);
        this.store = new Store(session.userId);
        this.media = new Media(this.api);
        const name = 'landline.' + session.userId + '.' + session.deviceId;
        this.channel = 'BroadcastChannel' in window ? new BroadcastChannel(name) : null;
        this.leader = new Leader(this.tabId, this.channel);
        this.sync = new Sync(this.api, this.store, this.leader, this.channel);
        this.shelf = new OutboxShelf(this.tabId);
        this.carrier = new Carrier(this.api, (mxc, file) => this.media.adopt(mxc, file));
        this.outbox = new Outbox(this.shelf, this.carrier, { tabId: this.tabId, newId: () => 'w' + randomId(20), now: () => Date.now() });
        this.api.whenTokenIsUnknown = () => this.end();
        /** @param {BeforeUnloadEvent} event */
        this.warnBeforeLeaving = (event) => {
            if (this.sendsFiles || this.outbox.entries.some((entry) => entry.file && entry.state === 'sending')) {
                event.preventDefault();
                event.returnValue = '';
            }
        };
    }

    start() {
        this.shelf.start();
        this.leader.start();
        this.outbox.on('trouble', () => this.sync.suspect());
        this.outbox.on('sent', (entry) => {
            // Whoever gets through tells the others.
            this.sync.wake();
            this.settle(entry.roomId);
        });
        this.sync.on('status', (status) => {
            if (status === 'online') {
                this.outbox.wake();
                this.learn();
            }
        });
        this.store.on('rooms', () => this.outbox.entries.forEach((entry) => this.settle(entry.roomId)));
        this.store.on('message', (message) => this.noteMessage(message));
        this.outbox.restore();
        this.leader.on('change', () => this.outbox.restore());
        window.addEventListener('beforeunload', this.warnBeforeLeaving);
        this.sync.start();
        this.learn();
        if (storedKeys('upload.').length > 0) {
            this.uploads().catch(() => {});
        }
    }

    /** The room of this user's own devices, unless they left it. */
    myDevicesRoom() {
        const room = this.store.rooms.get(this.store.myDevicesRoomId || '');
        return room && room.membership === 'join' ? room.id : undefined;
    }

    /**
     * The files on their way into folders; its code is fetched when there is the first.
     * @returns {Promise<import('./files/queue.js').UploadQueue>}
     */
    async uploads() {
        this.uploading = this.uploading || loadUploads(this);
        this.uploading.catch(() => { this.uploading = null; });
        return (await this.uploading).queue;
    }

    /** How this user is called and looks: from the store when a room tells, else from the profile. */
    ownProfile() {
        const userId = this.session.userId;
        let name = this.profile.displayname || '';
        let mxc = this.profile.avatar_url;
        if (name === '') {
            for (const room of this.store.rooms.values()) {
                const member = room.members.get(userId);
                if (member && room.membership === 'join') {
                    name = member.name;
                    mxc = mxc || member.avatar;
                    break;
                }
            }
        }
        return { name: name || localpart(userId), colourKey: userId, mxc };
    }

    /** Who this is and which box it is: asked until it was answered once. */
    async learn() {
        if (this.learned || this.learning) {
            return;
        }
        this.learning = true;
        try {
            // A user without a profile is no reason to ask again.
            this.profile = await fetchProfile(this.api, this.session.userId).catch((error) => (isTemporary(error) ? Promise.reject(error) : {}));
            const me = await fetchMe(this.api);
            this.isAdmin = me.admin === true;
            if (me.my_devices_room) {
                this.store.setMyDevicesRoom(me.my_devices_room);
            }
            this.box = await fetchBox(this.api);
            this.learned = true;
            this.emit('learned');
            this.store.emit('rooms');
        } catch (error) {
            // Asked again when the box is back; until then names come from the rooms, and the owner's buttons are missing.
        } finally {
            this.learning = false;
        }
    }

    /**
     * Entries whose event came back by sync have done their work.
     * @param {string} roomId
     */
    settle(roomId) {
        const room = this.store.rooms.get(roomId);
        if (!room) {
            return;
        }
        const transactions = new Map();
        for (const event of room.timeline.events) {
            if (event.unsigned && event.unsigned.transaction_id) {
                transactions.set(event.unsigned.transaction_id, event);
            }
        }
        this.outbox.settle(roomId, (eventId, transactionId) => {
            const event = room.timeline.byId.get(eventId) || transactions.get(transactionId);
            if (event && !event.unsigned) {
                event.unsigned = {};
            }
            if (event) {
                // The row keeps its identity even if the box did not say which transaction it was.
                event.unsigned.transaction_id = transactionId;
                dropLocalAddress(transactionId);
            }
            return event !== undefined;
        });
    }

    /** @param {{room: import('./room.js').Room, event: import('./types.js').MatrixEvent}} message */
    noteMessage({ room, event }) {
        const looking = !document.hidden && document.hasFocus() && this.store.openRoomId === room.id;
        if (event.sender !== this.session.userId && room.notificationCount > 0 && !looking && this.leader.leads) {
            tellAbout(room, event, () => goToRoom(room.id));
        }
    }

    /**
     * Opens the chat of two with this person; makes it first if there is none.
     * @param {string} userId
     */
    async openDirect(userId) {
        const direct = this.store.accountData.get('m.direct') || {};
        const known = (Array.isArray(direct[userId]) ? direct[userId] : []).find((/** @type {string} */ id) => this.store.rooms.has(id));
        const roomId = known || await createDirectRoom(this.api, userId);
        if (!known) {
            await this.markDirect(userId, roomId);
        }
        await goToRoom(roomId);
    }

    /**
     * @param {string} userId
     * @param {string} roomId
     */
    async markDirect(userId, roomId) {
        const direct = Object.assign({}, this.store.accountData.get('m.direct'));
        direct[userId] = (Array.isArray(direct[userId]) ? direct[userId] : []).concat(roomId);
        this.store.accountData.set('m.direct', direct);
        await setDirectRooms(this.api, this.session.userId, direct);
    }

    /** @param {import('./room.js').Room} room */
    async acceptInvitation(room) {
        const inviter = room.inviter();
        const isDirect = room.invitedDirectly();
        await joinRoom(this.api, room.id);
        if (isDirect && inviter) {
            await this.markDirect(inviter, room.id);
        }
    }

    /** Tells the box, then forgets everything here, whether or not the box heard it. */
    async logOut() {
        this.api.whenTokenIsUnknown = () => {};
        await logOut(this.api).catch(() => {});
        this.end();
    }

    /** The session is over: by choice, or because another device ended it. */
    end() {
        this.stop();
        forgetSession();
        dropAllFiles();
        this.emit('end');
    }

    stop() {
        this.sync.stop();
        this.outbox.stop();
        this.shelf.stop();
        this.media.clear();
        if (this.uploading) {
            this.uploading.then((uploads) => uploads.stop(), () => {});
        }
        window.removeEventListener('beforeunload', this.warnBeforeLeaving);
        if (this.channel) {
            this.channel.close();
        }
    }
}
