import { h } from '../dom.js';
import { explain } from '../errors.js';
import { t } from '../i18n.js';
import { localpart } from '../ids.js';
import { inviteToRoom } from '../rooms.js';
import { openDialog } from './dialog.js';
import { peoplePicker } from './people-picker.js';
import { toast } from './toast.js';

/**
 * @param {import('../app.js').App} app
 * @param {import('../room.js').Room} room
 */
export function openRoomInvitation(app, room) {
    const picker = peoplePicker(app, {
        exclude: () => new Set(Array.from(room.members.values()).filter((member) => member.membership === 'join' || member.membership === 'invite').map((member) => member.userId)),
        choose: async (person) => {
            const name = person.display_name || localpart(person.user_id);
            try {
                await inviteToRoom(app.api, room.id, person.user_id);
                toast(t('invite.done', { name }));
                room.members.set(person.user_id, { userId: person.user_id, name, avatar: person.avatar_url, membership: 'invite' });
                picker.refresh();
            } catch (error) {
                toast(explain(error));
            }
        },
    });
    openDialog({ title: t('invite.title') }, h('div', { class: 'dialog-body' }, picker.element));
}
