// What somebody dropped or chose, folders opened, as files with the folder that each one lies in.

/**
 * @typedef {object} Picked
 * @property {File} file
 * @property {string[]} folders names from the top down, empty for a file that was picked itself
 */

/**
 * Must be called while the drop is handled: afterwards the browser has forgotten what was dropped.
 * @param {DataTransfer} data
 * @returns {Promise<{files: Picked[], emptyFolders: string[][]}>}
 */
export function pickedByDrop(data) {
    const items = Array.from(data.items || []).filter((item) => item.kind === 'file');
    const entries = items.map((item) => ('webkitGetAsEntry' in item ? item.webkitGetAsEntry() : null));
    if (entries.length === 0 || entries.some((entry) => !entry)) {
        return Promise.resolve({ files: Array.from(data.files, (file) => ({ file, folders: [] })), emptyFolders: [] });
    }
    return walk(/** @type {FileSystemEntry[]} */ (entries));
}

/**
 * @param {FileSystemEntry[]} entries
 * @returns {Promise<{files: Picked[], emptyFolders: string[][]}>}
 */
export async function walk(entries) {
    /** @type {Picked[]} */
    const files = [];
    /** @type {string[][]} */
    const emptyFolders = [];
    /** @type {{entry: FileSystemEntry, folders: string[]}[]} */
    const waiting = entries.map((entry) => ({ entry, folders: [] }));
    while (waiting.length > 0) {
        const { entry, folders } = /** @type {{entry: FileSystemEntry, folders: string[]}} */ (waiting.shift());
        if (entry.isFile) {
            files.push({ file: await fileOf(/** @type {FileSystemFileEntry} */ (entry)), folders });
        } else if (entry.isDirectory) {
            const inside = folders.concat(entry.name);
            const children = await childrenOf(/** @type {FileSystemDirectoryEntry} */ (entry));
            if (children.length === 0) {
                emptyFolders.push(inside);
            }
            children.forEach((child) => waiting.push({ entry: child, folders: inside }));
        }
    }
    return { files, emptyFolders };
}

/**
 * @param {FileSystemFileEntry} entry
 * @returns {Promise<File>}
 */
function fileOf(entry) {
    return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/**
 * A reader gives a part at a time (Chromium: 100) until it gives nothing.
 * @param {FileSystemDirectoryEntry} entry
 * @returns {Promise<FileSystemEntry[]>}
 */
async function childrenOf(entry) {
    const reader = entry.createReader();
    /** @type {FileSystemEntry[]} */
    const all = [];
    for (;;) {
        /** @type {FileSystemEntry[]} */
        const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (part.length === 0) {
            return all;
        }
        all.push(...part);
    }
}

/**
 * What a file field holds; with `webkitdirectory` each file knows the way to it.
 * @param {FileList|File[]|null} list
 * @returns {Picked[]}
 */
export function pickedByField(list) {
    return Array.from(list || [], (file) => {
        const way = (/** @type {any} */ (file).webkitRelativePath || '').split('/').filter((/** @type {string} */ part) => part !== '');
        return { file, folders: way.slice(0, -1) };
    });
}
