const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/**
 * A random name without look-alike letters. `crypto.randomUUID` does not exist on plain http, `getRandomValues` does.
 * @param {number} length
 * @returns {string}
 */
export function randomId(length) {
    const bytes = new Uint8Array(length);
    crypto.getRandomValues(bytes);
    return Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join('');
}

/**
 * The part of `@name:box` that people read.
 * @param {string} userId
 * @returns {string}
 */
export function localpart(userId) {
    const end = userId.indexOf(':');
    return end > 1 ? userId.slice(1, end) : userId;
}
