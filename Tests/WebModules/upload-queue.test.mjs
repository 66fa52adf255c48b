import assert from 'node:assert/strict';
import test from 'node:test';
import { UploadQueue } from '../../web/js/files/queue.js';
import { metadataHeader } from '../../web/js/files/tus.js';

class Broken extends Error {}
class Locked extends Error {}

/** @param {string} name @param {number} [size] @param {number} [lastModified] */
const file = (name, size = 10, lastModified = 5) => /** @type {any} */ ({ name, size, type: '', lastModified });

/**
 * A box that keeps what it gets; `fail` may throw before a file goes.
 * @param {{fail?: (entry: any, attempt: number) => void, hold?: boolean}} [options]
 */
function world(options = {}) {
    const stored = new Set(['/Shared/taken.txt']);
    const folders = /** @type {string[]} */ ([]);
    const files = new Map();
    const shelf = new Map();
    const sent = /** @type {any[]} */ ([]);
    const terminated = /** @type {string[]} */ ([]);
    const questions = /** @type {string[]} */ ([]);
    const attempts = new Map();
    const waiting = /** @type {(() => void)[]} */ ([]);
    const state = { atOnce: 0, most: 0, answer: /** @type {any} */ ({ action: 'keep', all: false }) };
    let ids = 0;
    const carrier = {
        async send(/** @type {any} */ entry, /** @type {any} */ _, /** @type {any} */ watch) {
            state.atOnce += 1;
            state.most = Math.max(state.most, state.atOnce);
            try {
                attempts.set(entry.path, (attempts.get(entry.path) || 0) + 1);
                watch.onurl('/uploads/' + entry.id);
                if (options.hold) {
                    await new Promise((resolve, reject) => {
                        waiting.push(() => resolve(undefined));
                        watch.onstart(() => reject(new Broken('aborted')));
                    });
                }
                await Promise.resolve();
                if (options.fail) {
                    options.fail(entry, attempts.get(entry.path));
                }
                stored.add(entry.path);
                sent.push(entry.path);
                return { path: entry.path };
            } finally {
                state.atOnce -= 1;
            }
        },
        exists: async (/** @type {string} */ path) => stored.has(path),
        ensureFolder: async (/** @type {string} */ path) => { folders.push(path); },
        terminate: async (/** @type {string} */ url) => { terminated.push(url); },
        isTemporary: (/** @type {unknown} */ error) => error instanceof Broken,
        isLocked: (/** @type {unknown} */ error) => error instanceof Locked,
        explain: (/** @type {any} */ error) => error.message,
        keepFile: (/** @type {string} */ id, /** @type {any} */ one) => { files.set(id, one); },
        keptFile: async (/** @type {string} */ id) => files.get(id),
        dropFile: (/** @type {string} */ id) => { files.delete(id); },
    };
    const shelfOf = {
        read: (/** @type {string} */ id) => shelf.get(id) && JSON.parse(shelf.get(id)),
        write: (/** @type {string} */ id, /** @type {any} */ entry) => { shelf.set(id, JSON.stringify(entry)); },
        remove: (/** @type {string} */ id) => { shelf.delete(id); },
        ids: () => Array.from(shelf.keys()),
        isAlive: () => false,
    };
    const make = (tabId = 'one') => new UploadQueue(carrier, shelfOf, {
        tabId, newId: () => 'u' + (ids += 1), firstWaitMilliseconds: 1,
        ask: async (entry) => { questions.push(entry.name); return state.answer; },
    });
    return { make, stored, folders, files, shelf, sent, terminated, questions, state, waiting, attempts };
}

/** @param {() => boolean} condition */
async function until(condition) {
    for (let turn = 0; turn < 2000 && !condition(); turn += 1) {
        await new Promise((resolve) => { setTimeout(resolve, 1); });
    }
    assert.ok(condition());
}

test('files go two at a time, into folders that are made once', async () => {
    const here = world();
    const queue = here.make();
    queue.add('/Shared', ['a', 'b', 'c', 'd'].map((name) => ({ file: file(name), folders: ['Trip', 'Day 1'] })));
    await until(() => queue.isIdle);
    assert.deepEqual(here.sent.sort(), ['a', 'b', 'c', 'd'].map((name) => '/Shared/Trip/Day 1/' + name));
    assert.deepEqual(here.folders, ['/Shared/Trip', '/Shared/Trip/Day 1']);
    assert.equal(here.state.most, 2);
    assert.equal(here.shelf.size, 0);
    assert.equal(here.files.size, 0);
    assert.deepEqual(queue.totals(), { files: 4, done: 4, paused: 0, failed: 0, fileless: 0, bytes: 40, sent: 40 });
});

test('a broken line is tried again, an error is not', async () => {
    const here = world({
        fail: (entry, attempt) => {
            if (entry.name === 'slow' && attempt < 4) {
                throw new Broken();
            }
            if (entry.name === 'bad') {
                throw new Error('full');
            }
            if (entry.name === 'locked' && attempt < 3) {
                throw new Locked();
            }
        },
    });
    const queue = here.make();
    queue.add('/Shared', ['slow', 'bad', 'locked'].map((name) => ({ file: file(name), folders: [] })));
    await until(() => queue.isIdle);
    assert.equal(here.attempts.get('/Shared/slow'), 4);
    assert.equal(here.attempts.get('/Shared/bad'), 1);
    assert.equal(here.attempts.get('/Shared/locked'), 3);
    assert.deepEqual(queue.entries.map((entry) => [entry.name, entry.state, entry.error]), [['slow', 'done', undefined], ['bad', 'failed', 'full'], ['locked', 'done', undefined]]);
    assert.equal(here.shelf.size, 1);
});

