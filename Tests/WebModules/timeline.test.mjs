import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildItems } from '../../web/js/items.js';
import { readByOthersIndex } from '../../web/js/receipts.js';
import { Store } from '../../web/js/state.js';
import { isRedacted } from '../../web/js/timeline.js';

const me = '@me:box';
const day = 86400000;
const noon = new Date(2026, 4, 5, 12).getTime();

const message = (id, sender = '@ann:box', more = {}) => Object.assign(
    { event_id: id, type: 'm.room.message', sender, origin_server_ts: noon, content: { msgtype: 'm.text', body: id } }, more);

const joined = (timeline, more = {}) => ({ next_batch: 's1', rooms: { join: { '!r': Object.assign({ timeline }, more) } } });

function storeWith(events, more) {
    const store = new Store(me);
    store.apply(joined({ events, prev_batch: 'p1' }, more));
    return store;
}

const room = (store) => store.rooms.get('!r');
const rows = (store, options = {}) => buildItems(room(store), [], Object.assign({ now: noon + 1000 }, options)).map((item) => item.kind + ':' + item.key);

test('the same event twice is one row', () => {
    const store = storeWith([message('$1'), message('$2')]);
    store.apply(joined({ events: [message('$2'), message('$3')] }));
    assert.deepEqual(room(store).timeline.events.map((event) => event.event_id), ['$1', '$2', '$3']);
});

test('a gap starts the timeline anew, with the token to fill it', () => {
    const store = storeWith([message('$1')]);
    store.apply(joined({ events: [message('$9')], limited: true, prev_batch: 'p9' }));
    assert.deepEqual(room(store).timeline.events.map((event) => event.event_id), ['$9']);
    assert.equal(room(store).timeline.oldestToken, 'p9');
});

test('history goes before, and ends at the creation of the room', () => {
    const store = storeWith([message('$3')]);
    room(store).timeline.prepend([message('$2'), message('$1')], 'p0');
    assert.deepEqual(room(store).timeline.events.map((event) => event.event_id), ['$1', '$2', '$3']);
    assert.equal(room(store).timeline.reachedStart, false);
    room(store).timeline.prepend([{ event_id: '$0', type: 'm.room.create', sender: me, origin_server_ts: noon, content: {}, state_key: '' }], undefined);
    assert.equal(room(store).timeline.reachedStart, true);
});

test('an edit by the author changes the text, one by somebody else does not', () => {
    const edit = (id, sender, body) => message(id, sender, {
        content: { msgtype: 'm.text', body: '* ' + body, 'm.new_content': { msgtype: 'm.text', body }, 'm.relates_to': { rel_type: 'm.replace', event_id: '$1' } },
    });
    const store = storeWith([message('$1'), edit('$e1', '@ann:box', 'better')]);
    const timeline = room(store).timeline;
    assert.equal(timeline.contentOf(timeline.events[0]).body, 'better');
    store.apply(joined({ events: [edit('$e2', '@eve:box', 'forged')] }));
    assert.notEqual(timeline.contentOf(timeline.events[0]).body, 'forged');
    assert.deepEqual(rows(store), ['day:day:$1', 'message:$1']);
});

test('a redaction empties the message; reactions come and go', () => {
    const store = storeWith([message('$1'), { event_id: '$r', type: 'm.reaction', sender: '@ann:box', origin_server_ts: noon,
        content: { 'm.relates_to': { rel_type: 'm.annotation', event_id: '$1', key: '👍' } } }]);
    const timeline = room(store).timeline;
    assert.equal(timeline.reactions.get('$1').get('👍').size, 1);
    store.apply(joined({ events: [{ event_id: '$x', type: 'm.room.redaction', sender: '@ann:box', origin_server_ts: noon, content: { redacts: '$r' } }] }));
    assert.equal(timeline.reactions.get('$1').size, 0);
    store.apply(joined({ events: [{ event_id: '$y', type: 'm.room.redaction', sender: '@ann:box', origin_server_ts: noon, content: {}, redacts: '$1' }] }));
    assert.equal(isRedacted(timeline.byId.get('$1')), true);
    assert.deepEqual(timeline.byId.get('$1').content, {});
});

