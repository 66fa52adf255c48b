const largestThumbnailPixels = 800;
const thumbnailQuality = 0.82;
const decodableTypes = ['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/bmp', 'image/avif'];

/** Pictures up to this size are their own thumbnail. */
const smallPictureBytes = 250000;

/**
 * @typedef {object} PictureInfo
 * @property {number} width
 * @property {number} height
 * @property {{blob: Blob, width: number, height: number}} [thumbnail]
 */

/** @param {string} type */
export function isPicture(type) {
    return decodableTypes.includes(type);
}

/**
 * Measures a picture, and makes a small one of it when it is large; null when the browser cannot read it.
 * @param {Blob} file
 * @returns {Promise<PictureInfo|null>}
 */
export async function readPicture(file) {
    const url = URL.createObjectURL(file);
    try {
        const image = await decode(url);
        const size = { width: image.naturalWidth, height: image.naturalHeight };
        const fits = Math.max(size.width, size.height) <= largestThumbnailPixels;
        if (size.width === 0 || (fits && file.size <= smallPictureBytes) || (file.type === 'image/gif' && file.size <= 4 * smallPictureBytes)) {
            return size.width === 0 ? null : size;
        }
        const thumbnail = await shrink(image, largestThumbnailPixels, keepsTransparency(file.type));
        return thumbnail && thumbnail.blob.size < file.size ? Object.assign(size, { thumbnail }) : size;
    } catch (error) {
        return null;
    } finally {
        URL.revokeObjectURL(url);
    }
}

/**
 * A picture cut to a square, for an avatar.
 * @param {Blob} file
 * @param {number} pixels
 * @returns {Promise<Blob|null>}
 */
export async function squarePicture(file, pixels) {
    const url = URL.createObjectURL(file);
    try {
        const image = await decode(url);
        const side = Math.min(image.naturalWidth, image.naturalHeight);
        const target = Math.min(pixels, side);
        const canvas = document.createElement('canvas');
        canvas.width = target;
        canvas.height = target;
        const context = canvas.getContext('2d');
        if (!context || side === 0) {
            return null;
        }
        context.drawImage(image, (image.naturalWidth - side) / 2, (image.naturalHeight - side) / 2, side, side, 0, 0, target, target);
        return await toBlob(canvas, keepsTransparency(file.type));
    } catch (error) {
        return null;
    } finally {
        URL.revokeObjectURL(url);
    }
}

/**
 * The first frame and the measures of a video.
 * @param {Blob} file
 * @returns {Promise<(PictureInfo & {durationMilliseconds: number})|null>}
 */
export function readVideo(file) {
    return new Promise((resolve) => {
        const video = document.createElement('video');
        const url = URL.createObjectURL(file);
        const timer = setTimeout(() => finish(null), 5000);
        /** @param {(PictureInfo & {durationMilliseconds: number})|null} result */
        const finish = (result) => {
            clearTimeout(timer);
            URL.revokeObjectURL(url);
            resolve(result);
        };
        video.muted = true;
        video.playsInline = true;
        video.preload = 'auto';
        video.onerror = () => finish(null);
        video.onloadeddata = async () => {
            const width = video.videoWidth;
            const height = video.videoHeight;
            const thumbnail = width > 0 ? await shrink(video, largestThumbnailPixels, false) : null;
            finish(width > 0 ? {
                width, height, thumbnail: thumbnail || undefined, durationMilliseconds: Math.round((Number.isFinite(video.duration) ? video.duration : 0) * 1000),
            } : null);
        };
        video.src = url;
    });
}

/**
 * @param {string} url
 * @returns {Promise<HTMLImageElement>}
 */
function decode(url) {
    return new Promise((resolve, reject) => {
        const image = new Image();
        image.onload = () => resolve(image);
        image.onerror = reject;
        image.src = url;
    });
}

/**
 * @param {HTMLImageElement|HTMLVideoElement} source
 * @param {number} largest
 * @param {boolean} transparent
 */
async function shrink(source, largest, transparent) {
    const fullWidth = source instanceof HTMLImageElement ? source.naturalWidth : source.videoWidth;
    const fullHeight = source instanceof HTMLImageElement ? source.naturalHeight : source.videoHeight;
    const scale = Math.min(1, largest / Math.max(fullWidth, fullHeight));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(fullWidth * scale));
    canvas.height = Math.max(1, Math.round(fullHeight * scale));
    const context = canvas.getContext('2d');
    if (!context) {
        return null;
    }
    context.drawImage(source, 0, 0, canvas.width, canvas.height);
    const blob = await toBlob(canvas, transparent);
    return blob ? { blob, width: canvas.width, height: canvas.height } : null;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {boolean} transparent
 * @returns {Promise<Blob|null>}
 */
function toBlob(canvas, transparent) {
    return new Promise((resolve) => canvas.toBlob(resolve, transparent ? 'image/png' : 'image/jpeg', thumbnailQuality));
}

/** @param {string} type */
function keepsTransparency(type) {
    return type === 'image/png' || type === 'image/webp' || type === 'image/gif';
}
