import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emojiCount, linkify } from '../../web/js/linkify.js';

const links = (text) => linkify(text).filter((part) => part.href).map((part) => part.href);
const whole = (text) => linkify(text).map((part) => part.text).join('');

test('finds addresses and gives the punctuation back', () => {
    assert.deepEqual(links('see https://a.example/b?c=d#e.'), ['https://a.example/b?c=d#e']);
    assert.deepEqual(links('(http://a.example/x)'), ['http://a.example/x']);
    assert.deepEqual(links('http://a.example/x_(y) and http://b.example!'), ['http://a.example/x_(y)', 'http://b.example']);
    assert.deepEqual(links('http://192.168.1.5:8008/j/K7QF2M'), ['http://192.168.1.5:8008/j/K7QF2M']);
});

test('Chinese punctuation ends an address', () => {
    assert.deepEqual(links('请看http://a.example/b。谢谢'), ['http://a.example/b']);
    assert.deepEqual(links('（http://a.example/b）'), ['http://a.example/b']);
});

test('nothing but http and https becomes a link', () => {
    for (const text of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'ftp://a.example', 'http://', 'https://"onclick=x', '<b>http:</b>']) {
        assert.deepEqual(links(text), [], text);
    }
});

test('no text is lost or changed', () => {
    for (const text of ['', 'plain', 'a http://b.example c http://d.example', 'http://a.example', '))) http://a.example))) ((', 'http://x.example/...,,,']) {
        assert.equal(whole(text), text);
    }
});

test('long input takes no long time', () => {
    const start = Date.now();
    linkify('http://a.example/' + '('.repeat(5000) + ')'.repeat(5000));
    linkify('http://'.repeat(5000));
    assert.ok(Date.now() - start < 1000);
});

test('only a message of nothing but emoji counts', () => {
    assert.equal(emojiCount('😍'), 1);
    assert.equal(emojiCount('👨‍👩‍👧 👍🏽'), 2);
    assert.equal(emojiCount('🇨🇳❤️'), 2);
    assert.equal(emojiCount('ok 👍'), 0);
    assert.equal(emojiCount('123'), 0);
    assert.equal(emojiCount(''), 0);
});
