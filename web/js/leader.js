import { Emitter } from './emitter.js';
import { readStored, removeStored, writeStored } from './storage.js';

const leaseMilliseconds = 12000;
const renewMilliseconds = 3000;
const key = 'leader';

/**
 * Browsers allow six connections to one box, and every waiting sync holds one: so one tab leads and the others follow.
 * Web Locks would do this but exist only on trusted https; a lease in localStorage works everywhere. Two leaders for a moment do no harm.
 */
export class Leader extends Emitter {
    /**
     * @param {string} tabId
     * @param {BroadcastChannel|null} channel without one every tab leads itself
     */
    constructor(tabId, channel) {
        super();
        this.tabId = tabId;
        this.channel = channel;
        this.leads = channel === null;
        this.timer = 0;
        this.release = this.release.bind(this);
    }

    start() {
        if (!this.channel) {
            return;
        }
        this.channel.addEventListener('message', (event) => {
            if (event.data.kind === 'released') {
                this.claim();
            }
        });
        this.claim();
        this.timer = window.setInterval(() => this.claim(), renewMilliseconds);
        window.addEventListener('pagehide', this.release);
        window.addEventListener('pageshow', () => this.claim());
    }

    /** Takes or renews the lease unless another living tab has it. */
    claim() {
        const now = Date.now();
        const lease = readStored(key);
        // A lease that ends far in the future was written before the clock was set back.
        const held = lease && lease.until > now && lease.until <= now + leaseMilliseconds && lease.tab !== this.tabId;
        if (!held) {
            writeStored(key, { tab: this.tabId, until: now + leaseMilliseconds });
        }
        this.become(!held);
    }

    /** @param {boolean} leads */
    become(leads) {
        if (this.leads !== leads) {
            this.leads = leads;
            this.emit('change', leads);
        }
    }

    release() {
        const lease = readStored(key);
        if (lease && lease.tab === this.tabId) {
            removeStored(key);
            if (this.channel) {
                this.channel.postMessage({ kind: 'released' });
            }
        }
        this.leads = this.channel === null;
    }

    stop() {
        clearInterval(this.timer);
        window.removeEventListener('pagehide', this.release);
        this.release();
    }
}
