// Shapes that travel between modules. Event content is foreign input, hence `any`: readers check before they use it.

/**
 * @typedef {object} MatrixEvent
 * @property {string} event_id
 * @property {string} type
 * @property {string} sender
 * @property {number} origin_server_ts
 * @property {any} content
 * @property {string} [state_key]
 * @property {string} [redacts]
 * @property {any} [unsigned]
 */

/**
 * @typedef {object} Session
 * @property {string} userId
 * @property {string} deviceId
 * @property {string} accessToken
 */

/**
 * @typedef {object} Box What `GET /_landline/v1/box` says.
 * @property {string} name
 * @property {string} server_name
 * @property {'open'|'invite'|'closed'} registration
 * @property {boolean} owner_exists
 * @property {string} version
 */

/**
 * @typedef {object} Member
 * @property {string} userId
 * @property {string} name
 * @property {string} [avatar] an mxc:// address
 * @property {string} membership
 */

/**
 * @typedef {object} OutboxEntry
 * @property {string} id the transaction ID, the same at every attempt
 * @property {string} roomId
 * @property {string} type
 * @property {any} content
 * @property {number} order
 * @property {number} createdAt
 * @property {string} owner the tab that sends it
 * @property {'waiting'|'sending'|'sent'|'failed'} state
 * @property {{name: string, type: string, size: number}} [file]
 * @property {boolean} [uploaded]
 * @property {string} [uploadUrl] from which a broken upload goes on
 * @property {boolean} [cancelled]
 * @property {number} [progress] 0 to 1
 * @property {string} [eventId]
 * @property {string} [error]
 */

/**
 * @typedef {object} Item One row of a timeline.
 * @property {string} key
 * @property {'day'|'unread'|'notice'|'message'|'start'} kind
 * @property {string} version changes when the row must be drawn again
 * @property {MatrixEvent} [event]
 * @property {OutboxEntry} [entry]
 * @property {boolean} [own]
 * @property {boolean} [first] first of a group of the same sender
 * @property {boolean} [last]
 * @property {number} [time]
 * @property {string} [text]
 */

export {};
