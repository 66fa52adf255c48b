import { h, icon } from '../dom.js';
import { t } from '../i18n.js';

/**
 * Files may be dropped anywhere in the window while a room is open.
 * @param {HTMLElement} element the room, over which the hint is shown
 * @param {(files: File[]) => void} take
 * @param {() => boolean} allowed
 * @returns {() => void} stops watching
 */
export function watchDrops(element, take, allowed) {
    const hint = h('div', { class: 'drop-hint', hidden: true, 'aria-hidden': 'true' }, h('div', {}, icon('upload'), h('p', {}, t('drop.hint'))));
    element.append(hint);
    let timer = 0;
    /** @param {DragEvent} event */
    const over = (event) => {
        const kinds = event.dataTransfer ? Array.from(event.dataTransfer.types) : [];
        if (!kinds.includes('Files') || !allowed()) {
            return;
        }
        event.preventDefault();
        hint.hidden = false;
        // `dragleave` also fires between children; a drag that goes on keeps saying so.
        clearTimeout(timer);
        timer = window.setTimeout(() => { hint.hidden = true; }, 250);
    };
    /** @param {DragEvent} event */
    const drop = (event) => {
        const files = event.dataTransfer ? Array.from(event.dataTransfer.files) : [];
        hint.hidden = true;
        if (files.length > 0) {
            event.preventDefault();
            if (allowed()) {
                take(files);
            }
        }
    };
    document.addEventListener('dragover', over);
    document.addEventListener('drop', drop);
    return () => {
        clearTimeout(timer);
        document.removeEventListener('dragover', over);
        document.removeEventListener('drop', drop);
    };
}
