import { h, icon } from '../dom.js';

/**
 * Files may be dropped anywhere in the window while a room or a folder is open.
 * @param {HTMLElement} element over which the hint is shown
 * @param {(files: File[], data: DataTransfer|null) => void} take
 * @param {() => boolean} allowed
 * @param {string} hintText
 * @returns {() => void} stops watching
 */
export function watchDrops(element, take, allowed, hintText) {
    const hint = h('div', { class: 'drop-hint', hidden: true, 'aria-hidden': 'true' }, h('div', {}, icon('upload'), h('p', {}, hintText)));
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
        clearTimeout(timer);
        hint.hidden = true;
        if (files.length > 0) {
            event.preventDefault();
            if (allowed()) {
                take(files, event.dataTransfer);
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
