import { readStored, removeStored, storedKeys, writeStored } from './storage.js';

const key = 'session';

/** @returns {import('./types.js').Session | null} */
export function loadSession() {
    const kept = readStored(key);
    return kept && kept.userId && kept.accessToken && kept.deviceId ? kept : null;
}

/** @param {import('./types.js').Session} session */
export function saveSession(session) {
    writeStored(key, session);
}

/** Forgets the account on this browser: its token, drafts and unsent messages. The language and the theme stay. */
export function forgetSession() {
    removeStored(key);
    for (const start of ['draft.', 'outbox.', 'upload.', 'leader']) {
        storedKeys(start).forEach(removeStored);
    }
}

/**
 * What a login or registration answer holds.
 * @param {any} answer
 * @returns {import('./types.js').Session}
 */
export function sessionFrom(answer) {
    return { userId: answer.user_id, deviceId: answer.device_id, accessToken: answer.access_token };
}

/**
 * Calls back when another tab logs in or out.
 * @param {() => void} changed
 */
export function watchSession(changed) {
    window.addEventListener('storage', (event) => {
        if (event.key === 'landline.' + key) {
            changed();
        }
    });
}
