// Uploads that go on where they broke off: tus 1.0 (https is not needed for it), one slice after the other.
import { MatrixError, NetworkError } from '../api.js';
import { UploadCancelled } from '../upload.js';

const version = '1.0.0';
const endpoint = '/_landline/v1/uploads';
const bytesType = 'application/offset+octet-stream';
const sliceBytes = 8 * 1024 * 1024;
/** Files up to this size go with the request that makes their upload: there is nothing to continue. */
export const smallBytes = 1024 * 1024;
// A slice on a slow network takes its time; a connection that moves nothing for so long is dead.
const silenceMilliseconds = 60000;

/**
 * @typedef {object} Where where an upload is to go
 * @property {string} name
 * @property {string} type
 * @property {string} [path] in the file store; without it the upload becomes media of a message
 * @property {number} [modified] milliseconds
 * @property {boolean} [replaces] what has the name already; otherwise the box gives the file a name of its own
 */

/**
 * @typedef {object} Watch
 * @property {(offset: number) => void} onoffset bytes that the box has or is just taking
 * @property {(url: string) => void} onurl the upload's address, from which it can be continued
 * @property {(abort: () => void) => void} onstart
 */

/** @typedef {{offset: number, result: {mxc?: string, path?: string}}} State */

/**
 * @param {Record<string, string|undefined>} values
 * @returns {string}
 */
export function metadataHeader(values) {
    return Object.entries(values).filter(([, value]) => value !== undefined).map(([name, value]) => name + ' ' + base64(String(value))).join(',');
}

/** @param {string} text */
function base64(text) {
    return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));
}

/**
 * One try: makes the upload, or asks how far it came, and sends what is missing. Throws NetworkError when the line breaks; the next try continues.
 * @param {import('../api.js').Api} api
 * @param {Blob} file
 * @param {Where} where
 * @param {string|undefined} url of an upload that was begun before
 * @param {Watch} watch
 * @returns {Promise<{mxc?: string, path?: string}>}
 */
export async function carryOn(api, file, where, url, watch) {
    let address = url || '';
    let state = url ? await ask(api, url, watch) : null;
    if (!state) {
        const made = await create(api, file, where, watch);
        address = made.url;
        state = made.state;
        watch.onurl(address);
    }
    while (state.offset < file.size) {
        watch.onoffset(state.offset);
        state = await sendSlice(api, address, file, state.offset, watch);
    }
    watch.onoffset(file.size);
    return state.result;
}

/**
 * @param {import('../api.js').Api} api
 * @param {Blob} file
 * @param {Where} where
 * @param {Watch} watch
 * @returns {Promise<{url: string, state: State}>}
 */
async function create(api, file, where, watch) {
    /** @type {Record<string, string>} */
    const headers = {
        'Upload-Length': String(file.size),
        'Upload-Metadata': metadataHeader({
            filename: where.name, filetype: where.type || undefined, path: where.path, overwrite: where.replaces ? 'true' : undefined,
            modified: where.modified === undefined ? undefined : String(where.modified),
        }),
    };
    const isWhole = file.size <= smallBytes;
    if (isWhole) {
        headers['Content-Type'] = bytesType;
    }
    const answer = await send(api, 'POST', endpoint, headers, isWhole ? file : null, watch);
    const location = answer.getResponseHeader('Location');
    if (answer.status !== 201 || !location) {
        throw failure(answer);
    }
    return {
        url: new URL(location, window.location.href).pathname,
        state: { offset: Number(answer.getResponseHeader('Upload-Offset')) || 0, result: resultOf(answer) },
    };
}

/**
 * How far an upload came; null when the box no longer knows it.
 * @param {import('../api.js').Api} api
 * @param {string} url
 * @param {Watch} watch
 * @returns {Promise<State|null>}
 */
