import { nextReceipt } from '../receipts.js';
import { markRead } from '../rooms.js';

const settleMilliseconds = 350;

/** Tells the box what has been seen: only while the newest message is in view of someone who looks. */
export class ReadMarker {
    /**
     * @param {import('../app.js').App} app
     * @param {import('../room.js').Room} room
     * @param {() => boolean} atBottom
     */
    constructor(app, room, atBottom) {
        this.app = app;
        this.room = room;
        this.atBottom = atBottom;
        this.timer = 0;
        /** @type {string|undefined} */
        this.told = undefined;
        this.consider = this.consider.bind(this);
        window.addEventListener('focus', this.consider);
        document.addEventListener('visibilitychange', this.consider);
    }

    destroy() {
        clearTimeout(this.timer);
        window.removeEventListener('focus', this.consider);
        document.removeEventListener('visibilitychange', this.consider);
    }

    consider() {
        clearTimeout(this.timer);
        this.timer = window.setTimeout(() => this.tell(), settleMilliseconds);
    }

    async tell() {
        const eventId = nextReceipt(this.room);
        const looking = !document.hidden && document.hasFocus() && this.atBottom();
        if (!looking || !eventId || eventId === this.told) {
            return;
        }
        this.told = eventId;
        if (this.room.notificationCount > 0) {
            this.room.notificationCount = 0;
            this.room.highlightCount = 0;
            this.app.store.emit('rooms');
        }
        try {
            await markRead(this.app.api, this.room.id, eventId);
            this.room.receipts.set(this.room.ownUserId, eventId);
        } catch (error) {
            // Told again with the next message, or when the window is looked at again.
            this.told = undefined;
        }
    }
}
