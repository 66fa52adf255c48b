import { path } from './api.js';
import { t } from './i18n.js';

/** @typedef {import('./api.js').Api} Api */

/**
 * @param {Api} api
 * @param {string} user a user name or a full user ID
 * @param {string} password
 */
export function logIn(api, user, password) {
    return api.post('/_matrix/client/v3/login', {
        type: 'm.login.password',
        identifier: { type: 'm.id.user', user },
        password,
        initial_device_display_name: deviceName(),
    });
}

/** @param {Api} api */
export function logOut(api) {
    return api.post('/_matrix/client/v3/logout', {});
}

/**
 * Makes an account, walking through whichever stages the box asks for.
 * spec: client-server-api/#user-interactive-authentication-api
 * @param {Api} api
 * @param {{username: string, password: string, token?: string}} wanted
 */
export async function signUp(api, wanted) {
    /** @type {any} */
    const body = { username: wanted.username, password: wanted.password, initial_device_display_name: deviceName() };
    return withAuthentication((auth) => api.post('/_matrix/client/v3/register', auth ? Object.assign({ auth }, body) : body), (stage) => {
        switch (stage) {
            case 'm.login.registration_token': return wanted.token ? { token: wanted.token } : null;
            case 'm.login.dummy': return {};
            default: return null;
        }
    });
}

/**
 * Runs a call that may ask for proof first, and answers each stage it asks for.
 * @param {(auth?: any) => Promise<any>} call
 * @param {(stage: string) => any} answer what goes beside `type` and `session`; null when the stage cannot be done here
 */
export async function withAuthentication(call, answer) {
    /** @type {any} */
    let auth;
    // No flow has more stages than this; a box that keeps asking must not keep us here.
    for (let round = 0; round < 6; round += 1) {
        try {
            return await call(auth);
        } catch (error) {
            const body = /** @type {any} */ (error).body;
            if (/** @type {any} */ (error).status !== 401 || !body || !Array.isArray(body.flows) || body.errcode) {
                throw error;
            }
            const next = nextStage(body, answer);
            if (!next) {
                throw error;
            }
            auth = Object.assign({ type: next, session: body.session }, answer(next));
        }
    }
    throw new Error('too many authentication stages');
}

/**
 * @param {any} body
 * @param {(stage: string) => any} answer
 * @returns {string|undefined}
 */
function nextStage(body, answer) {
    const completed = body.completed || [];
    for (const flow of body.flows) {
        const missing = flow.stages.filter((/** @type {string} */ stage) => !completed.includes(stage));
        if (missing.length > 0 && missing.every((/** @type {string} */ stage) => answer(stage) !== null)) {
            return missing[0];
        }
    }
    return undefined;
}

/**
 * @param {Api} api
 * @param {string} username
 * @returns {Promise<any>}
 */
export function usernameAvailable(api, username) {
    return api.get('/_matrix/client/v3/register/available', { username });
}

/**
 * @param {Api} api
 * @param {string} token
 * @returns {Promise<boolean>}
 */
export async function invitationIsValid(api, token) {
    const answer = await api.get('/_matrix/client/v1/register/m.login.registration_token/validity', { token });
    return answer.valid === true;
}

/**
 * @param {Api} api
 * @param {string} userId
 * @returns {Promise<{displayname?: string, avatar_url?: string}>}
 */
export function fetchProfile(api, userId) {
    return api.get(path`/_matrix/client/v3/profile/${userId}`);
}

/**
 * @param {Api} api
 * @param {string} userId
 * @param {string} field
 * @param {string} value
 */
export function setProfile(api, userId, field, value) {
    return api.put(path`/_matrix/client/v3/profile/${userId}/${field}`, { [field]: value });
}

/**
 * @param {Api} api
 * @param {string} userId
 * @param {string} oldPassword
 * @param {string} newPassword
 * @param {boolean} logoutDevices
 */
export function changePassword(api, userId, oldPassword, newPassword, logoutDevices) {
    return withAuthentication(
        (auth) => api.post('/_matrix/client/v3/account/password', { new_password: newPassword, logout_devices: logoutDevices, auth }),
        passwordStage(userId, oldPassword));
}

/** @param {Api} api */
export async function listDevices(api) {
    return (await api.get('/_matrix/client/v3/devices')).devices || [];
}

/**
 * @param {Api} api
 * @param {string} userId
 * @param {string} password
 * @param {string[]} devices
 */
export function deleteDevices(api, userId, password, devices) {
    return withAuthentication((auth) => api.post('/_matrix/client/v3/delete_devices', { devices, auth }), passwordStage(userId, password));
}

/**
 * @param {string} userId
 * @param {string} password
 */
function passwordStage(userId, password) {
    return (/** @type {string} */ stage) => stage === 'm.login.password' ? { identifier: { type: 'm.id.user', user: userId }, password } : null;
}

/** How this browser is called in the list of sessions. */
export function deviceName() {
    const agent = navigator.userAgent;
    const browser = /Firefox|FxiOS/.test(agent) ? 'Firefox' : /Edg/.test(agent) ? 'Edge' : /Chrome|CriOS/.test(agent) ? 'Chrome'
        : /Safari/.test(agent) ? 'Safari' : t('device.browser');
    const system = /Android/.test(agent) ? 'Android' : /iPhone/.test(agent) ? 'iPhone' : /iPad/.test(agent) ? 'iPad'
        : /Windows/.test(agent) ? 'Windows' : /Mac/.test(agent) ? 'Mac' : /Linux|X11/.test(agent) ? 'Linux' : t('device.computer');
    return t('device.name', { browser, system });
}
