import { Backoff, Pause } from '../backoff.js';
import { Emitter } from '../emitter.js';
import { freeName, isInChats, joinPath, nameOf, parentOf, tidyName } from './paths.js';

const mostAtOnce = 2;
const mostLockedTries = 5;

/**
 * @typedef {object} UploadEntry
 * @property {string} id
 * @property {string} path where the file is to be
 * @property {string} name
 * @property {string} type
 * @property {number} size bytes
 * @property {number} [modified] milliseconds; unknown for an upload begun on another device
 * @property {number} offset bytes that the box has
 * @property {string} [url] of the upload on the box
 * @property {boolean} [settled] it is known what becomes of a file in its place
 * @property {boolean} [replaces] a file in its place
 * @property {'waiting'|'sending'|'paused'|'fileless'|'done'|'failed'} state
 * @property {string} [error]
 * @property {number} order
 * @property {string} owner the tab that sends it
 * @property {boolean} [elsewhere] begun on another device
 */

/** @typedef {{action: 'keep'|'replace'|'skip', all: boolean}} Answer */

/**
 * @typedef {object} UploadCarrier what takes files to the box
 * @property {(entry: UploadEntry, file: Blob, watch: import('./tus.js').Watch) => Promise<{path?: string}>} send
 * @property {(path: string) => Promise<boolean>} exists
 * @property {(path: string) => Promise<void>} ensureFolder
 * @property {(url: string) => Promise<void>} terminate
 * @property {(error: unknown) => boolean} isTemporary
 * @property {(error: unknown) => boolean} isLocked
 * @property {(error: unknown) => string} explain
 * @property {(id: string, file: Blob) => void} keepFile
 * @property {(id: string) => Promise<Blob|undefined>} keptFile
 * @property {(id: string) => void} dropFile
 */

/**
 * Files on their way into folders, at most two at a time. Each goes on where it broke off: after a lost line by itself,
 * after a reload too, as long as the browser still has the file. Emits `change`, `progress` and `done`.
 */
export class UploadQueue extends Emitter {
    /**
     * @param {UploadCarrier} carrier
     * @param {import('../outbox.js').Shelf} shelf
     * @param {{tabId: string, newId: () => string, ask: (entry: UploadEntry) => Promise<Answer>, firstWaitMilliseconds?: number}} options
     */
    constructor(carrier, shelf, options) {
        super();
        this.carrier = carrier;
        this.shelf = shelf;
        this.options = options;
        /** @type {UploadEntry[]} */
        this.entries = [];
        /** @type {Map<string, () => void>} */
        this.aborts = new Map();
        /** @type {Set<Pause>} */
        this.pauses = new Set();
        /** @type {Map<string, Promise<void>>} */
        this.folders = new Map();
        /** @type {Promise<any>} */
        this.questions = Promise.resolve();
        /** @type {Answer['action']|null} */
        this.answerForAll = null;
        this.workers = 0;
        this.lastOrder = 0;
        this.stopped = false;
    }

    /** Takes over what was left by a reload, or by a tab that is gone. */
    async restore() {
        for (const id of this.shelf.ids()) {
            const entry = this.shelf.read(id);
            if (!entry || this.entries.some((other) => other.id === id) || (entry.owner !== this.options.tabId && this.shelf.isAlive(entry.owner))) {
                continue;
            }
            entry.owner = this.options.tabId;
            const file = await this.carrier.keptFile(id);
            entry.state = entry.state === 'failed' || entry.state === 'paused' ? entry.state : 'waiting';
            if (!file) {
                entry.state = 'fileless';
            }
            this.lastOrder = Math.max(this.lastOrder, entry.order);
            this.entries.push(entry);
            this.keep(entry);
        }
        this.entries.sort((a, b) => a.order - b.order);
        this.emit('change');
        this.run();
    }

    /**
     * Uploads that the box still holds and this browser did not begin: whoever has the file can go on with them.
     * @param {{url: string, name: string, path: string, size: number, offset: number}[]} uploads
     */
    learn(uploads) {
        // Another tab may be sending some of them.
        const known = new Set(this.shelf.ids().map((id) => (this.shelf.read(id) || {}).url).concat(this.entries.map((entry) => entry.url)));
        for (const upload of uploads) {
            if (!known.has(upload.url)) {
                this.entries.push(Object.assign({}, upload, {
                    id: this.options.newId(), type: '', settled: true, elsewhere: true, state: /** @type {const} */ ('fileless'), order: this.nextOrder(), owner: '',
                }));
            }
        }
        this.emit('change');
    }

    /**
     * @param {string} folder
     * @param {import('./walk.js').Picked[]} picked
     */
    add(folder, picked) {
        if (this.isIdle) {
            this.clear();
        }
        for (const { file, folders } of picked) {
            const way = isInChats(folder) ? [] : folders.map(tidyName);
            const name = tidyName(file.name);
            const path = joinPath(way.reduce(joinPath, folder), name);
            const begun = this.entries.find((entry) => entry.state === 'fileless' && entry.path === path && fits(entry, file));
            if (begun) {
                this.give(begun, file);
                continue;
            }
            /** @type {UploadEntry} */
            const entry = {
                id: this.options.newId(), path, name, type: file.type, size: file.size, modified: file.lastModified, offset: 0, state: 'waiting',
                order: this.nextOrder(), owner: this.options.tabId,
            };
            this.carrier.keepFile(entry.id, file);
            this.entries.push(entry);
            this.keep(entry);
        }
        this.emit('change');
        this.run();
    }