test('messages of one person stand together, days and what is new are marked', () => {
    const store = storeWith([
        message('$1', '@ann:box', { origin_server_ts: noon - day }), message('$2'), message('$3'), message('$4', '@bob:box'),
    ]);
    assert.deepEqual(rows(store, { unreadAfter: '$2' }), ['day:day:$1', 'message:$1', 'day:day:$2', 'message:$2', 'unread:unread', 'message:$3', 'message:$4']);
    const items = buildItems(room(store), [], { now: noon });
    const shape = items.filter((item) => item.kind === 'message').map((item) => [item.first, item.last]);
    assert.deepEqual(shape, [[true, true], [true, false], [false, true], [true, true]]);
});

test('what waits to be sent comes last, and keeps its row when its event arrives', () => {
    const store = storeWith([message('$1')]);
    const entry = { id: 'w1', roomId: '!r', type: 'm.room.message', content: { msgtype: 'm.text', body: 'x' }, order: 1, createdAt: noon, owner: 't', state: 'waiting' };
    const items = buildItems(room(store), [entry], { now: noon });
    assert.equal(items[items.length - 1].key, 'w1');
    store.apply(joined({ events: [message('$2', me, { unsigned: { transaction_id: 'w1' } })] }));
    const sent = Object.assign({}, entry, { state: 'sent', eventId: '$2' });
    assert.deepEqual(buildItems(room(store), [sent], { now: noon }).filter((item) => item.kind === 'message').map((item) => item.key), ['$1', 'w1']);
});

test('letting go of old events ends at a place from which they can be loaded again', () => {
    const store = storeWith([message('$1'), message('$2')]);
    store.apply(joined({ events: [message('$3'), message('$4')], prev_batch: 'p3' }));
    const timeline = room(store).timeline;
    timeline.trim(1);
    assert.deepEqual(timeline.events.map((event) => event.event_id), ['$3', '$4']);
    assert.equal(timeline.oldestToken, 'p3');
});

test('rooms are ordered by arrival while we watch, whatever the clock says', () => {
    const store = new Store(me);
    const part = (id, time) => ({ timeline: { events: [message(id, '@ann:box', { origin_server_ts: time })] } });
    store.apply({ next_batch: 's1', rooms: { join: { '!a': part('$a', 2000), '!b': part('$b', 1000) } } });
    assert.deepEqual(store.sorted().map((one) => one.id), ['!a', '!b']);
    store.apply({ next_batch: 's2', rooms: { join: { '!b': part('$b2', 5) } } });
    assert.deepEqual(store.sorted().map((one) => one.id), ['!b', '!a']);
});

test('invitations come first, and go when they are declined', () => {
    const store = storeWith([message('$1')]);
    store.apply({ next_batch: 's2', rooms: { invite: { '!i': { invite_state: { events: [] } } } } });
    assert.deepEqual(store.sorted().map((one) => one.id), ['!i', '!r']);
    assert.equal(store.unreadTotal(), 1);
    store.apply({ next_batch: 's3', rooms: { leave: { '!i': {} } } });
    assert.deepEqual(store.sorted().map((one) => one.id), ['!r']);
});

test('an own message is read when somebody answers or their receipt is past it', () => {
    const store = storeWith([message('$1', me), message('$2', me), message('$3', me)]);
    assert.equal(readByOthersIndex(room(store)), -1);
    store.apply(joined({ events: [] }, { ephemeral: { events: [{ type: 'm.receipt', content: { $2: { 'm.read': { '@ann:box': { ts: 1 } } } } }] } }));
    assert.equal(readByOthersIndex(room(store)), 1);
    store.apply(joined({ events: [message('$4')] }));
    assert.equal(readByOthersIndex(room(store)), 3);
});
