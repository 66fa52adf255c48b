import { withoutReplyFallback } from '../describe.js';
import { h, icon } from '../dom.js';
import { t } from '../i18n.js';
import { emojiCount, linkify } from '../linkify.js';
import { isRedacted } from '../timeline.js';
import { fileCard, mediaPlayer, picture } from './attachment-body.js';

const fewEmoji = 3;
const longestBody = 20000;

/**
 * What a message says. `kind` shapes the bubble around it.
 * @param {import('../app.js').App} app
 * @param {import('../room.js').Room} room
 * @param {import('../types.js').Item} item
 * @param {any} content
 * @returns {{kind: string, element: HTMLElement}}
 */
export function messageBody(app, room, item, content) {
    const { event, entry } = item;
    if (event && isRedacted(event)) {
        return { kind: 'gone', element: h('p', { class: 'text' }, icon('trash'), t('message.deleted')) };
    }
    if (event && event.type === 'm.room.encrypted') {
        return { kind: 'gone', element: h('p', { class: 'text' }, icon('lock'), t('message.encryptedHere')) };
    }
    const hasFile = typeof content.url === 'string' || (entry && entry.file);
    if (hasFile) {
        const kind = event && event.type === 'm.sticker' ? 'm.image' : content.msgtype;
        switch (kind) {
            case 'm.image': return withCaption('picture', picture(app, room, item, content), content);
            case 'm.video':
            case 'm.audio': return withCaption('media', mediaPlayer(app, item, content), content);
            case 'm.file': return withCaption('file', fileCard(app, item, content), content);
            default: break;
        }
    }
    const body = typeof content.body === 'string' ? withoutReplyFallback(content.body, (event || entry || { content }).content).slice(0, longestBody) : '';
    if (content.msgtype === 'm.emote') {
        const name = event ? room.nameOf(event.sender) : t('message.you');
        return { kind: 'text', element: h('p', { class: 'text emote', dir: 'auto' }, '* ', name, ' ', textWithLinks(body)) };
    }
    const emoji = emojiCount(body);
    if (emoji > 0 && emoji <= fewEmoji) {
        return { kind: 'emoji', element: h('p', { class: 'text large-emoji' }, body) };
    }
    return { kind: 'text', element: h('p', { class: 'text' + (content.msgtype === 'm.notice' ? ' notice-text' : ''), dir: 'auto' }, textWithLinks(body)) };
}

/**
 * @param {string} kind
 * @param {HTMLElement} element
 * @param {any} content
 */
function withCaption(kind, element, content) {
    const caption = typeof content.filename === 'string' && typeof content.body === 'string' && content.filename !== content.body ? content.body : '';
    if (caption === '') {
        return { kind, element };
    }
    return { kind: kind + ' captioned', element: h('div', {}, element, h('p', { class: 'text', dir: 'auto' }, textWithLinks(caption))) };
}

/** @param {string} text */
export function textWithLinks(text) {
    return linkify(text).map((part) => part.href ? h('a', { href: part.href, target: '_blank', rel: 'noopener noreferrer' }, part.text) : part.text);
}
