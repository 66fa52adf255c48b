import { h, iconButton } from '../dom.js';
import { t } from '../i18n.js';
import { localpart } from '../ids.js';
import { createRoom } from '../rooms.js';
import { goToRoom } from '../route.js';
import { openDialog } from './dialog.js';
import { field, form, FormProblem } from './form.js';
import { peoplePicker } from './people-picker.js';

/** @param {import('../app.js').App} app */
export function openNewRoom(app) {
    /** @type {Map<string, string>} */
    const invited = new Map();
    const name = field({ label: t('newRoom.name'), maxLength: 100, 'data-focus': '', autocomplete: 'off' });
    const open = h('input', { type: 'checkbox', class: 'switch', id: 'new-room-open' });
    const chosen = h('ul', { class: 'chosen', 'aria-label': t('newRoom.invited') });
    const picker = peoplePicker(app, {
        exclude: () => new Set([app.session.userId, ...Array.from(invited.keys())]),
        choose: (person) => {
            invited.set(person.user_id, person.display_name || localpart(person.user_id));
            picker.input.value = '';
            drawChosen();
            picker.refresh();
        },
    });
    picker.input.removeAttribute('data-focus');

    function drawChosen() {
        chosen.textContent = '';
        invited.forEach((label, userId) => chosen.append(h('li', { class: 'chosen-one' }, label, iconButton('close', t('composer.remove', { name: label }), () => {
            invited.delete(userId);
            drawChosen();
            picker.refresh();
        }))));
    }

    const submit = async () => {
        if (name.input.value.trim() === '') {
            throw new FormProblem(t('newRoom.nameMissing'), name.input);
        }
        const roomId = await createRoom(app.api, { name: name.input.value.trim(), isPublic: open.checked, invite: Array.from(invited.keys()) });
        await goToRoom(roomId);
    };
    openDialog({ title: t('newRoom.title') }, h('div', { class: 'dialog-body' }, form({ action: t('newRoom.action'), submit },
        name.element,
        h('div', { class: 'choice' }, h('label', { for: 'new-room-open' }, h('span', {}, t('newRoom.open')), h('span', { class: 'muted small' }, t('newRoom.openHint'))), open),
        h('h3', { class: 'section-title' }, t('newRoom.invite')), chosen, picker.element).element));
}
