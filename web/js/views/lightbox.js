import { h, icon, iconButton } from '../dom.js';
import { explain } from '../errors.js';
import { fullTime } from '../format.js';
import { t } from '../i18n.js';
import { shownTypes } from '../media.js';
import { isRedacted } from '../timeline.js';
import { openDialog } from './dialog.js';
import { saveBlob } from './save.js';
import { toast } from './toast.js';

const swipePixels = 50;

/**
 * Pictures of a room, one at a time: arrows and swipes go to the next, Escape closes.
 * @param {import('../app.js').App} app
 * @param {import('../room.js').Room} room
 * @param {import('../types.js').MatrixEvent} first
 */
export function openLightbox(app, room, first) {
    const pictures = room.timeline.events.filter((event) => event.type === 'm.room.message' && event.content.msgtype === 'm.image'
        && typeof event.content.url === 'string' && !isRedacted(event));
    let index = Math.max(0, pictures.findIndex((event) => event.event_id === first.event_id));
    const image = h('img', { class: 'viewer-image', alt: '' });
    const caption = h('div', { class: 'viewer-caption', 'aria-live': 'polite' });
    const stage = h('div', { class: 'viewer-stage' }, image);
    const previous = h('button', { type: 'button', class: 'viewer-arrow viewer-previous', 'aria-label': t('viewer.previous'), onclick: () => show(index - 1) }, icon('back'));
    const next = h('button', { type: 'button', class: 'viewer-arrow viewer-next', 'aria-label': t('viewer.next'), onclick: () => show(index + 1) }, icon('next'));
    const download = iconButton('download', t('action.download'), () => save(), { class: 'icon-button viewer-download' });
    const dialog = openDialog({ title: t('viewer.title'), kind: 'viewer' }, stage, previous, next, download, caption);

    /** @param {number} wanted */
    async function show(wanted) {
        if (!pictures[wanted]) {
            return;
        }
        index = wanted;
        const event = pictures[index];
        const content = room.timeline.contentOf(event);
        const info = content.info || {};
        previous.hidden = index === 0;
        next.hidden = index === pictures.length - 1;
        caption.textContent = t('viewer.caption', { name: room.nameOf(event.sender), time: fullTime(event.origin_server_ts), position: index + 1, count: pictures.length });
        image.alt = t('message.photoNamed', { name: content.filename || content.body || '' });
        const small = typeof info.thumbnail_url === 'string' ? app.media.addressAtHand(info.thumbnail_url) : undefined;
        image.src = small || '';
        stage.classList.add('busy');
        try {
            const size = shownTypes.test(info.mimetype) ? undefined : /** @type {const} */ ({ width: 1600, height: 1200, method: 'scale' });
            const url = await app.media.address(content.url, size);
            if (pictures[index] === event) {
                image.src = url;
            }
        } catch (error) {
            toast(explain(error));
        } finally {
            if (pictures[index] === event) {
                stage.classList.remove('busy');
            }
        }
    }

    async function save() {
        const content = room.timeline.contentOf(pictures[index]);
        try {
            saveBlob(await app.media.download(content.url, () => {}), content.filename || content.body || t('message.photo'));
        } catch (error) {
            toast(explain(error));
        }
    }

    dialog.element.addEventListener('keydown', (event) => {
        if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
            show(index + (event.key === 'ArrowLeft' ? -1 : 1));
        }
    });
    watchSwipes(stage, (step) => show(index + step), () => dialog.close());
    show(index);
}

/**
 * @param {HTMLElement} stage
 * @param {(step: number) => void} turn
 * @param {() => void} close
 */
function watchSwipes(stage, turn, close) {
    let startX = 0;
    let startY = 0;
    let single = false;
    stage.addEventListener('touchstart', (event) => {
        single = event.touches.length === 1;
        startX = event.touches[0].clientX;
        startY = event.touches[0].clientY;
    }, { passive: true });
    stage.addEventListener('touchend', (event) => {
        const dx = event.changedTouches[0].clientX - startX;
        const dy = event.changedTouches[0].clientY - startY;
        const zoomed = window.visualViewport ? window.visualViewport.scale > 1.05 : false;
        if (!single || zoomed) {
            return;
        }
        if (Math.abs(dx) > swipePixels && Math.abs(dx) > Math.abs(dy)) {
            turn(dx < 0 ? 1 : -1);
        } else if (dy > 2 * swipePixels) {
            close();
        }
    });
    stage.addEventListener('click', (event) => {
        if (event.target === stage) {
            close();
        }
    });
}
