import { path } from './api.js';
import { randomId } from './ids.js';

/** @typedef {import('./api.js').Api} Api */

/**
 * @param {Api} api
 * @param {{name: string, topic?: string, isPublic: boolean, invite: string[]}} wanted
 * @returns {Promise<string>} the room ID
 */
export async function createRoom(api, wanted) {
    const answer = await api.post('/_matrix/client/v3/createRoom', {
        name: wanted.name,
        topic: wanted.topic || undefined,
        preset: wanted.isPublic ? 'public_chat' : 'private_chat',
        visibility: wanted.isPublic ? 'public' : 'private',
        invite: wanted.invite,
    });
    return answer.room_id;
}

/**
 * @param {Api} api
 * @param {string} userId
 * @returns {Promise<string>}
 */
export async function createDirectRoom(api, userId) {
    const answer = await api.post('/_matrix/client/v3/createRoom', { preset: 'trusted_private_chat', is_direct: true, invite: [userId] });
    return answer.room_id;
}

/**
 * @param {Api} api
 * @param {string} roomIdOrAlias
 * @returns {Promise<string>}
 */
export async function joinRoom(api, roomIdOrAlias) {
    return (await api.post(path`/_matrix/client/v3/join/${roomIdOrAlias}`, {})).room_id;
}

/**
 * @param {Api} api
 * @param {string} roomId
 */
export function leaveRoom(api, roomId) {
    return api.post(path`/_matrix/client/v3/rooms/${roomId}/leave`, {});
}

/**
 * @param {Api} api
 * @param {string} roomId
 * @param {string} userId
 */
export function inviteToRoom(api, roomId, userId) {
    return api.post(path`/_matrix/client/v3/rooms/${roomId}/invite`, { user_id: userId });
}

/**
 * @param {Api} api
 * @param {string} roomId
 * @returns {Promise<import('./types.js').MatrixEvent[]>}
 */
export async function fetchMembers(api, roomId) {
    return (await api.request('GET', path`/_matrix/client/v3/rooms/${roomId}/members`)).chunk || [];
}

/**
 * @param {Api} api
 * @param {string} roomId
 * @param {string} from
 * @param {number} limit
 */
export function fetchHistory(api, roomId, from, limit) {
    const filter = JSON.stringify({ lazy_load_members: true });
    return api.get(path`/_matrix/client/v3/rooms/${roomId}/messages`, { dir: 'b', from, limit, filter });
}

/**
 * @param {Api} api
 * @param {string} roomId
 * @param {string} eventId
 */
export function fetchEvent(api, roomId, eventId) {
    return api.get(path`/_matrix/client/v3/rooms/${roomId}/event/${eventId}`);
}

/**
 * @param {Api} api
 * @param {string} roomId
 * @param {string} type
 * @param {string} transactionId
 * @param {any} content
 * @returns {Promise<string>} the event ID
 */
export async function sendEvent(api, roomId, type, transactionId, content) {
    return (await api.put(path`/_matrix/client/v3/rooms/${roomId}/send/${type}/${transactionId}`, content)).event_id;
}

/**
 * @param {Api} api
 * @param {string} roomId
 * @param {string} eventId
 */
export function redactEvent(api, roomId, eventId) {
    return api.put(path`/_matrix/client/v3/rooms/${roomId}/redact/${eventId}/${randomId(16)}`, {});
}

/**
 * @param {Api} api
 * @param {string} roomId
 * @param {string} type
 * @param {any} content
 */
export function setRoomState(api, roomId, type, content) {
    return api.put(path`/_matrix/client/v3/rooms/${roomId}/state/${type}/`, content);
}

/**
 * @param {Api} api
 * @param {string} roomId
 * @param {string} userId
 * @param {boolean} typing
 */
export function setTyping(api, roomId, userId, typing) {
    return api.put(path`/_matrix/client/v3/rooms/${roomId}/typing/${userId}`, typing ? { typing, timeout: 10000 } : { typing });
}

/**
 * @param {Api} api
 * @param {string} roomId
 * @param {string} eventId
 */
export function markRead(api, roomId, eventId) {
    return api.post(path`/_matrix/client/v3/rooms/${roomId}/read_markers`, { 'm.fully_read': eventId, 'm.read': eventId });
}
