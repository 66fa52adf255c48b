import assert from 'node:assert/strict';
import { test } from 'node:test';

const kept = new Map();
globalThis.localStorage = {
    getItem: (key) => (kept.has(key) ? kept.get(key) : null), setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key),
    key: (index) => Array.from(kept.keys())[index], get length() { return kept.size; },
};
const { Leader } = await import('../../web/js/leader.js');
const channel = { postMessage() {}, addEventListener() {} };

test('one tab leads until it gives the lease back', () => {
    kept.clear();
    const first = new Leader('a', channel);
    const second = new Leader('b', channel);
    first.claim();
    second.claim();
    assert.deepEqual([first.leads, second.leads], [true, false]);
    first.release();
    second.claim();
    first.claim();
    assert.deepEqual([first.leads, second.leads], [false, true]);
});

test('a lease that ran out, or was written before the clock was set back, holds nobody', () => {
    for (const until of [Date.now() - 1, Date.now() + 3600000]) {
        kept.clear();
        kept.set('landline.leader', JSON.stringify({ tab: 'gone', until }));
        const leader = new Leader('a', channel);
        leader.claim();
        assert.equal(leader.leads, true);
    }
});

test('without a channel every tab leads itself', () => {
    assert.equal(new Leader('a', null).leads, true);
});
