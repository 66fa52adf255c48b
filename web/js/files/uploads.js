import { isTemporary, MatrixError } from '../api.js';
import { dropFile, keepFile, keptFile } from '../file-shelf.js';
import { randomId } from '../ids.js';
import { OutboxShelf } from '../outbox-shelf.js';
import { explainFile } from './explain.js';
import { UploadQueue } from './queue.js';
import { ensureFolder, exists } from './store.js';
import { carryOn, smallBytes, terminate, unfinishedUploads, uploadAddress } from './tus.js';

// Larger files would be copied whole into the browser's own store: those are chosen again after a reload.
const largestKeptBytes = 32 * 1024 * 1024;

/**
 * The queue of this tab, wired to the box and to the browser's ways of saying that the line is back.
 * @param {import('../app.js').App} app
 * @param {(entry: import('./queue.js').UploadEntry) => Promise<import('./queue.js').Answer>} ask
 */
export function makeUploadQueue(app, ask) {
    const { api } = app;
    const queue = new UploadQueue({
        send: (entry, file, watch) => carryOn(api, file, {
            name: entry.name, type: entry.type, path: entry.path, modified: entry.modified, replaces: entry.replaces,
        }, entry.url, watch),
        exists: (path) => exists(api, path),
        ensureFolder: (path) => ensureFolder(api, path),
        terminate: (url) => terminate(api, url),
        // Space does not come by waiting.
        isTemporary: (error) => isTemporary(error) && !(error instanceof MatrixError && error.status === 507),
        isLocked: (error) => error instanceof MatrixError && error.status === 423,
        explain: explainFile,
        keepFile: (id, file) => { keepFile(id, file, file.size <= largestKeptBytes); },
        keptFile,
        dropFile,
    }, new OutboxShelf(app.tabId, 'upload.'), { tabId: app.tabId, newId: () => 'u' + randomId(16), ask });
    const wake = () => {
        if (!document.hidden) {
            queue.wake();
        }
    };
    window.addEventListener('online', wake);
    document.addEventListener('visibilitychange', wake);
    const stopWatching = app.sync.on('status', (status) => status === 'online' && queue.wake());
    queue.on('trouble', () => app.sync.suspect());
    const letSleep = keepAwake(queue);
    queue.restore().then(() => learnUnfinished(app, queue));
    return {
        queue,
        stop() {
            window.removeEventListener('online', wake);
            document.removeEventListener('visibilitychange', wake);
            stopWatching();
            letSleep();
            queue.stop();
        },
    };
}

/**
 * @param {import('../app.js').App} app
 * @param {UploadQueue} queue
 */
async function learnUnfinished(app, queue) {
    try {
        const uploads = await unfinishedUploads(app.api);
        queue.learn(uploads.filter((upload) => typeof upload.path === 'string' && upload.size > smallBytes).map((upload) => ({
            url: uploadAddress(upload.id), name: upload.name, path: /** @type {string} */ (upload.path), size: upload.size, offset: upload.offset,
        })));
    } catch (error) {
        // They are listed the next time.
    }
}

/**
 * Keeps the screen on while files are sent, where the browser lets a page ask for that.
 * @param {UploadQueue} queue
 */
function keepAwake(queue) {
    const wakeLock = /** @type {any} */ (navigator).wakeLock;
    /** @type {any} */
    let lock = null;
    const consider = async () => {
        if (!wakeLock) {
            return;
        }
        if (queue.isSending && !document.hidden && !lock) {
            lock = 'asked';
            lock = await wakeLock.request('screen').catch(() => null);
            if (lock) {
                lock.addEventListener('release', () => { lock = null; });
            }
        } else if (!queue.isSending && lock && lock.release) {
            lock.release();
            lock = null;
        }
    };
    const stop = queue.on('change', consider);
    document.addEventListener('visibilitychange', consider);
    return () => {
        stop();
        document.removeEventListener('visibilitychange', consider);
        if (lock && lock.release) {
            lock.release();
        }
    };
}
