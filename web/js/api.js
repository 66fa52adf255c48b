const defaultTimeoutMilliseconds = 30000;

/** The box answered with an error. */
export class MatrixError extends Error {
    /**
     * @param {number} status
     * @param {any} body
     */
    constructor(status, body) {
        super((body && body.error) || 'HTTP ' + status);
        this.status = status;
        this.errcode = (body && body.errcode) || 'M_UNKNOWN';
        this.body = body || {};
        this.retryAfterMilliseconds = Number(this.body.retry_after_ms) || 0;
    }
}

/** The box did not answer. */
export class NetworkError extends Error {}

/**
 * Whether the same request can succeed later without any change to it.
 * @param {unknown} error
 * @returns {boolean}
 */
export function isTemporary(error) {
    if (error instanceof MatrixError) {
        return error.status >= 500 || error.status === 429 || error.status === 408;
    }
    return error instanceof NetworkError;
}

/**
 * @typedef {object} RequestOptions
 * @property {any} [body]
 * @property {Record<string, string|number|undefined>} [query]
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 * @property {number} [timeoutMilliseconds]
 */

/** Requests to the box this page came from, and to nowhere else. */
export class Api {
    /** @param {string} [accessToken] */
    constructor(accessToken) {
        this.accessToken = accessToken || '';
        /** @type {() => void} */
        this.whenTokenIsUnknown = () => {};
    }

    /**
     * @param {string} method
     * @param {string} path
     * @param {RequestOptions} [options]
     * @returns {Promise<any>}
     */
    async request(method, path, options = {}) {
        const response = await this.fetch(method, path, options);
        const body = await readJSON(response);
        if (response.ok) {
            return body;
        }
        const error = new MatrixError(response.status, body);
        if (error.errcode === 'M_UNKNOWN_TOKEN' && this.accessToken) {
            this.whenTokenIsUnknown();
        }
        throw error;
    }

    /**
     * @param {string} path
     * @param {Record<string, string|number|undefined>} [query]
     */
    get(path, query) {
        return this.request('GET', path, { query });
    }

    /**
     * @param {string} path
     * @param {any} body
     */
    post(path, body) {
        return this.request('POST', path, { body });
    }

    /**
     * @param {string} path
     * @param {any} body
     */
    put(path, body) {
        return this.request('PUT', path, { body });
    }

    /**
     * The bare response, for bodies that are not JSON.
     * @param {string} method
     * @param {string} path
     * @param {RequestOptions} [options]
     * @returns {Promise<Response>}
     */
    async fetch(method, path, options = {}) {
        const controller = new AbortController();
        const timer = setTimeout(() => controller.abort(), options.timeoutMilliseconds || defaultTimeoutMilliseconds);
        const abort = () => controller.abort();
        if (options.signal) {
            options.signal.addEventListener('abort', abort);
        }
        try {
            return await fetch(path + queryString(options.query), {
                method,
                headers: Object.assign(this.headers(options.body), options.headers),
                body: options.body === undefined ? undefined : JSON.stringify(options.body),
                signal: controller.signal,
                cache: 'no-store',
            });
        } catch (error) {
            throw new NetworkError(String(error));
        } finally {
            clearTimeout(timer);
            if (options.signal) {
                options.signal.removeEventListener('abort', abort);
            }
        }
    }

    /** @param {any} body */
    headers(body) {
        /** @type {Record<string, string>} */
        const headers = {};
        if (this.accessToken) {
            headers.Authorization = 'Bearer ' + this.accessToken;
        }
        if (body !== undefined) {
            headers['Content-Type'] = 'application/json';
        }
        return headers;
    }
}

/** @param {Response} response */
async function readJSON(response) {
    let text;
    try {
        text = await response.text();
    } catch (error) {
        throw new NetworkError(String(error));
    }
    try {
        return JSON.parse(text);
    } catch (error) {
        return {};
    }
}

/** @param {Record<string, string|number|undefined>} [query] */
function queryString(query) {
    const pairs = Object.entries(query || {}).filter(([, value]) => value !== undefined);
    return pairs.length === 0 ? '' : '?' + pairs.map(([name, value]) => name + '=' + encodeURIComponent(String(value))).join('&');
}

/**
 * A path with each value escaped: path`/rooms/${id}/leave`.
 * @param {TemplateStringsArray} parts
 * @param {...string} values
 * @returns {string}
 */
export function path(parts, ...values) {
    return parts.reduce((whole, part, index) => whole + encodeURIComponent(values[index - 1]) + part);
}