    /**
     * Folders in which nothing lies come along too.
     * @param {string} folder
     * @param {string[][]} ways
     */
    async addFolders(folder, ways) {
        for (const way of ways) {
            await this.folder(way.map(tidyName).reduce(joinPath, folder)).catch(() => {});
        }
    }

    /**
     * The file of an upload that lost it, chosen again.
     * @param {UploadEntry} entry
     * @param {File} file
     * @returns {boolean} whether it is the same file
     */
    give(entry, file) {
        if (!fits(entry, file)) {
            return false;
        }
        entry.modified = file.lastModified;
        entry.type = file.type;
        entry.elsewhere = false;
        entry.owner = this.options.tabId;
        entry.state = 'waiting';
        this.carrier.keepFile(entry.id, file);
        this.keep(entry);
        this.emit('change');
        this.run();
        return true;
    }

    /** @param {UploadEntry} entry */
    pause(entry) {
        if (entry.state === 'sending' || entry.state === 'waiting') {
            entry.state = 'paused';
            this.keep(entry);
            this.abort(entry);
            this.emit('change');
        }
    }

    /** @param {UploadEntry} entry */
    resume(entry) {
        if (entry.state === 'paused' || entry.state === 'failed') {
            entry.state = 'waiting';
            entry.error = undefined;
            this.keep(entry);
            this.emit('change');
            this.wake();
            this.run();
        }
    }

    pauseAll() {
        this.entries.forEach((entry) => this.pause(entry));
    }

    resumeAll() {
        this.entries.forEach((entry) => this.resume(entry));
    }

    /** @param {UploadEntry} entry */
    cancel(entry) {
        this.drop(entry);
        this.abort(entry);
        if (entry.url && entry.state !== 'done') {
            this.carrier.terminate(entry.url).catch(() => {});
        }
        this.emit('change');
    }

    /** Takes what is done out of the list. */
    clear() {
        this.entries = this.entries.filter((entry) => entry.state !== 'done');
        this.emit('change');
    }

    /** The line may be back: try now. */
    wake() {
        this.pauses.forEach((pause) => pause.wake());
    }

    stop() {
        this.stopped = true;
        this.aborts.forEach((abort) => abort());
        this.wake();
    }

    get isIdle() {
        return !this.entries.some((entry) => entry.state === 'waiting' || entry.state === 'sending' || entry.state === 'paused');
    }

    get isSending() {
        return this.entries.some((entry) => entry.state === 'sending' || entry.state === 'waiting');
    }

    /** How far all of it is. */
    totals() {
        const counted = this.entries.filter((entry) => !entry.elsewhere && entry.state !== 'failed' && entry.state !== 'fileless');
        return {
            files: counted.length,
            done: counted.filter((entry) => entry.state === 'done').length,
            paused: counted.filter((entry) => entry.state === 'paused').length,
            failed: this.entries.filter((entry) => entry.state === 'failed').length,
            fileless: this.entries.filter((entry) => entry.state === 'fileless' && !entry.elsewhere).length,
            bytes: counted.reduce((sum, entry) => sum + entry.size, 0),
            sent: counted.reduce((sum, entry) => sum + Math.min(entry.offset, entry.size), 0),
        };
    }

    /** @param {UploadEntry} entry */
    keep(entry) {
        this.shelf.write(entry.id, entry);
    }

    /** @param {UploadEntry} entry */
    drop(entry) {
        this.entries = this.entries.filter((other) => other !== entry);
        this.forget(entry);
    }

    /** @param {UploadEntry} entry */
    forget(entry) {
        this.shelf.remove(entry.id);
        this.carrier.dropFile(entry.id);
    }

    /** @param {UploadEntry} entry */
    abort(entry) {
        const abort = this.aborts.get(entry.id);
        if (abort) {
            abort();
        }
    }

    nextOrder() {
        this.lastOrder += 1;
        return this.lastOrder;
    }

    run() {
        // `work` takes its first entry before it gives way.
        while (this.workers < mostAtOnce && !this.stopped && this.entries.some((entry) => entry.state === 'waiting')) {
            this.workers += 1;
            this.work();
        }
    }

    async work() {
        const backoff = new Backoff(this.options.firstWaitMilliseconds || 500, 15000);
        for (;;) {
            const entry = this.entries.find((other) => other.state === 'waiting');
            if (!entry || this.stopped) {
                break;
            }
            entry.state = 'sending';
            this.emit('change');
            if (await this.attempt(entry)) {
                backoff.reset();
            } else if (!this.stopped) {
                const pause = new Pause();
                this.pauses.add(pause);
                await pause.wait(backoff.nextMilliseconds());
                this.pauses.delete(pause);
            }
        }
        this.workers -= 1;
        if (this.isIdle) {
            this.answerForAll = null;
            this.folders.clear();
            this.emit('idle');
        }
    }

