import { readStored, removeStored, storedKeys, writeStored } from './storage.js';

const heartbeatMilliseconds = 15000;
// Hidden tabs may run their timers only once a minute.
const aliveMilliseconds = 150000;

/**
 * Keeps entries of the outbox, or of another queue, in localStorage, one key each so that two tabs never overwrite each other's.
 * A tab that runs says so; the entries of one that no longer does are for whoever comes next.
 */
export class OutboxShelf {
    /**
     * @param {string} tabId
     * @param {string} [prefix] of the keys
     */
    constructor(tabId, prefix = 'outbox.') {
        this.tabId = tabId;
        this.prefix = prefix;
        this.timer = 0;
        this.leave = () => removeStored('tab.' + tabId);
    }

    start() {
        const beat = () => writeStored('tab.' + this.tabId, Date.now());
        beat();
        this.timer = window.setInterval(beat, heartbeatMilliseconds);
        window.addEventListener('pagehide', this.leave);
        window.addEventListener('pageshow', beat);
        storedKeys('tab.').filter((key) => !this.isAlive(key.slice(4))).forEach(removeStored);
    }

    stop() {
        clearInterval(this.timer);
        window.removeEventListener('pagehide', this.leave);
        this.leave();
    }

    /** @param {string} id */
    read(id) {
        return readStored(this.prefix + id);
    }

    /**
     * @param {string} id
     * @param {any} entry
     */
    write(id, entry) {
        writeStored(this.prefix + id, entry);
    }

    /** @param {string} id */
    remove(id) {
        removeStored(this.prefix + id);
    }

    ids() {
        return storedKeys(this.prefix).map((key) => key.slice(this.prefix.length));
    }

    /** @param {string} tab */
    isAlive(tab) {
        const beat = readStored('tab.' + tab);
        return typeof beat === 'number' && Math.abs(Date.now() - beat) < aliveMilliseconds;
    }
}
