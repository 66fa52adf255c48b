import { isTemporary, NetworkError } from './api.js';
import { dropFile, keptFile } from './file-shelf.js';
import { isPicture, readPicture, readVideo } from './picture.js';
import { sendEvent } from './rooms.js';
import { upload, UploadCancelled } from './upload.js';

/** @typedef {import('./types.js').OutboxEntry} OutboxEntry */

const largestWholeBytes = 1024 * 1024;

/** Takes outbox entries to the box: files are uploaded first, once, and then sent as a message that points to them. */
export class Carrier {
    /**
     * @param {import('./api.js').Api} api
     * @param {(mxc: string, file: Blob) => void} uploaded
     */
    constructor(api, uploaded) {
        this.api = api;
        this.uploaded = uploaded;
        this.isTemporary = isTemporary;
        /** @type {Map<string, () => void>} */
        this.aborts = new Map();
    }

    /**
     * @param {OutboxEntry} entry
     * @param {() => void} changed
     */
    async deliver(entry, changed) {
        if (entry.file && !entry.uploaded) {
            await this.uploadFile(entry, changed);
        }
        if (entry.cancelled) {
            throw new UploadCancelled();
        }
        return sendEvent(this.api, entry.roomId, entry.type, entry.id, entry.content);
    }

    /** @param {OutboxEntry} entry */
    forget(entry) {
        const abort = this.aborts.get(entry.id);
        if (abort) {
            abort();
        }
        if (entry.file) {
            dropFile(entry.id);
        }
        const { uploadUrl } = entry;
        if (uploadUrl && !entry.uploaded) {
            import('./files/tus.js').then((tus) => tus.terminate(this.api, uploadUrl)).catch(() => {});
        }
    }

    /**
     * @param {OutboxEntry} entry
     * @param {() => void} changed
     */
    async uploadFile(entry, changed) {
        const described = /** @type {{name: string, type: string, size: number}} */ (entry.file);
        const file = await keptFile(entry.id);
        if (!file) {
            throw new UploadCancelled('the browser no longer has this file');
        }
        const info = entry.content.info;
        /** @type {(import('./picture.js').PictureInfo & {durationMilliseconds?: number})|null} */
        const measured = described.type.startsWith('video/') ? await readVideo(file) : isPicture(described.type) ? await readPicture(file) : null;
        if (measured) {
            Object.assign(info, { w: measured.width, h: measured.height });
            if (measured.durationMilliseconds !== undefined) {
                info.duration = measured.durationMilliseconds;
            }
            changed();
        }
        if (measured && measured.thumbnail && !info.thumbnail_url) {
            const thumbnail = measured.thumbnail;
            info.thumbnail_url = await this.send(entry, thumbnail.blob, { name: 'thumbnail', type: thumbnail.blob.type });
            info.thumbnail_info = { w: thumbnail.width, h: thumbnail.height, mimetype: thumbnail.blob.type, size: thumbnail.blob.size };
        }
        entry.content.url = await this.send(entry, file, {
            name: described.name,
            type: described.type,
            changed,
            onprogress: (/** @type {number} */ share) => {
                entry.progress = Math.min(share, 0.99);
                changed();
            },
        });
        entry.uploaded = true;
        entry.progress = undefined;
        changed();
    }

    /**
     * @param {OutboxEntry} entry
     * @param {Blob} file
     * @param {{name: string, type: string, onprogress?: (share: number) => void, changed?: () => void}} options
     */
    async send(entry, file, options) {
        if (entry.cancelled) {
            throw new UploadCancelled();
        }
        try {
            const watched = Object.assign({ onstart: (/** @type {() => void} */ abort) => this.aborts.set(entry.id, abort) }, options);
            const mxc = file.size > largestWholeBytes ? await this.sendInSlices(entry, file, watched) : await upload(this.api, file, watched);
            this.uploaded(mxc, file);
            return mxc;
        } finally {
            this.aborts.delete(entry.id);
        }
    }

    /**
     * Large files go on where they broke off, also at the next try after a reload.
     * @param {OutboxEntry} entry
     * @param {Blob} file
     * @param {{name: string, type: string, onstart: (abort: () => void) => void, onprogress?: (share: number) => void, changed?: () => void}} options
     */
    async sendInSlices(entry, file, options) {
        const { carryOn } = await import('./files/tus.js').catch((error) => Promise.reject(new NetworkError(String(error))));
        const result = await carryOn(this.api, file, { name: options.name, type: options.type }, entry.uploadUrl, {
            onstart: options.onstart,
            onoffset: (offset) => options.onprogress && options.onprogress(offset / file.size),
            onurl: (url) => {
                entry.uploadUrl = url;
                entry.progress = undefined;
                if (options.changed) {
                    options.changed();
                }
            },
        });
        if (!result.mxc) {
            throw new NetworkError('the box did not say where the file is');
        }
        return result.mxc;
    }
}

/**
 * The message that a file becomes.
 * spec: client-server-api/#mroommessage-msgtypes
 * @param {File|Blob} file
 * @param {string} name
 */
export function fileContent(file, name) {
    const kind = isPicture(file.type) ? 'm.image' : file.type.startsWith('video/') ? 'm.video' : file.type.startsWith('audio/') ? 'm.audio' : 'm.file';
    return { msgtype: kind, body: name, filename: name, info: { mimetype: file.type || 'application/octet-stream', size: file.size } };
}
