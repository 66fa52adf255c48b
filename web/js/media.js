import { path } from './api.js';
import { fileInMemory } from './file-shelf.js';

const keptBytes = 64 * 1024 * 1024;
const keptCount = 300;
const largestAdoptedBytes = 8 * 1024 * 1024;
const parallelRequests = 3;

/** What browsers show as a picture; anything else is drawn by the box. */
export const shownTypes = /^image\/(jpeg|png|gif|webp|avif|bmp)$/;

const downloadPatienceMilliseconds = 30 * 60000;

/**
 * Pictures and files of the box as blob: addresses, because an <img> cannot send the access token.
 * The least recently used are given back to the browser when there are too many.
 */
export class Media {
    /** @param {import('./api.js').Api} api */
    constructor(api) {
        this.api = api;
        /** @type {Map<string, {url: string, bytes: number}>} oldest use first */
        this.kept = new Map();
        /** @type {Map<string, Promise<string>>} */
        this.underway = new Map();
        /** @type {(() => void)[]} */
        this.queue = [];
        this.running = 0;
        this.bytes = 0;
    }

    /**
     * @param {string} mxc
     * @param {{width: number, height: number, method: 'crop'|'scale'}} [size] without it, the original
     * @returns {Promise<string>}
     */
    address(mxc, size) {
        const key = mxc + (size ? '#' + size.width + 'x' + size.height + size.method : '');
        const kept = this.kept.get(key);
        if (kept) {
            this.kept.delete(key);
            this.kept.set(key, kept);
            return Promise.resolve(kept.url);
        }
        const underway = this.underway.get(key) || this.load(key, mxc, size).finally(() => this.underway.delete(key));
        this.underway.set(key, underway);
        return underway;
    }

    /**
     * What `address` would give, if it is here already.
     * @param {string} mxc
     * @param {{width: number, height: number, method: 'crop'|'scale'}} [size]
     * @returns {string|undefined}
     */
    addressAtHand(mxc, size) {
        const kept = this.kept.get(mxc + (size ? '#' + size.width + 'x' + size.height + size.method : ''));
        return kept && kept.url;
    }

    /**
     * Our own picture does not have to come back over the network.
     * @param {string} mxc
     * @param {Blob} blob
     */
    adopt(mxc, blob) {
        if (shownTypes.test(blob.type) && blob.size <= largestAdoptedBytes) {
            this.keep(mxc, blob);
        }
    }

    /**
     * @param {string} key
     * @param {string} mxc
     * @param {{width: number, height: number, method: 'crop'|'scale'}} [size]
     */
    async load(key, mxc, size) {
        const where = mediaPath(mxc, size ? 'thumbnail' : 'download');
        const query = size ? { width: size.width, height: size.height, method: size.method } : undefined;
        await this.turn();
        try {
            return this.keep(key, await this.fetchBlob(where, query));
        } finally {
            this.running -= 1;
            const next = this.queue.shift();
            if (next) {
                next();
            }
        }
    }

    /**
     * @param {string} where
     * @param {any} [query]
     * @param {(share: number) => void} [onprogress]
     * @returns {Promise<Blob>}
     */
    async fetchBlob(where, query, onprogress) {
        const response = await this.api.fetch('GET', where, { query, timeoutMilliseconds: downloadPatienceMilliseconds });
        if (!response.ok) {
            throw new Error('HTTP ' + response.status);
        }
        const total = Number(response.headers.get('Content-Length'));
        if (!onprogress || !total || !response.body || !response.body.getReader) {
            return response.blob();
        }
        const reader = response.body.getReader();
        const parts = [];
        for (let received = 0; ;) {
            const { done, value } = await reader.read();
            if (done || !value) {
                return new Blob(parts, { type: response.headers.get('Content-Type') || '' });
            }
            parts.push(value);
            received += value.length;
            onprogress(received / total);
        }
    }

    /**
     * The whole file, with progress; not kept, for it may be large.
     * @param {string} mxc
     * @param {(share: number) => void} onprogress
     */
    download(mxc, onprogress) {
        return this.fetchBlob(mediaPath(mxc, 'download'), undefined, onprogress);
    }

    turn() {
        this.running += 1;
        return this.running <= parallelRequests ? Promise.resolve() : new Promise((resolve) => this.queue.push(() => resolve(undefined)));
    }

    /**
     * @param {string} key
     * @param {Blob} blob
     */
    keep(key, blob) {
        const url = URL.createObjectURL(blob);
        this.kept.set(key, { url, bytes: blob.size });
        this.bytes += blob.size;
        for (const [oldKey, old] of this.kept) {
            if (oldKey === key || (this.bytes <= keptBytes && this.kept.size <= keptCount)) {
                break;
            }
            URL.revokeObjectURL(old.url);
            this.kept.delete(oldKey);
            this.bytes -= old.bytes;
        }
        return url;
    }

    clear() {
        this.kept.forEach((entry) => URL.revokeObjectURL(entry.url));
        this.kept.clear();
        this.bytes = 0;
    }
}

/**
 * @param {string} mxc
 * @param {'download'|'thumbnail'} kind
 */
function mediaPath(mxc, kind) {
    const match = /^mxc:\/\/([^/]+)\/([^/?#]+)$/.exec(mxc);
    if (!match) {
        throw new Error('not a media address');
    }
    return path`/_matrix/client/v1/media/${kind}/${match[1]}/${match[2]}`;
}

/** @type {Map<string, string>} */
const localAddresses = new Map();

/**
 * A blob: address for a file that is still being sent.
 * @param {string} entryId
 * @returns {string|undefined}
 */
export function localAddress(entryId) {
    const file = fileInMemory(entryId);
    if (!file) {
        return localAddresses.get(entryId);
    }
    const known = localAddresses.get(entryId) || URL.createObjectURL(file);
    localAddresses.set(entryId, known);
    return known;
}

/** @param {string} entryId */
export function dropLocalAddress(entryId) {
    const known = localAddresses.get(entryId);
    if (known) {
        URL.revokeObjectURL(known);
        localAddresses.delete(entryId);
    }
}
