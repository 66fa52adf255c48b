import { readStored, removeStored, writeStored } from './storage.js';

/**
 * @param {string} roomId
 * @returns {string}
 */
export function draftFor(roomId) {
    const text = readStored('draft.' + roomId);
    return typeof text === 'string' ? text : '';
}

/**
 * @param {string} roomId
 * @param {string} text
 */
export function keepDraft(roomId, text) {
    if (text.trim() === '') {
        removeStored('draft.' + roomId);
    } else {
        writeStored('draft.' + roomId, text);
    }
}
