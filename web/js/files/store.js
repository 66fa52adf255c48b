// Calls of the file store. Reading is JSON; what changes the tree goes by WebDAV methods.
import { MatrixError, path as apiPath } from '../api.js';
import { davAddress } from './paths.js';

/** @typedef {import('../api.js').Api} Api */

/**
 * @typedef {object} FileNode
 * @property {string} id
 * @property {string} name
 * @property {string} path
 * @property {'folder'|'file'} kind
 * @property {number} [size] bytes
 * @property {string} [content_type]
 * @property {number} [modified_ts]
 * @property {number} [created_ts]
 * @property {string} [etag]
 * @property {string} [user_id]
 * @property {string} [room_id]
 * @property {string} [event_id]
 * @property {string} [mxc]
 * @property {boolean} [encrypted]
 * @property {string[]} [can]
 * @property {number} [deleted_ts]
 * @property {string} [original_path]
 */

/** @typedef {{sort: 'name'|'modified'|'size', dir: 'f'|'b'}} Order */

/**
 * @param {Api} api
 * @param {string} folder
 * @param {Order & {limit: number, from?: string}} options
 * @returns {Promise<{folder: FileNode, files: FileNode[], next_batch?: string}>}
 */
export function listFolder(api, folder, options) {
    return api.get('/_landline/v1/files/list', { path: folder, from: options.from, limit: options.limit, sort: options.sort, dir: options.dir });
}

/**
 * @param {Api} api
 * @param {string} text
 * @param {number} limit
 * @returns {Promise<FileNode[]>}
 */
export async function searchFiles(api, text, limit) {
    return (await api.get('/_landline/v1/files/search', { q: text, limit })).results || [];
}

/**
 * @param {Api} api
 * @returns {Promise<FileNode[]>}
 */
export async function listBin(api) {
    return (await api.get('/_landline/v1/files/bin')).files || [];
}

/**
 * @param {Api} api
 * @param {string} id
 * @returns {Promise<FileNode>}
 */
export function restoreFromBin(api, id) {
    return api.post(apiPath`/_landline/v1/files/bin/${id}/restore`, {});
}

/**
 * @param {Api} api
 * @param {string} [id] all when it is missing
 */
export function purgeBin(api, id) {
    return api.request('DELETE', '/_landline/v1/files/bin' + (id === undefined ? '' : apiPath`/${id}`));
}

/**
 * @param {Api} api
 * @param {string} folder
 * @returns {Promise<{size: number, files: number, folders: number}>}
 */
export function sizeOfFolder(api, folder) {
    return api.get('/_landline/v1/files/size', { path: folder });
}

/**
 * @param {Api} api
 * @returns {Promise<{used: number, quota?: number|null, disk_free?: number, disk_size?: number}>}
 */
export function storageUse(api) {
    return api.get('/_landline/v1/files/usage');
}

/**
 * The address of a small picture of a file; asking for it needs the access token.
 * @param {string} path
 * @param {number} width pixels
 * @param {number} height pixels
 * @param {'crop'|'scale'} method
 */
export function thumbnailAddress(path, width, height, method) {
    return '/_landline/v1/files/thumbnail?path=' + encodeURIComponent(path) + '&width=' + width + '&height=' + height + '&method=' + method;
}

/**
 * @param {Api} api
 * @param {string} method
 * @param {string} path
 * @param {Record<string, string>} [headers]
 */
export function dav(api, method, path, headers) {
    return api.request(method, davAddress(path), { headers: Object.assign({ Accept: 'application/json' }, headers) });
}

/**
 * @param {Api} api
 * @param {string} path
 */
export function makeFolder(api, path) {
    return dav(api, 'MKCOL', path);
}

/**
 * Makes a folder unless it is there.
 * @param {Api} api
 * @param {string} path
 */
export async function ensureFolder(api, path) {
    try {
        await makeFolder(api, path);
    } catch (error) {
        if (!(error instanceof MatrixError && error.status === 405)) {
            throw error;
        }
    }
}

/**
 * @param {Api} api
 * @param {string} path
 */
export function deleteFile(api, path) {
    return dav(api, 'DELETE', path);
}

/**
 * @param {Api} api
 * @param {'MOVE'|'COPY'} method
 * @param {string} from
 * @param {string} to
 * @param {boolean} overwrite
 */
export function transferFile(api, method, from, to, overwrite) {
    return dav(api, method, from, { Destination: location.origin + davAddress(to), Overwrite: overwrite ? 'T' : 'F' });
}

/**
 * @param {Api} api
 * @param {string} path
 * @returns {Promise<boolean>}
 */
export async function exists(api, path) {
    const response = await api.fetch('HEAD', davAddress(path));
    if (response.ok || response.status === 404) {
        return response.ok;
    }
    throw new MatrixError(response.status, {});
}

/**
 * The beginning of a file as text, and whether that is all of it.
 * @param {Api} api
 * @param {string} path
 * @param {number} mostBytes
 */
export async function readText(api, path, mostBytes) {
    const response = await api.fetch('GET', davAddress(path), { headers: { Range: 'bytes=0-' + (mostBytes - 1) } });
    // An empty file has no first byte.
    if (response.status === 416) {
        return '';
    }
    if (!response.ok) {
        throw new MatrixError(response.status, {});
    }
    return new TextDecoder().decode(await response.arrayBuffer());
}

/**
 * An address that opens without the access token for a while: for players, downloads and new tabs.
 * @param {Api} api
 * @param {{path: string}|{mxc: string}|{paths: string[]}} what
 * @returns {Promise<string>}
 */
export async function ticketAddress(api, what) {
    return (await api.post('/_landline/v1/tickets', what)).url;
}

/**
 * @typedef {object} Share
 * @property {string} token
 * @property {string} link
 * @property {string} path
 * @property {number} [expires_ts]
 * @property {boolean} [upload]
 * @property {boolean} [has_pin]
 */

/**
 * @param {Api} api
 * @param {{path: string, expires_seconds: number, pin?: string, upload?: boolean}} wanted
 * @returns {Promise<Share>}
 */
export function createShare(api, wanted) {
    return api.post('/_landline/v1/shares', wanted);
}

/**
 * @param {Api} api
 * @returns {Promise<Share[]>}
 */
export async function listShares(api) {
    return (await api.get('/_landline/v1/shares')).shares || [];
}

/**
 * @param {Api} api
 * @param {string} token
 */
export function revokeShare(api, token) {
    return api.request('DELETE', apiPath`/_landline/v1/shares/${token}`);
}

/**
 * @typedef {object} AppPassword
 * @property {string} id
 * @property {string} name
 * @property {number} [created_ts]
 * @property {number} [last_used_ts]
 */

/**
 * @param {Api} api
 * @returns {Promise<AppPassword[]>}
 */
export async function listAppPasswords(api) {
    return (await api.get('/_landline/v1/app_passwords')).app_passwords || [];
}

/**
 * @param {Api} api
 * @param {string} name
 * @returns {Promise<AppPassword & {password: string}>}
 */
export function createAppPassword(api, name) {
    return api.post('/_landline/v1/app_passwords', { name });
}

/**
 * @param {Api} api
 * @param {string} id
 */
export function revokeAppPassword(api, id) {
    return api.request('DELETE', apiPath`/_landline/v1/app_passwords/${id}`);
}
