// localStorage throws in some private modes and when it is full. What cannot be kept is kept in memory until the tab closes.

/** @type {Map<string, string>} */
const memory = new Map();
const prefix = 'landline.';

/**
 * @param {string} key
 * @returns {any} null when there is nothing readable
 */
export function readStored(key) {
    let text = memory.get(key);
    try {
        const kept = localStorage.getItem(prefix + key);
        text = kept === null ? text : kept;
    } catch (error) {
        // The copy in memory is all there is.
    }
    if (text === undefined) {
        return null;
    }
    try {
        return JSON.parse(text);
    } catch (error) {
        return null;
    }
}

/**
 * @param {string} key
 * @param {any} value
 */
export function writeStored(key, value) {
    const text = JSON.stringify(value);
    try {
        localStorage.setItem(prefix + key, text);
        memory.delete(key);
    } catch (error) {
        memory.set(key, text);
    }
}

/** @param {string} key */
export function removeStored(key) {
    memory.delete(key);
    try {
        localStorage.removeItem(prefix + key);
    } catch (error) {
        // Nothing was kept.
    }
}

/**
 * @param {string} start
 * @returns {string[]} the keys that begin so
 */
export function storedKeys(start) {
    const keys = new Set(Array.from(memory.keys()));
    try {
        for (let index = 0; index < localStorage.length; index += 1) {
            const key = localStorage.key(index) || '';
            if (key.startsWith(prefix)) {
                keys.add(key.slice(prefix.length));
            }
        }
    } catch (error) {
        // Only the keys in memory.
    }
    return Array.from(keys).filter((key) => key.startsWith(start));
}
