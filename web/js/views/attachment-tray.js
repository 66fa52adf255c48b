import { h, icon, iconButton } from '../dom.js';
import { fileSize } from '../format.js';
import { t } from '../i18n.js';
import { isPicture } from '../picture.js';

const largestPreviewBytes = 30 * 1024 * 1024;

/** Files that were chosen and wait for the send button: here a wrong one can still be taken out. */
export class AttachmentTray {
    /** @param {() => void} changed */
    constructor(changed) {
        this.changed = changed;
        /** @type {File[]} */
        this.files = [];
        /** @type {Map<File, string>} */
        this.previews = new Map();
        this.element = h('ul', { class: 'tray', hidden: true, 'aria-label': t('composer.chosen') });
    }

    /** @param {File[]} files */
    add(files) {
        for (const file of files) {
            this.files.push(file);
            this.element.append(this.chip(file));
        }
        this.settle();
    }

    /** @param {File} file */
    chip(file) {
        const name = file.name || t('message.photo');
        let symbol = h('span', { class: 'chip-symbol' }, icon(file.type.startsWith('video/') ? 'video' : file.type.startsWith('audio/') ? 'audio' : 'file'));
        if (isPicture(file.type) && file.size <= largestPreviewBytes) {
            const url = URL.createObjectURL(file);
            this.previews.set(file, url);
            symbol = h('span', { class: 'chip-symbol' }, h('img', { src: url, alt: '' }));
        }
        const element = h('li', { class: 'chip' }, symbol,
            h('span', { class: 'chip-text' }, h('span', { class: 'chip-name', title: name }, name), h('span', { class: 'muted small' }, fileSize(file.size))),
            iconButton('close', t('composer.remove', { name }), () => {
                this.files = this.files.filter((other) => other !== file);
                this.release(file);
                element.remove();
                this.settle();
            }));
        return element;
    }

    /** Hands the files over and empties the tray. */
    take() {
        const files = this.files;
        this.clear();
        return files;
    }

    clear() {
        this.files.forEach((file) => this.release(file));
        this.files = [];
        this.element.textContent = '';
        this.settle();
    }

    /** @param {File} file */
    release(file) {
        const url = this.previews.get(file);
        if (url) {
            URL.revokeObjectURL(url);
            this.previews.delete(file);
        }
    }

    settle() {
        this.element.hidden = this.files.length === 0;
        this.changed();
    }
}