    /**
     * @param {UploadEntry} entry
     * @returns {Promise<boolean>} false when the line is broken
     */
    async attempt(entry) {
        let lockedTries = 0;
        for (;;) {
            try {
                const file = await this.carrier.keptFile(entry.id);
                if (!file) {
                    return this.finish(entry, 'fileless');
                }
                if (!entry.url && !isInChats(entry.path) && !await this.makeRoom(entry)) {
                    return true;
                }
                await this.send(entry, file);
                return true;
            } catch (error) {
                if (!this.isCurrent(entry)) {
                    return true;
                }
                if (this.carrier.isLocked(error) && lockedTries < mostLockedTries) {
                    lockedTries += 1;
                } else if (this.carrier.isTemporary(error)) {
                    entry.state = 'waiting';
                    this.emit('change');
                    this.emit('trouble', error);
                    return false;
                } else {
                    entry.error = this.carrier.explain(error);
                    return this.finish(entry, 'failed');
                }
            }
            const pause = new Pause();
            this.pauses.add(pause);
            await pause.wait(this.options.firstWaitMilliseconds || 500);
            this.pauses.delete(pause);
        }
    }

    /**
     * @param {UploadEntry} entry
     * @param {Blob} file
     */
    async send(entry, file) {
        try {
            const result = await this.carrier.send(entry, file, {
                onoffset: (offset) => {
                    entry.offset = offset;
                    this.emit('progress', entry);
                },
                onurl: (url) => {
                    entry.url = url;
                    this.keep(entry);
                },
                onstart: (abort) => this.aborts.set(entry.id, abort),
            });
            // Paused or taken back at the last moment: it is there all the same.
            entry.path = result.path || entry.path;
            entry.name = nameOf(entry.path);
            this.finish(entry, 'done');
        } finally {
            this.aborts.delete(entry.id);
        }
    }

    /**
     * @param {UploadEntry} entry
     * @param {'done'|'failed'|'fileless'} state
     */
    finish(entry, state) {
        entry.state = state;
        if (state === 'done') {
            entry.offset = entry.size;
            this.forget(entry);
            this.emit('done', entry);
        } else {
            this.keep(entry);
        }
        this.emit('change');
        return true;
    }

    /** @param {UploadEntry} entry */
    isCurrent(entry) {
        return this.entries.includes(entry) && entry.state === 'sending' && !this.stopped;
    }

    /**
     * Makes the folder of an entry and sees whether its name is free there; asks when it is not.
     * @param {UploadEntry} entry
     * @returns {Promise<boolean>} whether it is to be sent
     */
    async makeRoom(entry) {
        if (entry.settled) {
            return true;
        }
        const folder = parentOf(entry.path);
        await this.folder(folder);
        if (await this.carrier.exists(entry.path)) {
            const answer = await this.question(entry);
            if (!this.isCurrent(entry)) {
                return false;
            }
            if (answer === 'skip') {
                this.drop(entry);
                this.emit('change');
                return false;
            }
            if (answer === 'keep') {
                entry.name = await this.newName(entry);
                entry.path = joinPath(folder, entry.name);
            }
            entry.replaces = answer === 'replace';
        }
        entry.settled = true;
        this.keep(entry);
        return this.isCurrent(entry);
    }

    /**
     * Each folder is made once.
     * @param {string} path
     * @returns {Promise<void>}
     */
    folder(path) {
        // `/Shared` and `/Private` are there.
        if (parentOf(path) === '/') {
            return Promise.resolve();
        }
        const known = this.folders.get(path);
        if (known) {
            return known;
        }
        const made = this.folder(parentOf(path)).then(() => this.carrier.ensureFolder(path));
        this.folders.set(path, made);
        made.catch(() => this.folders.delete(path));
        return made;
    }

    /**
     * @param {UploadEntry} entry
     * @returns {Promise<Answer['action']>}
     */
    question(entry) {
        const asked = this.questions.then(async () => {
            if (this.answerForAll) {
                return this.answerForAll;
            }
            const answer = await this.options.ask(entry);
            if (answer.all) {
                this.answerForAll = answer.action;
            }
            return answer.action;
        });
        this.questions = asked.catch(() => {});
        return asked;
    }

    /** @param {UploadEntry} entry */
    async newName(entry) {
        const folder = parentOf(entry.path);
        const taken = new Set([entry.name]);
        for (;;) {
            const name = freeName(entry.name, (other) => taken.has(other) || this.entries.some((one) => one.path === joinPath(folder, other)));
            if (!await this.carrier.exists(joinPath(folder, name))) {
                return name;
            }
            taken.add(name);
        }
    }
}

/**
 * Whether this is the file that an upload was begun with.
 * @param {UploadEntry} entry
 * @param {File} file
 */
export function fits(entry, file) {
    return tidyName(file.name) === entry.name && file.size === entry.size && (entry.modified === undefined || entry.modified === file.lastModified);
}
