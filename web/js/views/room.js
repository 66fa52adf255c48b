import { h, icon, iconButton, isTouch, replace } from '../dom.js';
import { t } from '../i18n.js';
import { roomPicture } from '../room-name.js';
import { goToList } from '../route.js';
import { avatar } from './avatar.js';
import { Composer } from './composer.js';
import { watchDrops } from './drop.js';
import { openRoomFiles, openRoomInfo } from './lazy.js';
import { TimelineView } from './timeline.js';
import { toast } from './toast.js';
import { typingLine } from './typing.js';

/** One open room: its header, timeline and composer. */
export class RoomView {
    /**
     * @param {import('../app.js').App} app
     * @param {import('../room.js').Room} room
     */
    constructor(app, room) {
        this.app = app;
        this.room = room;
        this.heading = h('button', { type: 'button', class: 'room-heading', title: t('room.info'), onclick: () => openRoomInfo(app, room) });
        /** @type {TimelineView} */
        this.timeline = new TimelineView(app, room, {
            reply: (event) => this.composer.startReply(event),
            edit: (event) => this.composer.startEdit(event),
        });
        /** @type {Composer} */
        this.composer = new Composer(app, room, {
            sent: () => this.timeline.toBottom(),
            editLast: () => this.timeline.lastEditable(),
        });
        this.notice = h('div', { class: 'composer-notice', hidden: true }, icon('lock'), h('span', {}, t('room.encryptedNotice')));
        this.element = h('section', { class: 'room', 'aria-label': roomPicture(room).name },
            h('header', { class: 'bar room-bar' },
                iconButton('back', t('action.back'), goToList, { class: 'icon-button back' }),
                this.heading,
                iconButton('folder', t('room.files'), () => openRoomFiles(app, room)),
                iconButton('info', t('room.info'), () => openRoomInfo(app, room))),
            this.timeline.element, this.notice, this.composer.element);
        this.stops = [
            app.store.on('room:' + room.id, () => this.draw()),
            watchDrops(this.element, (files) => this.composer.attach(files), () => !room.isEncrypted, t('drop.hint')),
            app.on('wanted-event', () => this.showWanted()),
        ];
        this.headingVersion = '';
        this.draw();
    }

    /** The view is on the page now: positions can be measured. */
    opened() {
        this.timeline.opened();
        this.showWanted();
        if (!isTouch()) {
            this.composer.focus();
        }
    }

    /** Goes to the message that somebody came here for. */
    async showWanted() {
        const wanted = this.app.wantedEvent;
        if (wanted && wanted.roomId === this.room.id) {
            this.app.wantedEvent = null;
            if (!await this.timeline.goTo(wanted.eventId)) {
                toast(t('room.messageTooOld'));
            }
        }
    }

    destroy() {
        this.stops.forEach((stop) => stop());
        this.timeline.destroy();
        this.composer.destroy();
    }

    draw() {
        // What is written in an encrypted room must not leave this browser unencrypted.
        this.notice.hidden = !this.room.isEncrypted;
        this.composer.element.hidden = this.room.isEncrypted;
        const picture = roomPicture(this.room);
        const typing = typingLine(this.room);
        const topic = this.room.stateContent('m.room.topic').topic;
        const members = t('room.members', { count: this.room.memberCount });
        const below = this.room.isMyDevices ? '' : typing || (this.room.directUserId && this.room.memberCount <= 2 ? '' : topic ? t('room.membersAndTopic', { members, topic }) : members);
        const version = JSON.stringify([picture, below]);
        if (version !== this.headingVersion) {
            this.headingVersion = version;
            replace(this.heading, avatar(this.app.media, picture, 'medium'),
                h('span', { class: 'heading-text' }, h('span', { class: 'heading-name', role: 'heading', 'aria-level': '2' }, picture.name),
                    below !== '' && h('span', { class: 'heading-below' + (typing ? ' typing' : '') }, below)));
        }
    }
}
