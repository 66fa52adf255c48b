import { explain } from '../errors.js';
import { fullTime } from '../format.js';
import { t } from '../i18n.js';
import { shownTypes } from '../media.js';
import { isRedacted } from '../timeline.js';
import { saveMedia } from './save.js';
import { toast } from './toast.js';
import { openViewer } from './viewer.js';

const largest = /** @type {const} */ ({ width: 1600, height: 1200, method: 'scale' });

/**
 * The pictures of a room that are in memory.
 * @param {import('../app.js').App} app
 * @param {import('../room.js').Room} room
 * @param {import('../types.js').MatrixEvent} first
 */
export function openLightbox(app, room, first) {
    const events = room.timeline.events.filter((event) => event.type === 'm.room.message' && event.content.msgtype === 'm.image'
        && typeof event.content.url === 'string' && !isRedacted(event));
    openViewer(events.map((event) => {
        const content = room.timeline.contentOf(event);
        const info = content.info || {};
        const name = content.filename || content.body || t('message.photo');
        return {
            name,
            caption: t('viewer.from', { name: room.nameOf(event.sender), time: fullTime(event.origin_server_ts) }),
            small: typeof info.thumbnail_url === 'string' ? app.media.addressAtHand(info.thumbnail_url) : undefined,
            address: () => app.media.address(content.url, shownTypes.test(info.mimetype) ? undefined : largest),
            save: () => saveMedia(app, content.url, name).catch((error) => toast(explain(error))),
        };
    }), Math.max(0, events.findIndex((event) => event.event_id === first.event_id)));
}
