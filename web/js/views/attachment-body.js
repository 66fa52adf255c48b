import { h, icon, iconButton } from '../dom.js';
import { explain } from '../errors.js';
import { ticketAddress } from '../files/store.js';
import { fileSize } from '../format.js';
import { t } from '../i18n.js';
import { localAddress, shownTypes } from '../media.js';
import { openLightbox } from './lazy.js';
import { saveMedia } from './save.js';
import { toast } from './toast.js';

const widest = 320;
const tallest = 360;
const smallest = 96;
const thumbnail = /** @type {{width: number, height: number, method: 'scale'}} */ ({ width: 800, height: 600, method: 'scale' });

/**
 * Room for a picture before it is there, so that nothing jumps.
 * @param {any} info
 */
function frame(info) {
    const width = Number(info && info.w) || widest;
    const height = Number(info && info.h) || 200;
    const scale = Math.min(1, widest / width, tallest / height);
    return { width: Math.max(smallest, Math.round(width * scale)), height: Math.max(smallest / 2, Math.round(height * scale)) };
}

/**
 * @param {import('../app.js').App} app
 * @param {import('../room.js').Room} room
 * @param {import('../types.js').Item} item
 * @param {any} content
 * @returns {HTMLElement}
 */
export function picture(app, room, item, content) {
    const { entry, event } = item;
    const info = content.info || {};
    const size = frame(info);
    const image = h('img', { alt: t('message.photoNamed', { name: content.filename || content.body || '' }), width: size.width, height: size.height, decoding: 'async' });
    const element = event
        ? h('button', { type: 'button', class: 'picture loading', 'aria-label': t('message.openPhoto'), onclick: () => openLightbox(app, room, event) }, image)
        : h('div', { class: 'picture loading' }, image);
    element.style.width = size.width + 'px';
    element.style.maxHeight = size.height + 'px';
    image.addEventListener('load', () => element.classList.remove('loading'));
    const local = localAddress(item.key);
    const source = typeof info.thumbnail_url === 'string' ? info.thumbnail_url : content.url;
    const wanted = source === content.url && !(Number(info.size) < 300000 && shownTypes.test(info.mimetype)) ? thumbnail : undefined;
    const atHand = local || (typeof source === 'string' ? app.media.addressAtHand(source, wanted) : undefined);
    if (atHand) {
        // A row that is drawn again must not blink.
        image.decoding = 'sync';
        image.src = atHand;
        element.classList.remove('loading');
    } else if (typeof source === 'string') {
        app.media.address(source, wanted).then((url) => { image.src = url; }).catch(() => element.classList.add('broken'));
    }
    if (entry && entry.state !== 'sent') {
        element.append(progressRing(app, entry));
    }
    return element;
}

/**
 * @param {import('../app.js').App} app
 * @param {import('../types.js').Item} item
 * @param {any} content
 * @returns {HTMLElement}
 */
export function fileCard(app, item, content) {
    const { entry } = item;
    const name = content.filename || content.body || t('message.file');
    const info = content.info || {};
    const size = typeof info.size === 'number' ? fileSize(info.size) : '';
    /** @type {HTMLElement} */
    const action = entry && entry.state !== 'sent' ? progressRing(app, entry)
        : iconButton('download', t('message.download', { name }), () => save(app, content, name, element));
    /** @type {HTMLElement} */
    const element = h('div', { class: 'file-card' }, h('span', { class: 'file-symbol' }, icon('file')),
        h('span', { class: 'file-text' }, h('span', { class: 'file-name', title: name }, name), h('span', { class: 'file-size' }, size)), action);
    return element;
}

/**
 * The browser's own player cannot send the access token: a ticket is asked for when somebody wants to see or hear it, and the player fetches what it plays.
 * @param {import('../app.js').App} app
 * @param {import('../types.js').Item} item
 * @param {any} content
 * @returns {HTMLElement}
 */
export function mediaPlayer(app, item, content) {
    const { entry } = item;
    const info = content.info || {};
    const isVideo = content.msgtype === 'm.video';
    const size = frame(info);
    const name = content.filename || content.body || '';
    if (!isVideo) {
        const card = fileCard(app, item, content);
        const play = iconButton('play', t('message.play', { name }), () => start(card));
        if (!entry || entry.state === 'sent') {
            card.replaceChild(play, /** @type {Node} */ (card.firstChild));
        }
        return card;
    }
    const poster = h('img', { alt: '', width: size.width, height: size.height });
    const play = h('button', { type: 'button', class: 'play', 'aria-label': t('message.play', { name }), onclick: () => start(box) }, icon('play'));
    const label = h('span', { class: 'video-label' }, typeof info.size === 'number' ? fileSize(info.size) : '');
    const box = h('div', { class: 'video' }, poster, label, entry && entry.state !== 'sent' ? progressRing(app, entry) : play);
    box.style.width = size.width + 'px';
    box.style.minHeight = size.height + 'px';
    if (typeof info.thumbnail_url === 'string') {
        app.media.address(info.thumbnail_url).then((url) => { poster.src = url; }).catch(() => {});
    } else {
        poster.hidden = true;
    }
    /** @param {HTMLElement} place */
    async function start(place) {
        place.classList.add('busy');
        try {
            const player = h(isVideo ? 'video' : 'audio', { controls: true, autoplay: true, src: await ticketAddress(app.api, { mxc: content.url }), 'aria-label': name });
            if (isVideo) {
                player.style.width = size.width + 'px';
            }
            place.replaceWith(player);
        } catch (error) {
            place.classList.remove('busy');
            toast(explain(error));
        }
    }
    return box;
}

/**
 * @param {import('../app.js').App} app
 * @param {any} content
 * @param {string} name
 * @param {HTMLElement} element
 */
async function save(app, content, name, element) {
    element.classList.add('busy');
    try {
        await saveMedia(app, content.url, name);
    } catch (error) {
        toast(explain(error));
    } finally {
        element.classList.remove('busy');
    }
}

/**
 * A ring that fills while a file goes to the box; pressing it cancels.
 * @param {import('../app.js').App} app
 * @param {import('../types.js').OutboxEntry} entry
 */
function progressRing(app, entry) {
    const ring = h('button', {
        type: 'button', class: 'ring', 'aria-label': t('upload.cancel'), title: t('upload.cancel'), 'data-upload': entry.id, onclick: () => app.outbox.cancel(entry.id),
    }, icon('close'));
    const show = () => {
        ring.style.setProperty('--share', String(entry.progress || 0));
        ring.dataset.percent = String(Math.round((entry.progress || 0) * 100));
    };
    const stop = app.outbox.on('progress', (changed) => {
        if (!ring.isConnected && ring.dataset.placed) {
            stop();
        } else if (changed.id === entry.id) {
            ring.dataset.placed = 'yes';
            show();
        }
    });
    show();
    return ring;
}
