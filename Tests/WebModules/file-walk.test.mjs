import assert from 'node:assert/strict';
import test from 'node:test';
import { pickedByDrop, pickedByField, walk } from '../../web/js/files/walk.js';

/** @param {string} name */
const file = (name) => ({ isFile: true, isDirectory: false, name, file: (/** @type {any} */ take) => take({ name }) });

/**
 * A folder as a browser gives it: at most two entries at a time, and then nothing.
 * @param {string} name
 * @param {any[]} children
 */
function folder(name, children) {
    return {
        isFile: false, isDirectory: true, name,
        createReader() {
            let next = 0;
            return { readEntries: (/** @type {any} */ take) => { take(children.slice(next, next + 2)); next += 2; } };
        },
    };
}

const shown = (/** @type {any[]} */ files) => files.map((one) => one.folders.concat(one.file.name).join('/')).sort();

test('folders are opened, however many files they hold', async () => {
    const many = Array.from({ length: 7 }, (_, index) => file('n' + index));
    const { files, emptyFolders } = await walk(/** @type {any} */ ([file('alone'), folder('a', [folder('b', many), file('x'), folder('nothing', [])])]));
    assert.deepEqual(shown(files), ['a/b/n0', 'a/b/n1', 'a/b/n2', 'a/b/n3', 'a/b/n4', 'a/b/n5', 'a/b/n6', 'a/x', 'alone']);
    assert.deepEqual(emptyFolders, [['a', 'nothing']]);
});

test('a drop without entries gives its files', async () => {
    const data = /** @type {any} */ ({ items: [{ kind: 'file' }], files: [{ name: 'x' }] });
    assert.deepEqual(shown((await pickedByDrop(data)).files), ['x']);
});

test('a drop with entries gives what is in them', async () => {
    const data = /** @type {any} */ ({ items: [{ kind: 'string' }, { kind: 'file', webkitGetAsEntry: () => folder('a', [file('x')]) }], files: [{ name: 'a' }] });
    assert.deepEqual(shown((await pickedByDrop(data)).files), ['a/x']);
});

test('a field for folders tells the way to each file', () => {
    const list = /** @type {any} */ ([{ name: 'x', webkitRelativePath: 'a/b/x' }, { name: 'y', webkitRelativePath: '' }]);
    assert.deepEqual(shown(pickedByField(list)), ['a/b/x', 'y']);
});
