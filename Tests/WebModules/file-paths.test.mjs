import assert from 'node:assert/strict';
import test from 'node:test';
import { kindOf } from '../../web/js/files/kinds.js';
import { ancestors, bin, davAddress, folderFromHash, folderHref, freeName, isWithin, joinPath, nameOf, nameProblem, parentOf, splitName, tidyName } from '../../web/js/files/paths.js';

test('paths are taken apart and put together', () => {
    assert.equal(joinPath('/', 'Shared'), '/Shared');
    assert.equal(joinPath('/Shared', 'a b'), '/Shared/a b');
    assert.equal(nameOf('/Shared/a b'), 'a b');
    assert.equal(parentOf('/Shared/a b'), '/Shared');
    assert.equal(parentOf('/Shared'), '/');
    assert.deepEqual(ancestors('/Shared/a/b'), ['/Shared', '/Shared/a', '/Shared/a/b']);
    assert.deepEqual(ancestors('/'), []);
    assert.ok(isWithin('/Shared/a', '/Shared') && isWithin('/Shared', '/Shared') && isWithin('/Shared', '/'));
    assert.ok(!isWithin('/Shared Photos', '/Shared'));
});

test('any name goes through an address and comes back', () => {
    for (const path of ['/', '/Shared', '/Shared/100 %/a#b?c', '/Private/发票/三月.pdf', '/Chats/!room:box.local/a&b', '/Shared/..hidden', '/Shared/%2F', "/Shared/it's (1) +;=@", bin]) {
        assert.equal(folderFromHash(folderHref(path)), path);
    }
    assert.equal(davAddress('/Shared/100 %/a#b?c'), '/dav/Shared/100%20%25/a%23b%3Fc');
    assert.equal(folderFromHash('#/room/x'), null);
    assert.equal(folderFromHash('#/filesystem'), null);
    assert.equal(folderFromHash('#/files/%E0%A4%A'), '/');
});

test('a name that is taken gets a number before its ending', () => {
    const taken = new Set(['hut.jpg', 'hut (2).jpg', 'notes', 'all.tar.gz', '.profile']);
    const isTaken = (/** @type {string} */ name) => taken.has(name);
    assert.equal(freeName('new.jpg', isTaken), 'new.jpg');
    assert.equal(freeName('hut.jpg', isTaken), 'hut (3).jpg');
    assert.equal(freeName('notes', isTaken), 'notes (2)');
    assert.equal(freeName('all.tar.gz', isTaken), 'all (2).tar.gz');
    assert.equal(freeName('.profile', isTaken), '.profile (2)');
    assert.deepEqual(splitName('Minutes 3. May'), ['Minutes 3. May', '']);
});

test('names are checked as the box checks them', () => {
    assert.equal(nameProblem('Holiday 2026'), '');
    assert.equal(nameProblem(''), 'files.nameMissing');
    assert.equal(nameProblem('..'), 'files.nameMissing');
    assert.equal(nameProblem('a/b'), 'files.nameLetters');
    assert.equal(nameProblem('a\nb'), 'files.nameLetters');
    assert.equal(nameProblem('ä'.repeat(127)), '');
    assert.equal(nameProblem('ä'.repeat(128)), 'files.nameLong');
});

test('names from elsewhere become such as the box takes', () => {
    assert.equal(tidyName('u\u0308ber.txt'), 'über.txt');
    assert.equal(tidyName('a/b\u0000c'), 'a_b_c');
    assert.equal(tidyName('..'), '_');
    assert.equal(tidyName(''), '_');
    const long = tidyName('😀'.repeat(100) + '.jpg');
    assert.equal(nameProblem(long), '');
    assert.ok(long.endsWith('😀.jpg'));
});

test('what a file is', () => {
    assert.equal(kindOf({ kind: 'folder', name: 'a.jpg' }), 'folder');
    assert.equal(kindOf({ name: 'x', content_type: 'image/jpeg' }), 'picture');
    assert.equal(kindOf({ name: 'x.svg', content_type: 'image/svg+xml' }), 'file');
    assert.equal(kindOf({ name: 'x.html', content_type: 'text/html' }), 'text');
    assert.equal(kindOf({ name: 'x.MP4', content_type: 'application/octet-stream' }), 'video');
    assert.equal(kindOf({ name: 'x.mp3' }), 'audio');
    assert.equal(kindOf({ name: 'x.pdf', content_type: 'application/pdf' }), 'pdf');
    assert.equal(kindOf({ name: 'x.zip', content_type: 'application/zip' }), 'archive');
    assert.equal(kindOf({ name: 'program', content_type: 'application/octet-stream' }), 'file');
});
