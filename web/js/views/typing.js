import { t } from '../i18n.js';

/**
 * Who is writing, in one sentence; empty when nobody is.
 * @param {import('../room.js').Room} room
 * @returns {string}
 */
export function typingLine(room) {
    const names = room.typing.map((userId) => room.nameOf(userId));
    switch (names.length) {
        case 0: return '';
        case 1: return room.directUserId ? t('typing.direct') : t('typing.one', { name: names[0] });
        case 2: return t('typing.two', { first: names[0], second: names[1] });
        default: return t('typing.many', { count: names.length });
    }
}
