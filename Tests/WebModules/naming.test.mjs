import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pickLanguage, t, useLanguage } from '../../web/js/i18n.js';
import { colourOf, deriveUsername, initial } from '../../web/js/naming.js';
import { Room } from '../../web/js/room.js';
import { roomName } from '../../web/js/room-name.js';

const table = (name) => JSON.parse(readFileSync(new URL('../../web/lang/' + name + '.json', import.meta.url), 'utf8'));

test('user names are made of what the box allows', () => {
    assert.equal(deriveUsername('Anna Müller', () => 'x'), 'anna.muller');
    assert.equal(deriveUsername('  Bob  ', () => 'x'), 'bob');
    assert.equal(deriveUsername('小丽', () => 'user-ab2c'), 'user-ab2c');
    assert.equal(deriveUsername('', () => 'x'), '');
    assert.equal(deriveUsername('---', () => 'x'), 'x');
});

test('the language follows the choice, then the browser', () => {
    assert.equal(pickLanguage('zh-Hans', ['en-US']), 'zh-Hans');
    assert.equal(pickLanguage('auto', ['fr', 'zh-TW', 'en']), 'zh-Hans');
    assert.equal(pickLanguage('auto', ['de-DE']), 'en');
});

test('sentences take their values and the plural of their number', () => {
    useLanguage('en', table('en'));
    assert.equal(t('room.members', { count: 1 }), '1 member');
    assert.equal(t('room.members', { count: 2 }), '2 members');
    assert.equal(t('preview.from', { name: '{text}', text: '$&' }), '{text}: $&');
    useLanguage('zh-Hans', table('zh-Hans'));
    assert.equal(t('room.members', { count: 2 }), '2 位成员');
});

test('a room without a name is called after the others', () => {
    useLanguage('en', table('en'));
    const room = new Room('!r', '@me:box');
    room.applyState({ event_id: '$1', type: 'm.room.member', state_key: '@me:box', sender: '@me:box', origin_server_ts: 0, content: { membership: 'join' } });
    assert.equal(roomName(room), 'Empty room');
    room.applyState({ event_id: '$2', type: 'm.room.member', state_key: '@ann:box', sender: '@ann:box', origin_server_ts: 0, content: { membership: 'join', displayname: 'Ann' } });
    assert.equal(roomName(room), 'Ann');
    room.applyState({ event_id: '$3', type: 'm.room.name', state_key: '', sender: '@ann:box', origin_server_ts: 0, content: { name: 'Garden' } });
    assert.equal(roomName(room), 'Garden');
});

test('initials and colours', () => {
    assert.equal(initial('anna'), 'A');
    assert.equal(initial('李小丽'), '李');
    assert.equal(initial('👍 x'), '👍');
    assert.equal(initial('@'), '?');
    const colours = new Set(Array.from({ length: 60 }, (_, index) => colourOf('@user' + index + ':kitchen.local')));
    assert.equal(colours.size, 8);
});
