import { MatrixError, NetworkError } from './api.js';

/**
 * Uploads one file. XMLHttpRequest, because fetch reports no upload progress.
 * spec: client-server-api/#post_matrixmediav3upload
 * @param {import('./api.js').Api} api
 * @param {Blob} file
 * @param {{name: string, type: string, onprogress?: (share: number) => void, onstart?: (abort: () => void) => void}} options
 * @returns {Promise<string>} the mxc:// address
 */
export function upload(api, file, options) {
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.open('POST', '/_matrix/media/v3/upload?filename=' + encodeURIComponent(options.name));
        request.setRequestHeader('Authorization', 'Bearer ' + api.accessToken);
        request.setRequestHeader('Content-Type', options.type || 'application/octet-stream');
        request.upload.onprogress = (event) => {
            if (options.onprogress && event.lengthComputable) {
                options.onprogress(event.loaded / event.total);
            }
        };
        request.onload = () => {
            const body = parse(request.responseText);
            if (request.status === 200 && typeof body.content_uri === 'string') {
                resolve(body.content_uri);
            } else {
                reject(new MatrixError(request.status, body));
            }
        };
        request.onerror = () => reject(new NetworkError('upload'));
        request.onabort = () => reject(new UploadCancelled());
        if (options.onstart) {
            options.onstart(() => request.abort());
        }
        request.send(file);
    });
}

/** The user changed their mind. */
export class UploadCancelled extends Error {}

/** @param {string} text */
function parse(text) {
    try {
        return JSON.parse(text);
    } catch (error) {
        return {};
    }
}