async function ask(api, url, watch) {
    const answer = await send(api, 'HEAD', url, {}, null, watch);
    if (answer.status === 404 || answer.status === 410) {
        return null;
    }
    if (answer.status >= 300 || answer.status < 200) {
        throw failure(answer);
    }
    return { offset: Number(answer.getResponseHeader('Upload-Offset')), result: resultOf(answer) };
}

/**
 * @param {import('../api.js').Api} api
 * @param {string} url
 * @param {Blob} file
 * @param {number} offset
 * @param {Watch} watch
 * @returns {Promise<State>}
 */
async function sendSlice(api, url, file, offset, watch) {
    const slice = file.slice(offset, offset + sliceBytes);
    const answer = await send(api, 'PATCH', url, { 'Upload-Offset': String(offset), 'Content-Type': bytesType }, slice, watch, offset);
    // Another try of ours got further than we knew: ask, and go on from there.
    if (answer.status === 409) {
        const state = await ask(api, url, watch);
        if (state && state.offset !== offset) {
            return state;
        }
    }
    if (answer.status !== 204 && answer.status !== 200) {
        throw failure(answer);
    }
    const next = Number(answer.getResponseHeader('Upload-Offset'));
    if (!(next > offset)) {
        throw new NetworkError('the box took nothing');
    }
    return { offset: next, result: resultOf(answer) };
}

/** @param {XMLHttpRequest} answer */
function resultOf(answer) {
    const mxc = answer.getResponseHeader('Landline-Content-URI');
    const path = answer.getResponseHeader('Landline-Path');
    return { mxc: mxc || undefined, path: path ? path.split('/').map(decodeURIComponent).join('/') : undefined };
}

/** @param {XMLHttpRequest} answer */
function failure(answer) {
    let body = {};
    try {
        body = JSON.parse(answer.responseText);
    } catch (error) {
        // The status has to tell.
    }
    return new MatrixError(answer.status, body);
}

/**
 * XMLHttpRequest, because fetch reports no upload progress.
 * @param {import('../api.js').Api} api
 * @param {string} method
 * @param {string} url
 * @param {Record<string, string>} headers
 * @param {Blob|null} body
 * @param {Watch} watch
 * @param {number} [offset]
 * @returns {Promise<XMLHttpRequest>}
 */
function send(api, method, url, headers, body, watch, offset = 0) {
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        let cancelled = false;
        let timer = 0;
        const alive = () => {
            clearTimeout(timer);
            timer = window.setTimeout(() => request.abort(), silenceMilliseconds);
        };
        request.open(method, url);
        request.setRequestHeader('Tus-Resumable', version);
        request.setRequestHeader('Authorization', 'Bearer ' + api.accessToken);
        Object.entries(headers).forEach(([name, value]) => request.setRequestHeader(name, value));
        request.upload.onprogress = (event) => {
            alive();
            watch.onoffset(offset + event.loaded);
        };
        request.onload = () => resolve(request);
        request.onerror = () => reject(new NetworkError('upload'));
        request.onabort = () => reject(cancelled ? new UploadCancelled() : new NetworkError('silence'));
        request.onloadend = () => clearTimeout(timer);
        watch.onstart(() => {
            cancelled = true;
            request.abort();
        });
        alive();
        request.send(body);
    });
}

/**
 * Ends an upload that nobody wants any more.
 * @param {import('../api.js').Api} api
 * @param {string} url
 */
export function terminate(api, url) {
    return api.request('DELETE', url, { headers: { 'Tus-Resumable': version } });
}

/**
 * Uploads of this account that are not finished, from any of its devices.
 * @param {import('../api.js').Api} api
 * @returns {Promise<{id: string, name: string, path?: string, size: number, offset: number, expires_ts?: number}[]>}
 */
export async function unfinishedUploads(api) {
    return (await api.get(endpoint)).uploads || [];
}

/** @param {string} id */
export function uploadAddress(id) {
    return endpoint + '/' + encodeURIComponent(id);
}
