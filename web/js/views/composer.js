import { fileContent } from '../carrier.js';
import { h, icon, iconButton, isTouch, replace } from '../dom.js';
import { draftFor, keepDraft } from '../drafts.js';
import { keepFile } from '../file-shelf.js';
import { t } from '../i18n.js';
import { randomId } from '../ids.js';
import { EnterRule } from '../ime.js';
import { setTyping } from '../rooms.js';
import { withoutReplyFallback } from '../describe.js';
import { AttachmentTray } from './attachment-tray.js';
import { openMenu } from './dialog.js';
import { fillQuote } from './reply-quote.js';

const typingRenewMilliseconds = 5000;
const tallestPixels = 180;
// Larger files would be copied whole into the browser's own store.
const largestKeptBytes = 256 * 1024 * 1024;

/** Where one writes: text, answers, edits and files of one room. */
export class Composer {
    /**
     * @param {import('../app.js').App} app
     * @param {import('../room.js').Room} room
     * @param {{sent: () => void, editLast: () => any}} around
     */
    constructor(app, room, around) {
        this.app = app;
        this.room = room;
        this.around = around;
        this.enter = new EnterRule();
        /** @type {import('../types.js').MatrixEvent|null} */
        this.replying = null;
        /** @type {import('../types.js').MatrixEvent|null} */
        this.editing = null;
        this.typingSince = 0;
        this.field = h('textarea', {
            class: 'composer-field', rows: 1, placeholder: t('composer.placeholder'), 'aria-label': t('composer.placeholder'), dir: 'auto', enterKeyHint: isTouch() ? 'enter' : 'send',
            value: draftFor(room.id), oninput: () => this.changed(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
            onpaste: (/** @type {ClipboardEvent} */ event) => this.paste(event),
        });
        this.enter.watch(this.field);
        this.tray = new AttachmentTray(() => this.drawButton());
        this.context = h('div', { class: 'composer-context', hidden: true });
        this.photos = this.picker('image/*,video/*');
        this.files = this.picker('');
        this.add = iconButton('clip', t('composer.attach'), () => this.openAttachMenu(), { 'aria-haspopup': 'menu' });
        this.button = iconButton('send', t('composer.send'), () => this.send(), { class: 'icon-button send' });
        // The keyboard of a phone must stay up when the button is pressed.
        this.button.addEventListener('mousedown', (event) => event.preventDefault());
        this.element = h('div', { class: 'composer' }, this.context, this.tray.element,
            h('div', { class: 'composer-row' }, this.add, this.photos, this.files, this.field, this.button));
        this.resize = () => this.grow();
        requestAnimationFrame(this.resize);
        this.drawButton();
    }

    destroy() {
        this.stopTyping();
        this.tray.clear();
        if (!this.editing) {
            keepDraft(this.room.id, this.field.value);
        }
    }

    focus() {
        this.field.focus({ preventScroll: true });
    }

    /** @param {string} accept */
    picker(accept) {
        const input = h('input', { type: 'file', multiple: true, accept, class: 'visually-hidden', tabIndex: -1, 'aria-hidden': 'true', 'data-picker': accept === '' ? 'files' : 'photos' });
        input.addEventListener('change', () => {
            this.attach(Array.from(input.files || []));
            input.value = '';
        });
        return input;
    }

    openAttachMenu() {
        openMenu(this.add, [
            { label: t('composer.photos'), icon: 'image', run: () => this.photos.click() },
            { label: t('composer.files'), icon: 'file', run: () => this.files.click() },
        ]);
    }

    /** @param {File[]} files */
    attach(files) {
        this.tray.add(files);
        this.focus();
    }

    /** @param {ClipboardEvent} event */
    paste(event) {
        const files = event.clipboardData ? Array.from(event.clipboardData.files) : [];
        // Office programs put a picture of copied text beside the text itself.
        const hasText = event.clipboardData ? event.clipboardData.getData('text/plain') !== '' : false;
        if (files.length > 0 && !hasText) {
            event.preventDefault();
            this.attach(files);
        }
    }

    /** @param {KeyboardEvent} event */
    key(event) {
        if (this.enter.sends(event, isTouch())) {
            event.preventDefault();
            this.send();
        } else if (event.key === 'Escape' && !event.isComposing && (this.replying || this.editing)) {
            event.stopPropagation();
            this.endContext();
        } else if (event.key === 'ArrowUp' && this.field.value === '' && !this.editing) {
            const last = this.around.editLast();
            if (last) {
                event.preventDefault();
                this.startEdit(last);
            }
        }
    }

    changed() {
        this.grow();
        this.drawButton();
        if (!this.editing) {
            keepDraft(this.room.id, this.field.value);
        }
        if (this.field.value.trim() === '') {
            this.stopTyping();
        } else if (Date.now() - this.typingSince > typingRenewMilliseconds && this.app.sync.status === 'online') {
            this.typingSince = Date.now();
            setTyping(this.app.api, this.room.id, this.room.ownUserId, true).catch(() => {});
        }
    }

    stopTyping() {
        if (this.typingSince > 0) {
            this.typingSince = 0;
            setTyping(this.app.api, this.room.id, this.room.ownUserId, false).catch(() => {});
        }
    }

    grow() {
        this.field.style.height = 'auto';
        this.field.style.height = Math.min(tallestPixels, this.field.scrollHeight) + 'px';
        this.field.classList.toggle('overflowing', this.field.scrollHeight > tallestPixels);
    }

    drawButton() {
        const idle = this.field.value.trim() === '' && this.tray.files.length === 0;
        this.button.classList.toggle('idle', idle);
        this.button.setAttribute('aria-disabled', String(idle));
    }

    /** @param {import('../types.js').MatrixEvent} event */
    startReply(event) {
        this.endContext();
        this.replying = event;
        const quote = h('div', { class: 'quote' });
        fillQuote(quote, this.room, event);
        this.showContext('reply', quote);
    }

    /** @param {import('../types.js').MatrixEvent} event */
    startEdit(event) {
        this.endContext();
        this.editing = event;
        this.field.value = withoutReplyFallback(this.room.timeline.contentOf(event).body || '', event.content);
        this.showContext('pencil', h('div', { class: 'quote' }, h('span', { class: 'quote-name' }, t('composer.editing')), h('span', { class: 'quote-text' }, this.field.value)));
        this.grow();
        this.drawButton();
    }

    /**
     * @param {string} symbol
     * @param {HTMLElement} quote
     */
    showContext(symbol, quote) {
        replace(this.context, icon(symbol), quote, iconButton('close', t('action.cancel'), () => this.endContext()));
        this.context.hidden = false;
        this.focus();
    }

    endContext() {
        if (this.editing) {
            this.field.value = draftFor(this.room.id);
        }
        this.replying = null;
        this.editing = null;
        this.context.hidden = true;
        this.grow();
        this.drawButton();
    }

    send() {
        const text = this.field.value.replace(/^\s*\n|\s+$/g, '');
        const files = this.tray.take();
        if (text.trim() === '' && files.length === 0) {
            return;
        }
        for (const file of files) {
            const id = 'w' + randomId(20);
            const name = file.name || t('message.photo');
            keepFile(id, file, file.size <= largestKeptBytes);
            this.app.outbox.add(this.room.id, 'm.room.message', fileContent(file, name), { name, type: file.type, size: file.size }, id);
        }
        if (text.trim() !== '') {
            this.app.outbox.add(this.room.id, 'm.room.message', this.content(text));
        }
        const edited = this.editing;
        this.field.value = edited ? draftFor(this.room.id) : '';
        this.editing = null;
        this.endContext();
        if (!edited) {
            keepDraft(this.room.id, '');
        }
        this.stopTyping();
        this.focus();
        this.around.sent();
    }

    /**
     * spec: client-server-api/#event-replacements, #rich-replies
     * @param {string} text
     */
    content(text) {
        /** @type {any} */
        const content = { msgtype: 'm.text', body: text };
        if (this.editing) {
            return { msgtype: 'm.text', body: '* ' + text, 'm.new_content': content, 'm.relates_to': { rel_type: 'm.replace', event_id: this.editing.event_id } };
        }
        if (this.replying) {
            content['m.relates_to'] = { 'm.in_reply_to': { event_id: this.replying.event_id } };
            content['m.mentions'] = this.replying.sender === this.room.ownUserId ? {} : { user_ids: [this.replying.sender] };
        }
        return content;
    }
}
