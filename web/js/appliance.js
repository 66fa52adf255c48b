// The box's own calls, beside the Matrix ones.
import { path } from './api.js';

/** @typedef {import('./api.js').Api} Api */

/**
 * @typedef {object} Invitation
 * @property {string} token
 * @property {string} link
 * @property {number} [uses]
 * @property {number} [uses_remaining]
 * @property {number} [expires_ts]
 */

/**
 * @param {Api} api
 * @returns {Promise<import('./types.js').Box>}
 */
export function fetchBox(api) {
    return api.get('/_landline/v1/box');
}

/**
 * @param {Api} api
 * @returns {Promise<{user_id: string, admin: boolean, my_devices_room?: string}>}
 */
export function fetchMe(api) {
    return api.get('/_landline/v1/me');
}

/**
 * @param {Api} api
 * @param {number} uses
 * @param {number} expiresSeconds
 * @returns {Promise<Invitation>}
 */
export function createInvitation(api, uses, expiresSeconds) {
    return api.post('/_landline/v1/invites', { uses, expires_seconds: expiresSeconds });
}

/**
 * @param {Api} api
 * @returns {Promise<Invitation[]>}
 */
export async function listInvitations(api) {
    const answer = await api.get('/_landline/v1/invites');
    return Array.isArray(answer) ? answer : answer.invites || [];
}

/**
 * @param {Api} api
 * @param {string} token
 */
export function revokeInvitation(api, token) {
    return api.request('DELETE', path`/_landline/v1/invites/${token}`);
}

/**
 * The address of a QR code that the box draws.
 * @param {string} text
 * @returns {string}
 */
export function qrCodeAddress(text) {
    return '/_landline/v1/qr.svg?text=' + encodeURIComponent(text);
}
