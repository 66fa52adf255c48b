import { listOfNames } from './format.js';
import { t } from './i18n.js';
import { localpart } from './ids.js';

/**
 * What a room is called for this user.
 * spec: client-server-api/#calculating-the-display-name-for-a-room
 * @param {import('./room.js').Room} room
 * @returns {string}
 */
export function roomName(room) {
    if (room.isMyDevices) {
        return t('devices.room');
    }
    const named = room.stateContent('m.room.name').name;
    if (typeof named === 'string' && named.trim() !== '') {
        return named;
    }
    const alias = room.stateContent('m.room.canonical_alias').alias;
    if (typeof alias === 'string' && alias !== '') {
        return alias.slice(1).split(':')[0];
    }
    const names = others(room).map((userId) => room.nameOf(userId));
    if (names.length > 0) {
        return listOfNames(names.slice(0, 4));
    }
    const inviter = room.membership === 'invite' ? room.inviter() : undefined;
    return inviter ? room.nameOf(inviter) : t('room.empty');
}

/**
 * The other people that stand for a room without a name.
 * @param {import('./room.js').Room} room
 * @returns {string[]}
 */
export function others(room) {
    const heroes = room.summary['m.heroes'];
    if (Array.isArray(heroes) && heroes.length > 0) {
        return heroes;
    }
    const known = Array.from(room.members.values()).filter((member) => member.userId !== room.ownUserId);
    const present = known.filter((member) => member.membership === 'join' || member.membership === 'invite');
    return (present.length > 0 ? present : known).map((member) => member.userId).sort();
}

/**
 * The picture of a room: its own, or the other person's in a chat of two.
 * @param {import('./room.js').Room} room
 * @returns {{name: string, colourKey: string, mxc?: string, symbol?: string}}
 */
export function roomPicture(room) {
    const own = room.stateContent('m.room.avatar').url;
    const people = others(room);
    const other = room.directUserId || (people.length === 1 && !room.stateContent('m.room.name').name ? people[0] : undefined);
    const member = other ? room.members.get(other) : undefined;
    return {
        name: roomName(room),
        colourKey: other || room.id,
        mxc: typeof own === 'string' ? own : member && member.avatar,
        symbol: room.isMyDevices ? 'devices' : undefined,
    };
}

/**
 * @param {any} content of a membership event
 * @param {string} userId
 * @returns {string}
 */
export function memberName(content, userId) {
    const name = content && content.displayname;
    return typeof name === 'string' && name.trim() !== '' ? name : localpart(userId);
}
