// Files that wait to be uploaded live through a reload in IndexedDB; where that is refused they live in memory.

const databaseName = 'landline';
const storeName = 'files';

/** @type {Map<string, Blob>} */
const memory = new Map();

/** @type {Promise<IDBDatabase|null>|null} */
let opening = null;

/** @returns {Promise<IDBDatabase|null>} */
function open() {
    opening = opening || new Promise((resolve) => {
        try {
            const request = indexedDB.open(databaseName, 1);
            request.onupgradeneeded = () => request.result.createObjectStore(storeName);
            request.onsuccess = () => resolve(request.result);
            request.onerror = () => resolve(null);
            request.onblocked = () => resolve(null);
        } catch (error) {
            resolve(null);
        }
    });
    return opening;
}

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} work
 * @returns {Promise<T|undefined>}
 */
async function transact(mode, work) {
    const database = await open();
    if (!database) {
        return undefined;
    }
    return new Promise((resolve) => {
        try {
            const transaction = database.transaction(storeName, mode);
            const request = work(transaction.objectStore(storeName));
            transaction.oncomplete = () => resolve(request.result);
            transaction.onerror = () => resolve(undefined);
            transaction.onabort = () => resolve(undefined);
        } catch (error) {
            resolve(undefined);
        }
    });
}

/**
 * @param {string} id
 * @param {Blob} file
 * @param {boolean} [lasting] whether it is to live through a reload, for which the browser copies it
 */
export async function keepFile(id, file, lasting = true) {
    memory.set(id, file);
    return lasting ? transact('readwrite', (store) => store.put(file, id)) : undefined;
}

/**
 * @param {string} id
 * @returns {Promise<Blob|undefined>}
 */
export async function keptFile(id) {
    return memory.get(id) || transact('readonly', (store) => store.get(id));
}

/**
 * The file of an entry, if it was chosen in this tab.
 * @param {string} id
 */
export function fileInMemory(id) {
    return memory.get(id);
}

/** @param {string} id */
export function dropFile(id) {
    memory.delete(id);
    return transact('readwrite', (store) => store.delete(id));
}

export function dropAllFiles() {
    memory.clear();
    return transact('readwrite', (store) => store.clear());
}
