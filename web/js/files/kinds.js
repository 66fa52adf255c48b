// What a file is to a person: a picture, a film, a text.

/** @typedef {'folder'|'picture'|'video'|'audio'|'pdf'|'text'|'archive'|'file'} Kind */

const endings = /** @type {Record<string, string>} */ ({
    picture: 'jpg jpeg png gif webp avif bmp heic heif tif tiff',
    video: 'mp4 m4v webm mov mkv avi 3gp ogv',
    audio: 'mp3 m4a aac ogg oga opus flac wav wma',
    pdf: 'pdf',
    text: 'txt md csv tsv log json xml yaml yml toml ini conf html htm css js mjs ts py sh swift c h cpp rs go java srt vtt tex sql',
    archive: 'zip gz tgz bz2 xz zst 7z rar tar iso',
});

/** @type {Map<string, Kind>} */
const kindOfEnding = new Map();
for (const [kind, list] of Object.entries(endings)) {
    list.split(' ').forEach((ending) => kindOfEnding.set(ending, /** @type {Kind} */ (kind)));
}

/**
 * @param {{kind?: string, name: string, content_type?: string}} node
 * @returns {Kind}
 */
export function kindOf(node) {
    if (node.kind === 'folder') {
        return 'folder';
    }
    const type = node.content_type || '';
    if (/^image\/(?!svg)/.test(type)) {
        return 'picture';
    }
    if (type.startsWith('video/')) {
        return 'video';
    }
    if (type.startsWith('audio/')) {
        return 'audio';
    }
    if (type === 'application/pdf') {
        return 'pdf';
    }
    const known = kindOfEnding.get(node.name.slice(node.name.lastIndexOf('.') + 1).toLowerCase());
    if (known && (type === '' || type === 'application/octet-stream' || known === 'text' || known === 'archive')) {
        return known;
    }
    return type.startsWith('text/') ? 'text' : 'file';
}

const symbols = { folder: 'folder', picture: 'image', video: 'video', audio: 'audio', pdf: 'page', text: 'page', archive: 'archive', file: 'file' };

/**
 * The icon of a kind.
 * @param {Kind} kind
 */
export function symbolOf(kind) {
    return symbols[kind];
}

/**
 * Pictures that the box can make small.
 * @param {{kind?: string, name: string, content_type?: string}} node
 */
export function hasThumbnail(node) {
    const type = node.content_type || '';
    return /^image\/(jpeg|png|gif|webp)$/.test(type) || ((type === '' || type === 'application/octet-stream') && /\.(jpe?g|png|gif|webp)$/i.test(node.name));
}
