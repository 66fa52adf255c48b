import { h } from '../dom.js';
import { explain } from '../errors.js';
import { t } from '../i18n.js';
import { openDialog } from './dialog.js';
import { openBoxInvitations } from './lazy.js';
import { peoplePicker } from './people-picker.js';
import { toast } from './toast.js';

/**
 * @param {import('../app.js').App} app
 * @param {string} [term]
 */
export function openNewChat(app, term) {
    let opening = false;
    const picker = peoplePicker(app, {
        term,
        exclude: () => new Set([app.session.userId]),
        choose: async (person) => {
            if (opening) {
                return;
            }
            opening = true;
            try {
                await app.openDirect(person.user_id);
            } catch (error) {
                toast(explain(error));
                opening = false;
            }
        },
    });
    const dialog = openDialog({ title: t('newChat.title') }, h('div', { class: 'dialog-body' }, picker.element,
        app.isAdmin && h('button', { type: 'button', class: 'button wide', onclick: () => dialog.close().then(() => openBoxInvitations(app)) }, t('menu.inviteToBox'))));
}
