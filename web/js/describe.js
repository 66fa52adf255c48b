import { t } from './i18n.js';
import { localpart } from './ids.js';
import { memberName } from './room-name.js';

/** @typedef {import('./types.js').MatrixEvent} MatrixEvent */

/**
 * One grey line that says what a state event did; null for those that nobody needs to see.
 * @param {MatrixEvent} event
 * @param {import('./room.js').Room} room
 * @returns {string|null}
 */
export function describe(event, room) {
    const name = room.nameOf(event.sender);
    // Between two people it is no news how the room came to be.
    if (room.directUserId && (event.type === 'm.room.create' || (event.type === 'm.room.member' && ['join', 'invite'].includes(event.content.membership)))) {
        return null;
    }
    switch (event.type) {
        case 'm.room.member': return describeMember(event, name, room);
        case 'm.room.create': return t('event.created', { name });
        case 'm.room.name': return event.content.name ? t('event.named', { name, room: event.content.name }) : t('event.unnamed', { name });
        case 'm.room.topic': return event.content.topic ? t('event.topic', { name, topic: event.content.topic }) : t('event.topicRemoved', { name });
        case 'm.room.avatar': return t('event.roomPicture', { name });
        case 'm.room.encryption': return t('event.encrypted', { name });
        case 'm.room.tombstone': return t('event.replaced');
        default: return null;
    }
}

/**
 * @param {MatrixEvent} event
 * @param {string} actor
 * @param {import('./room.js').Room} room
 * @returns {string|null}
 */
function describeMember(event, actor, room) {
    const userId = event.state_key || '';
    const before = (event.unsigned && event.unsigned.prev_content) || {};
    const now = event.content || {};
    const self = event.sender === userId;
    const known = room.members.get(userId);
    const name = known ? known.name : memberName(now.displayname ? now : before, userId);
    switch (now.membership) {
        case 'join':
            return before.membership === 'join' ? describeProfile(before, now, userId) : t('event.joined', { name });
        case 'invite':
            return t('event.invited', { name: actor, other: name });
        case 'leave':
            if (self) {
                return before.membership === 'invite' ? t('event.declined', { name }) : t('event.left', { name });
            }
            return before.membership === 'ban' ? t('event.unbanned', { name: actor, other: name })
                : before.membership === 'invite' ? t('event.uninvited', { name: actor, other: name })
                    : t('event.removed', { name: actor, other: name });
        case 'ban':
            return t('event.banned', { name: actor, other: name });
        case 'knock':
            return t('event.knocked', { name });
        default:
            return null;
    }
}

/**
 * @param {any} before
 * @param {any} now
 * @param {string} userId
 */
function describeProfile(before, now, userId) {
    const oldName = memberName(before, userId);
    const newName = memberName(now, userId);
    // Everyone starts with their user name and takes a real one a moment later: that is no news.
    if (oldName !== newName && oldName === localpart(userId)) {
        return null;
    }
    if (oldName !== newName) {
        return t('event.renamed', { old: oldName, name: newName });
    }
    return before.avatar_url !== now.avatar_url ? t('event.picture', { name: newName }) : null;
}

/**
 * A message in one line, as in the room list.
 * @param {any} content
 * @param {string} type
 * @param {boolean} redacted
 * @returns {{text: string, icon?: string}}
 */
export function summarise(content, type, redacted) {
    if (redacted) {
        return { text: t('message.deleted'), icon: 'trash' };
    }
    if (type === 'm.room.encrypted') {
        return { text: t('message.encrypted'), icon: 'lock' };
    }
    const body = typeof content.body === 'string' ? withoutReplyFallback(content.body, content).replace(/\s+/g, ' ').slice(0, 160) : '';
    switch (content.msgtype) {
        case 'm.image': return { text: t('message.photo'), icon: 'image' };
        case 'm.video': return { text: t('message.video'), icon: 'video' };
        case 'm.audio': return { text: t('message.audio'), icon: 'audio' };
        case 'm.file': return { text: content.filename || body || t('message.file'), icon: 'file' };
        default: return type === 'm.sticker' ? { text: t('message.sticker'), icon: 'image' } : { text: body };
    }
}

/**
 * Older clients put the quoted message, marked with `>`, before the answer.
 * @param {string} body
 * @param {any} content
 * @returns {string}
 */
export function withoutReplyFallback(body, content) {
    const relation = content['m.relates_to'];
    if (!relation || !relation['m.in_reply_to'] || !body.startsWith('> ')) {
        return body;
    }
    const lines = body.split('\n');
    const end = lines.findIndex((line) => !line.startsWith('>'));
    return end < 0 ? body : lines.slice(lines[end] === '' ? end + 1 : end).join('\n');
}
