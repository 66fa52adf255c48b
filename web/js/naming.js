import { localpart } from './ids.js';

const colourCount = 8;

/**
 * The first letter that stands for a name in a picture-less avatar; CJK names by their last character would be unusual, so the first it is.
 * @param {string} name
 * @returns {string}
 */
export function initial(name) {
    const letters = Array.from(name.replace(/^[@#!\s]+/, ''));
    return letters.length === 0 ? '?' : letters[0].toUpperCase();
}

/**
 * A stable colour number from 0 to 7.
 * @param {string} id
 * @returns {number}
 */
export function colourOf(id) {
    let hash = 0x811c9dc5;
    for (let index = 0; index < id.length; index += 1) {
        hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
    }
    // The names of one box end alike, and only the high bits have been mixed well by then.
    return ((hash ^ (hash >>> 15)) >>> 11) % colourCount;
}

/**
 * Adds the user name when two people in a room have the same display name.
 * spec: client-server-api/#calculating-the-display-name-for-a-user
 * @param {import('./types.js').Member} member
 * @param {Iterable<import('./types.js').Member>} others
 * @returns {string}
 */
export function distinctName(member, others) {
    for (const other of others) {
        if (other.userId !== member.userId && other.name === member.name && other.membership !== 'leave') {
            return member.name + ' (' + localpart(member.userId) + ')';
        }
    }
    return member.name;
}

/**
 * A user name made from a display name: what the box allows of it, or a short random one when nothing is left (a Chinese name, say).
 * @param {string} displayName
 * @param {() => string} randomName
 * @returns {string}
 */
export function deriveUsername(displayName, randomName) {
    const plain = displayName.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase();
    const name = plain.replace(/[^a-z0-9]+/g, '.').replace(/^[.]+|[.]+$/g, '').slice(0, 32);
    return /[a-z]/.test(name) ? name : displayName.trim() === '' ? '' : randomName();
}
