import { path } from './api.js';

/** @typedef {import('./api.js').Api} Api */

/**
 * @typedef {object} Person
 * @property {string} user_id
 * @property {string} [display_name]
 * @property {string} [avatar_url]
 */

/**
 * @param {Api} api
 * @param {string} term
 * @returns {Promise<Person[]>}
 */
export async function searchPeople(api, term) {
    return (await api.post('/_matrix/client/v3/user_directory/search', { search_term: term, limit: 30 })).results || [];
}

/**
 * @param {Api} api
 * @param {string} userId
 * @param {any} content
 */
export function setDirectRooms(api, userId, content) {
    return api.put(path`/_matrix/client/v3/user/${userId}/account_data/m.direct`, content);
}

/**
 * @param {Api} api
 * @param {string} term
 * @param {string} [since]
 * @returns {Promise<{chunk: any[], next_batch?: string}>}
 */
export function searchPublicRooms(api, term, since) {
    return api.post('/_matrix/client/v3/publicRooms', { limit: 30, since, filter: term ? { generic_search_term: term } : undefined });
}
