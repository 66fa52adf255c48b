import { copyText, h } from '../dom.js';
import { withoutReplyFallback } from '../describe.js';
import { explain } from '../errors.js';
import { t } from '../i18n.js';
import { redactEvent } from '../rooms.js';
import { isRedacted } from '../timeline.js';
import { confirmDialog, openMenu } from './dialog.js';
import { keepSentFile } from './lazy.js';
import { quickReactions, toggleReaction } from './reactions.js';
import { toast } from './toast.js';

/**
 * What can be done with one message.
 * @param {HTMLElement} anchor
 * @param {import('../app.js').App} app
 * @param {import('../room.js').Room} room
 * @param {import('../types.js').Item} item
 * @param {{reply: (event: any) => void, edit: (event: any) => void}} actions
 */
export function openMessageMenu(anchor, app, room, item, actions) {
    const { event, entry } = item;
    if (entry) {
        openMenu(anchor, [
            entry.state === 'failed' && { label: t('action.retry'), icon: 'retry', run: () => app.outbox.retry(entry.id) },
            { label: t('action.delete'), icon: 'trash', danger: true, run: () => app.outbox.cancel(entry.id) },
        ]);
        return;
    }
    if (!event) {
        return;
    }
    const gone = isRedacted(event);
    const content = room.timeline.contentOf(event);
    const text = typeof content.body === 'string' ? withoutReplyFallback(content.body, event.content) : '';
    const isText = content.msgtype === 'm.text' || content.msgtype === 'm.notice' || content.msgtype === 'm.emote';
    const hasFile = !gone && !room.isEncrypted && typeof content.url === 'string' && /^m\.(image|video|audio|file)$/.test(content.msgtype);
    const mayDelete = !gone && (item.own || room.mayI('redact'));
    const react = !gone && !room.isEncrypted && h('div', { class: 'quick-reactions' }, quickReactions.map((key) => h('button', {
        type: 'button', role: 'menuitem', 'aria-label': t('message.reactWith', { emoji: key }),
        onclick: () => menu.close().then(() => toggleReaction(app, room, event, key)),
    }, key)));
    const menu = openMenu(anchor, [
        react,
        !gone && !room.isEncrypted && { label: t('message.reply'), icon: 'reply', run: () => actions.reply(event) },
        !gone && isText && { label: t('message.copy'), icon: 'copy', run: () => copyText(text).then((copied) => toast(t(copied ? 'copied' : 'copyFailed'))) },
        hasFile && { label: t('message.keep'), icon: 'folder', run: () => keepSentFile(app, room, event, 'keep') },
        hasFile && { label: t('message.forward'), icon: 'send', run: () => keepSentFile(app, room, event, 'forward') },
        !gone && item.own === true && content.msgtype === 'm.text' && { label: t('message.edit'), icon: 'pencil', run: () => actions.edit(event) },
        mayDelete && { label: t('message.delete'), icon: 'trash', danger: true, run: () => remove(app, room, event.event_id) },
        gone && h('div', { class: 'menu-head muted' }, t('message.deleted')),
    ]);
}

/**
 * @param {import('../app.js').App} app
 * @param {import('../room.js').Room} room
 * @param {string} eventId
 */
async function remove(app, room, eventId) {
    const agreed = await confirmDialog({ title: t('message.deleteTitle'), text: t('message.deleteText'), action: t('action.delete'), danger: true });
    if (agreed) {
        await redactEvent(app.api, room.id, eventId).catch((error) => toast(explain(error)));
    }
}
