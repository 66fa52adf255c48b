import { h, icon, iconButton, replace } from '../../dom.js';
import { makeUploadQueue } from '../../files/uploads.js';
import { fileSize } from '../../format.js';
import { t } from '../../i18n.js';
import { askAboutName } from './ask-name.js';
import { percent } from './names.js';
import { openUploads } from './upload-sheet.js';

const drawMilliseconds = 200;
const doneMilliseconds = 6000;
const measuredMilliseconds = 10000;

/**
 * Makes the queue of this tab and the line that says how far it is, which stays in view while one goes on chatting.
 * @param {import('../../app.js').App} app
 */
export function startUploads(app) {
    const made = makeUploadQueue(app, (entry) => askAboutName(entry.path, made.queue.entries.length > 1));
    const { queue } = made;
    const strip = new UploadStrip(app, queue);
    queue.on('done', (entry) => app.emit('uploaded', entry));
    queue.on('change', () => { app.sendsFiles = queue.isSending; });
    app.uploadStrip = strip.element;
    app.emit('uploads');
    return { queue, stop: () => { made.stop(); strip.destroy(); } };
}

/** One line: how many files, how far, how long still. */
class UploadStrip {
    /**
     * @param {import('../../app.js').App} app
     * @param {import('../../files/queue.js').UploadQueue} queue
     */
    constructor(app, queue) {
        this.queue = queue;
        this.drawTimer = 0;
        this.doneTimer = 0;
        /** @type {{time: number, sent: number}[]} */
        this.samples = [];
        this.fill = h('span', { class: 'strip-fill' });
        this.text = h('span', { class: 'strip-text' });
        this.pause = iconButton('pause', t('uploads.pauseAll'), () => (queue.isSending ? queue.pauseAll() : queue.resumeAll()));
        this.close = iconButton('close', t('action.close'), () => this.dismiss());
        this.element = h('div', { class: 'upload-strip', hidden: true },
            h('button', { type: 'button', class: 'strip-open', onclick: () => openUploads(app) }, icon('upload'), this.text), this.pause, this.close, this.fill);
        this.stops = [queue.on('change', () => this.later()), queue.on('progress', () => this.later())];
    }

    destroy() {
        clearTimeout(this.drawTimer);
        clearTimeout(this.doneTimer);
        this.stops.forEach((stop) => stop());
        this.element.remove();
    }

    dismiss() {
        this.queue.clear();
        this.element.hidden = true;
    }

    later() {
        this.drawTimer = this.drawTimer || window.setTimeout(() => {
            this.drawTimer = 0;
            this.draw();
        }, drawMilliseconds);
    }

    draw() {
        const { queue } = this;
        const totals = queue.totals();
        const open = totals.files + totals.failed + totals.fileless;
        clearTimeout(this.doneTimer);
        if (open === 0) {
            this.element.hidden = true;
            return;
        }
        this.element.hidden = false;
        const share = totals.bytes > 0 ? totals.sent / totals.bytes : totals.files > 0 ? totals.done / totals.files : 1;
        this.fill.style.width = share * 100 + '%';
        this.pause.hidden = queue.isIdle;
        this.close.hidden = !queue.isIdle;
        const label = t(queue.isSending ? 'uploads.pauseAll' : 'uploads.resumeAll');
        replace(this.pause, icon(queue.isSending ? 'pause' : 'play'));
        this.pause.title = label;
        this.pause.setAttribute('aria-label', label);
        this.text.textContent = this.sentence(totals, share);
        this.element.classList.toggle('trouble', queue.isIdle && totals.failed + totals.fileless > 0);
        if (queue.isIdle && totals.failed + totals.fileless === 0) {
            this.doneTimer = window.setTimeout(() => this.dismiss(), doneMilliseconds);
        }
    }

    /**
     * @param {ReturnType<import('../../files/queue.js').UploadQueue['totals']>} totals
     * @param {number} share
     */
    sentence(totals, share) {
        if (!this.queue.isIdle) {
            if (!this.queue.isSending) {
                return t('uploads.paused', { percent: percent(share) });
            }
            const left = this.secondsLeft(totals);
            const much = t('uploads.progress', { done: totals.done, count: totals.files, percent: percent(share) });
            return left === null ? much : much + ' · ' + (left < 60 ? t('uploads.soon') : t('uploads.left', { count: Math.ceil(left / 60) }));
        }
        this.samples = [];
        return totals.failed > 0 ? t('uploads.failed', { count: totals.failed })
            : totals.fileless > 0 ? t('uploads.unfinished', { count: totals.fileless }) : t('uploads.done', { count: totals.done, size: fileSize(totals.bytes) });
    }

    /** @param {{sent: number, bytes: number}} totals */
    secondsLeft(totals) {
        const now = Date.now();
        this.samples.push({ time: now, sent: totals.sent });
        this.samples = this.samples.filter((sample) => now - sample.time < measuredMilliseconds);
        const first = this.samples[0];
        const seconds = (now - first.time) / 1000;
        const speed = seconds > 1.5 ? (totals.sent - first.sent) / seconds : 0;
        return speed > 0 ? (totals.bytes - totals.sent) / speed : null;
    }
}
