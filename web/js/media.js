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
        const query = size ? { width: size.width, height: size.height, method: size.method } : undefined;
        return this.addressOf(key, () => mediaPath(mxc, size ? 'thumbnail' : 'download'), query);
    }

    /**
     * A picture of the box by its path, kept under a key that changes when the picture does.
     * @param {string} key
     * @param {() => string} where
     * @param {any} [query]
     * @returns {Promise<string>}
     */
    addressOf(key, where, query) {
        const kept = this.kept.get(key);
        if (kept) {
            this.kept.delete(key);
            this.kept.set(key, kept);
            return Promise.resolve(kept.url);
        }
        const underway = this.underway.get(key) || this.load(key, where, query).finally(() => this.underway.delete(key));
        this.underway.set(key, underway);
        return underway;
    }

    /**
     * What `addressOf` would give, if it is here already.
     * @param {string} key
     */
    atHand(key) {
        const kept = this.kept.get(key);
        return kept && kept.url;
    }

    /**
     * What `address` would give, if it is here already.
     * @param {string} mxc
     * @param {{width: number, height: number, method: 'crop'|'scale'}} [size]
     * @returns {string|undefined}
     */
    addressAtHand(mxc, size) {
        return this.atHand(mxc + (size ? '#' + size.width + 'x' + size.height + size.method : ''));
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
     * @param {() => string} where
     * @param {any} [query]
     */
    async load(key, where, query) {
        await this.turn();
        try {
            return this.keep(key, await this.fetchBlob(where(), query));
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
     * @returns {Promise<Blob>}
     */
    async fetchBlob(where, query) {
        const response = await this.api.fetch('GET', where, { query, timeoutMilliseconds: downloadPatienceMilliseconds });
        if (!response.ok) {
            throw new Error('HTTP ' + response.status);
        }
        return response.blob();
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
