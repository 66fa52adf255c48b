import { h, icon, iconButton } from '../dom.js';
import { explain } from '../errors.js';
import { t } from '../i18n.js';
import { openDialog } from './dialog.js';
import { toast } from './toast.js';

const swipePixels = 50;

/**
 * @typedef {object} Picture
 * @property {string} name
 * @property {string} caption
 * @property {string} [small] the address of a smaller one that is at hand
 * @property {() => Promise<string>} address of the whole picture
 * @property {() => void} save
 */

/**
 * Pictures one at a time: arrows and swipes go to the next, Escape closes.
 * @param {Picture[]} pictures
 * @param {number} first
 */
export function openViewer(pictures, first) {
    let index = first;
    const image = h('img', { class: 'viewer-image', alt: '' });
    const caption = h('div', { class: 'viewer-caption', 'aria-live': 'polite' });
    const stage = h('div', { class: 'viewer-stage' }, image);
    const previous = h('button', { type: 'button', class: 'viewer-arrow viewer-previous', 'aria-label': t('viewer.previous'), onclick: () => show(index - 1) }, icon('back'));
    const next = h('button', { type: 'button', class: 'viewer-arrow viewer-next', 'aria-label': t('viewer.next'), onclick: () => show(index + 1) }, icon('next'));
    const download = iconButton('download', t('action.download'), () => pictures[index].save(), { class: 'icon-button viewer-download' });
    const dialog = openDialog({ title: t('viewer.title'), kind: 'viewer' }, stage, previous, next, download, caption);

    /** @param {number} wanted */
    async function show(wanted) {
        const picture = pictures[wanted];
        if (!picture) {
            return;
        }
        index = wanted;
        previous.hidden = index === 0;
        next.hidden = index === pictures.length - 1;
        caption.textContent = t('viewer.caption', { caption: picture.caption, position: index + 1, count: pictures.length });
        image.alt = t('message.photoNamed', { name: picture.name });
        image.src = picture.small || '';
        stage.classList.add('busy');
        try {
            const url = await picture.address();
            if (pictures[index] === picture) {
                image.src = url;
            }
        } catch (error) {
            toast(explain(error));
        } finally {
            if (pictures[index] === picture) {
                stage.classList.remove('busy');
            }
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
