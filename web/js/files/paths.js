// Paths of the file store as people see them: `/Shared/Holiday/hut.jpg`.

export const sharedRoot = '/Shared';
export const privateRoot = '/Private';
export const chatsRoot = '/Chats';
/** What was deleted is no folder, but has a page among them. */
export const bin = 'bin';

const mostNameBytes = 255;

/**
 * @param {string} folder
 * @param {string} name
 */
export function joinPath(folder, name) {
    return (folder === '/' ? '' : folder) + '/' + name;
}

/** @param {string} path */
export function nameOf(path) {
    return path.slice(path.lastIndexOf('/') + 1);
}

/** @param {string} path */
export function parentOf(path) {
    return path.slice(0, path.lastIndexOf('/')) || '/';
}

/**
 * Whether `path` is `folder` or lies in it.
 * @param {string} path
 * @param {string} folder
 */
export function isWithin(path, folder) {
    return path === folder || path.startsWith(folder === '/' ? '/' : folder + '/');
}

/** @param {string} path */
export function isInChats(path) {
    return isWithin(path, chatsRoot);
}

/**
 * Each component escaped, the slashes kept.
 * @param {string} path
 */
export function encodePath(path) {
    return path.split('/').map(encodeURIComponent).join('/');
}

/** @param {string} path */
export function davAddress(path) {
    return '/dav' + encodePath(path);
}

/**
 * The address of a folder in this client.
 * @param {string} path
 */
export function folderHref(path) {
    return path === bin ? '#/bin' : '#/files' + (path === '/' ? '' : encodePath(path));
}

/**
 * The folder that an address in this client means; null when it means none.
 * @param {string} hash
 */
export function folderFromHash(hash) {
    if (hash === '#/bin') {
        return bin;
    }
    const match = /^#\/files((?:\/[^/]+)*)\/?$/.exec(hash);
    if (!match) {
        return null;
    }
    try {
        return match[1].split('/').map(decodeURIComponent).join('/') || '/';
    } catch (error) {
        return '/';
    }
}

/**
 * The folders from the first one down to this one.
 * @param {string} path
 * @returns {string[]}
 */
export function ancestors(path) {
    const parts = path.split('/').filter((part) => part !== '');
    return parts.map((_, index) => '/' + parts.slice(0, index + 1).join('/'));
}

/**
 * The name without its ending, and the ending with its dot: `['hut', '.jpg']`.
 * @param {string} name
 * @returns {[string, string]}
 */
export function splitName(name) {
    const double = /^(.+?)(\.tar\.[a-z0-9]{1,4})$/i.exec(name);
    const match = double || /^(.+)(\.[A-Za-z0-9]{1,8})$/.exec(name);
    return match ? [match[1], match[2]] : [name, ''];
}

/**
 * A name that nobody has yet: `hut (2).jpg`.
 * @param {string} name
 * @param {(name: string) => boolean} isTaken
 */
export function freeName(name, isTaken) {
    const [stem, ending] = splitName(name);
    let free = name;
    for (let number = 2; isTaken(free); number += 1) {
        free = stem + ' (' + number + ')' + ending;
    }
    return free;
}

/**
 * What is wrong with a name, as a key of the languages; an empty string when it is right.
 * @param {string} name
 */
export function nameProblem(name) {
    if (name === '' || name === '.' || name === '..') {
        return 'files.nameMissing';
    }
    if (/[/\u0000-\u001f\u007f]/.test(name)) {
        return 'files.nameLetters';
    }
    return new TextEncoder().encode(name.normalize('NFC')).length > mostNameBytes ? 'files.nameLong' : '';
}

/**
 * A name from elsewhere, made into one that the store takes.
 * @param {string} name
 */
export function tidyName(name) {
    const plain = name.normalize('NFC').replace(/[/\u0000-\u001f\u007f]/g, '_').replace(/^\.{1,2}$/, '_') || '_';
    const [stem, ending] = splitName(plain);
    const letters = Array.from(stem);
    while (letters.length > 1 && nameProblem(letters.join('') + ending) !== '') {
        letters.pop();
    }
    return letters.join('') + ending;
}
