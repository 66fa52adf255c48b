import { MatrixError, NetworkError } from './api.js';
import { Backoff, Pause } from './backoff.js';
import { Emitter } from './emitter.js';

const longPollMilliseconds = 30000;
// A sleeping laptop leaves connections that never answer: give up a little after the box should have.
const pollPatienceMilliseconds = longPollMilliseconds + 12000;
const catchUpPatienceMilliseconds = 60000;

const filter = JSON.stringify({
    presence: { not_types: ['*'] },
    room: { state: { lazy_load_members: true }, timeline: { limit: 40 } },
});

/**
 * Keeps the store up to date. Emits `status` with `starting`, `online` or `away`.
 * The tab that leads polls and passes each response on; a follower whose position does not fit asks the box itself, once.
 */
export class Sync extends Emitter {
    /**
     * @param {import('./api.js').Api} api
     * @param {import('./state.js').Store} store
     * @param {import('./leader.js').Leader} leader
     * @param {BroadcastChannel|null} channel
     */
    constructor(api, store, leader, channel) {
        super();
        this.api = api;
        this.store = store;
        this.leader = leader;
        this.channel = channel;
        /** @type {string|undefined} */
        this.position = undefined;
        /** @type {'starting'|'online'|'away'} */
        this.status = 'starting';
        this.stopped = false;
        this.backoff = new Backoff(400, 8000);
        this.pause = new Pause();
        /** @type {AbortController|null} */
        this.poll = null;
        this.behind = false;
    }

    async start() {
        if (this.channel) {
            this.channel.addEventListener('message', (event) => this.receive(event.data));
        }
        this.leader.on('change', () => this.interrupt());
        window.addEventListener('online', () => this.wake());
        document.addEventListener('visibilitychange', () => {
            if (!document.hidden) {
                this.wake();
            }
        });
        while (!this.stopped) {
            if (this.position === undefined || this.behind || this.leader.leads) {
                await this.step();
            } else {
                await this.pause.wait(longPollMilliseconds);
            }
        }
    }

    /** One request and what follows from it. */
    async step() {
        const waits = this.position !== undefined && !this.behind && this.status === 'online';
        const from = this.position;
        this.poll = new AbortController();
        try {
            const response = await this.api.request('GET', '/_matrix/client/v3/sync', {
                query: { since: from, filter, timeout: waits ? longPollMilliseconds : 0, set_presence: document.hidden ? 'unavailable' : undefined },
                timeoutMilliseconds: waits ? pollPatienceMilliseconds : catchUpPatienceMilliseconds,
                signal: this.poll.signal,
            });
            if (this.stopped || this.position !== from) {
                return;
            }
            this.behind = false;
            this.advance(response);
            if (from !== undefined && this.leader.leads && this.channel) {
                this.channel.postMessage({ kind: 'sync', from, response });
            }
            this.backoff.reset();
            this.setStatus('online');
        } catch (error) {
            await this.failed(error);
        }
    }

    /** @param {any} response */
    advance(response) {
        this.position = response.next_batch;
        this.store.apply(response);
    }

    /** @param {unknown} error */
    async failed(error) {
        if (this.stopped || (this.poll && this.poll.signal.aborted)) {
            return;
        }
        if (error instanceof MatrixError && error.status === 401) {
            this.stopped = true;
            return;
        }
        if (!(error instanceof NetworkError) && !(error instanceof MatrixError)) {
            // Our own mistake while applying: say so in the console and go on, rather than stop showing new messages.
            console.error(error);
        }
        // A position the box no longer knows: start afresh.
        if (error instanceof MatrixError && error.status === 400 && this.position !== undefined) {
            this.position = undefined;
        }
        this.setStatus(this.status === 'starting' && this.backoff.failures === 0 ? 'starting' : 'away');
        const wish = error instanceof MatrixError ? error.retryAfterMilliseconds : 0;
        await this.pause.wait(Math.max(wish, this.backoff.nextMilliseconds()));
    }

    /** @param {any} message */
    receive(message) {
        if (message.kind === 'sync' && !this.leader.leads && this.position !== undefined) {
            if (message.from === this.position && !this.behind) {
                this.advance(message.response);
            } else {
                this.behind = true;
                this.pause.wake();
            }
            this.setStatus('online');
        } else if (message.kind === 'status' && !this.leader.leads) {
            this.setStatus(message.status, false);
        }
    }

    /**
     * @param {'starting'|'online'|'away'} status
     * @param {boolean} [tell]
     */
    setStatus(status, tell = true) {
        if (status === this.status) {
            return;
        }
        this.status = status;
        if (tell && this.leader.leads && this.channel && status !== 'starting') {
            this.channel.postMessage({ kind: 'status', status });
        }
        this.emit('status', status);
    }

    /** Another request failed: find out now rather than when the poll ends. */
    suspect() {
        if (this.status === 'online' && this.leader.leads) {
            this.setStatus('away');
            this.interrupt();
        }
    }

    /** Try at once what would be tried later. */
    wake() {
        if (this.status !== 'online') {
            this.backoff.reset();
            this.pause.wake();
        }
    }

    interrupt() {
        if (this.poll) {
            this.poll.abort();
        }
        this.pause.wake();
    }

    stop() {
        this.stopped = true;
        this.interrupt();
        this.leader.stop();
    }
}
