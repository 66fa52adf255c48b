import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Outbox } from '../../web/js/outbox.js';

class Temporary extends Error {}

/** A box that can be away, and remembers what it took under which transaction ID. */
class FakeBox {
    constructor() {
        this.taken = [];
        this.attempts = [];
        this.forgotten = [];
        this.away = false;
        this.answersGetLost = 0;
        this.refused = new Set();
    }

    async deliver(entry) {
        this.attempts.push(entry.id);
        await null;
        if (this.away) {
            throw new Temporary();
        }
        if (this.refused.has(entry.content.body)) {
            throw new Error('refused');
        }
        if (!this.taken.some((one) => one.id === entry.id)) {
            this.taken.push({ id: entry.id, body: entry.content.body, room: entry.roomId });
        }
        if (this.answersGetLost > 0) {
            this.answersGetLost -= 1;
            throw new Temporary();
        }
        return '$' + entry.id;
    }

    isTemporary(error) {
        return error instanceof Temporary;
    }

    forget(entry) {
        this.forgotten.push(entry.id);
    }
}

function makeShelf() {
    const kept = new Map();
    return {
        kept,
        alive: new Set(),
        read: (id) => (kept.has(id) ? JSON.parse(kept.get(id)) : null),
        write: (id, entry) => kept.set(id, JSON.stringify(entry)),
        remove: (id) => kept.delete(id),
        ids: () => Array.from(kept.keys()),
        isAlive(tab) { return this.alive.has(tab); },
    };
}

let lastId = 0;

function makeOutbox(box, shelf, tabId = 'tab') {
    return new Outbox(shelf, box, { tabId, newId: () => 'id' + (lastId += 1), now: () => 1000, firstWaitMilliseconds: 2 });
}

function text(outbox, body, room = '!r') {
    return outbox.add(room, 'm.room.message', { msgtype: 'm.text', body });
}

/** Waits until nothing is on its way. */
async function settled(outbox) {
    for (let turn = 0; turn < 2000 && outbox.lanes.size > 0; turn += 1) {
        await new Promise((resolve) => setTimeout(resolve, 2));
    }
    assert.equal(outbox.lanes.size, 0, 'the outbox did not come to rest');
}

test('sends in the order of writing, each once', async () => {
    const box = new FakeBox();
    const outbox = makeOutbox(box, makeShelf());
    ['a', 'b', 'c', 'd'].forEach((body) => text(outbox, body));
    await settled(outbox);
    assert.deepEqual(box.taken.map((one) => one.body), ['a', 'b', 'c', 'd']);
    assert.equal(box.attempts.length, 4);
});

test('a lost answer leads to the same transaction ID again, and to no second message', async () => {
    const box = new FakeBox();
    box.answersGetLost = 3;
    const outbox = makeOutbox(box, makeShelf());
    text(outbox, 'a');
    text(outbox, 'b');
    await settled(outbox);
    assert.deepEqual(box.taken.map((one) => one.body), ['a', 'b']);
    assert.equal(new Set(box.attempts).size, 2);
    assert.ok(box.attempts.length > 2);
});

test('what waits while the box is away keeps its order when it comes back', async () => {
    const box = new FakeBox();
    box.away = true;
    const outbox = makeOutbox(box, makeShelf());
    ['1', '2', '3'].forEach((body) => text(outbox, body));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(box.taken, []);
    assert.equal(outbox.hasUnsent, true);
    // Only the head of the queue is tried.
    assert.equal(new Set(box.attempts).size, 1);
    box.away = false;
    outbox.wake();
    await settled(outbox);
    assert.deepEqual(box.taken.map((one) => one.body), ['1', '2', '3']);
});

test('entries outlive a reload with their transaction IDs and their order', async () => {
    const box = new FakeBox();
    box.away = true;
    const shelf = makeShelf();
    const before = makeOutbox(box, shelf, 'old tab');
    ['1', '2', '3'].forEach((body) => text(before, body));
    const ids = before.entries.map((entry) => entry.id);
    before.stop();
    box.away = false;
    const after = makeOutbox(box, shelf, 'new tab');
    after.restore();
    await settled(after);
    assert.deepEqual(box.taken.map((one) => one.id), ids);
    assert.equal(shelf.kept.size, 0);
});

test('the entries of another tab that lives are left to it', () => {
    const box = new FakeBox();
    box.away = true;
    const shelf = makeShelf();
    const other = makeOutbox(box, shelf, 'other');
    text(other, 'mine');
    shelf.alive.add('other');
    const here = makeOutbox(box, shelf, 'here');
    here.restore();
    assert.equal(here.entries.length, 0);
    other.stop();
});

test('a refusal fails one entry and not the next; trying again sends it', async () => {
    const box = new FakeBox();
    box.refused.add('bad');
    const outbox = makeOutbox(box, makeShelf());
    const bad = text(outbox, 'bad');
    text(outbox, 'good');
    await settled(outbox);
    assert.equal(bad.state, 'failed');
    assert.deepEqual(box.taken.map((one) => one.body), ['good']);
    box.refused.clear();
    outbox.retry(bad.id);
    await settled(outbox);
    assert.equal(bad.state, 'sent');
    assert.equal(box.attempts.filter((id) => id === bad.id).length, 2);
});

test('a file on its way does not hold up a text', async () => {
    const box = new FakeBox();
    let finish = () => {};
    const deliver = box.deliver.bind(box);
    box.deliver = async (entry) => {
        if (entry.file) {
            await new Promise((resolve) => { finish = resolve; });
        }
        return deliver(entry);
    };
    const outbox = makeOutbox(box, makeShelf());
    outbox.add('!r', 'm.room.message', { body: 'film' }, { name: 'film', type: 'video/mp4', size: 1 });
    text(outbox, 'word');
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(box.taken.map((one) => one.body), ['word']);
    finish();
    await settled(outbox);
    assert.deepEqual(box.taken.map((one) => one.body), ['word', 'film']);
});

test('a cancelled entry is not sent, and lets go of its file', async () => {
    const box = new FakeBox();
    box.away = true;
    const shelf = makeShelf();
    const outbox = makeOutbox(box, shelf);
    const first = text(outbox, 'first');
    text(outbox, 'second');
    await new Promise((resolve) => setTimeout(resolve, 1));
    outbox.cancel(first.id);
    assert.deepEqual(box.forgotten, [first.id]);
    box.away = false;
    outbox.wake();
    await settled(outbox);
    assert.deepEqual(box.taken.map((one) => one.body), ['second']);
    assert.equal(shelf.kept.size, 0);
});

test('a sent entry stays in view until its event arrives', async () => {
    const box = new FakeBox();
    const outbox = makeOutbox(box, makeShelf());
    const entry = text(outbox, 'a');
    await settled(outbox);
    assert.equal(outbox.entriesFor('!r').length, 1);
    outbox.settle('!r', (eventId) => eventId === '$other');
    assert.equal(outbox.entriesFor('!r').length, 1);
    outbox.settle('!r', (eventId, transactionId) => transactionId === entry.id);
    assert.equal(outbox.entriesFor('!r').length, 0);
});