test('a lock that stays is an error', async () => {
    const here = world({ fail: () => { throw new Locked('locked'); } });
    const queue = here.make();
    queue.add('/Shared', [{ file: file('a'), folders: [] }]);
    await until(() => queue.isIdle);
    assert.equal(queue.entries[0].state, 'failed');
    assert.equal(here.attempts.get('/Shared/a'), 6);
});

test('a name that is taken: keep both', async () => {
    const here = world();
    here.stored.add('/Shared/taken (2).txt');
    const queue = here.make();
    queue.add('/Shared', [{ file: file('taken.txt'), folders: [] }]);
    await until(() => queue.isIdle);
    assert.deepEqual(here.sent, ['/Shared/taken (3).txt']);
});

test('a name that is taken: skip, and replace for all', async () => {
    const here = world();
    here.stored.add('/Shared/b').add('/Shared/c');
    here.state.answer = { action: 'skip', all: false };
    const queue = here.make();
    queue.add('/Shared', [{ file: file('taken.txt'), folders: [] }]);
    await until(() => queue.isIdle);
    assert.deepEqual(here.sent, []);
    assert.equal(here.shelf.size, 0);
    here.state.answer = { action: 'replace', all: true };
    queue.add('/Shared', ['taken.txt', 'b', 'c'].map((name) => ({ file: file(name), folders: [] })));
    await until(() => queue.isIdle);
    assert.equal(here.sent.length, 3);
    assert.ok(queue.entries.every((entry) => entry.replaces));
    assert.equal(here.questions.length, 2);
    // The next time it is asked again.
    here.state.answer = { action: 'skip', all: false };
    queue.add('/Shared', [{ file: file('b'), folders: [] }]);
    await until(() => queue.isIdle);
    assert.equal(here.questions.length, 3);
});

test('in a chat names may be there twice, and folders are none', async () => {
    const here = world();
    here.stored.add('/Chats/!room/a');
    const queue = here.make();
    queue.add('/Chats/!room', [{ file: file('a'), folders: ['Trip'] }]);
    await until(() => queue.isIdle);
    assert.deepEqual(here.sent, ['/Chats/!room/a']);
    assert.deepEqual(here.questions, []);
    assert.deepEqual(here.folders, []);
});

test('pausing stops, resuming goes on, cancelling ends it on the box too', async () => {
    const here = world({ hold: true });
    const queue = here.make();
    queue.add('/Shared', ['a', 'b', 'c'].map((name) => ({ file: file(name), folders: [] })));
    await until(() => here.waiting.length === 2);
    queue.pause(queue.entries[0]);
    await until(() => here.waiting.length === 3);
    assert.deepEqual(queue.entries.map((entry) => entry.state), ['paused', 'sending', 'sending']);
    queue.pauseAll();
    await until(() => here.state.atOnce === 0);
    assert.ok(!queue.isSending && !queue.isIdle);
    queue.cancel(queue.entries[1]);
    assert.deepEqual(here.terminated, ['/uploads/u2']);
    queue.resumeAll();
    await until(() => here.waiting.length === 5);
    here.waiting.forEach((release) => release());
    await until(() => queue.isIdle);
    assert.deepEqual(here.sent.sort(), ['/Shared/a', '/Shared/c']);
});

test('a reload goes on with the files that the browser kept, and asks for the others', async () => {
    const here = world({ hold: true });
    const before = here.make();
    before.add('/Shared', ['kept', 'lost'].map((name) => ({ file: file(name), folders: [] })));
    await until(() => here.waiting.length === 2);
    before.stop();
    here.files.delete('u2');
    const after = here.make('two');
    await after.restore();
    assert.deepEqual(after.entries.map((entry) => [entry.name, entry.state, entry.url]), [['kept', 'sending', '/uploads/u1'], ['lost', 'fileless', '/uploads/u2']]);
    assert.equal(after.give(after.entries[1], file('lost', 11)), false);
    assert.equal(after.give(after.entries[1], file('lost', 10, 6)), false);
    // Adding the same file to the same folder continues the upload too.
    after.add('/Shared', [{ file: file('lost'), folders: [] }]);
    assert.equal(after.entries.length, 2);
    await until(() => here.waiting.length === 4);
    here.waiting.forEach((release) => release());
    await until(() => after.isIdle);
    assert.equal(here.shelf.size, 0);
    assert.deepEqual(here.questions, []);
});

test('uploads of other devices are offered, and found by name and size', async () => {
    const here = world();
    const queue = here.make();
    queue.learn([{ url: '/uploads/x', name: 'film', path: '/Shared/film', size: 10, offset: 4 }]);
    queue.learn([{ url: '/uploads/x', name: 'film', path: '/Shared/film', size: 10, offset: 4 }]);
    assert.equal(queue.entries.length, 1);
    assert.equal(queue.totals().files, 0);
    assert.equal(queue.give(queue.entries[0], file('film', 10, 99)), true);
    await until(() => queue.isIdle);
    assert.deepEqual(here.sent, ['/Shared/film']);
});

test('metadata is written as the protocol wants it', () => {
    assert.equal(metadataHeader({ filename: '发票.pdf', filetype: undefined, path: '/Shared/发票.pdf' }), 'filename 5Y+R56WoLnBkZg==,path L1NoYXJlZC/lj5HnpagucGRm');
});
