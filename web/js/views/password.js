import { changePassword } from '../account.js';
import { h } from '../dom.js';
import { t } from '../i18n.js';
import { openDialog } from './dialog.js';
import { form, FormProblem, passwordField } from './form.js';
import { toast } from './toast.js';

const shortestPassword = 8;

/** @param {import('../app.js').App} app */
export function openPassword(app) {
    const old = passwordField({ label: t('password.old'), autocomplete: 'current-password', 'data-focus': '' });
    const fresh = passwordField({ label: t('password.new'), autocomplete: 'new-password', hint: t('signUp.passwordHint') });
    const others = h('input', { type: 'checkbox', class: 'switch' });
    const submit = async () => {
        if (Array.from(fresh.input.value).length < shortestPassword) {
            throw new FormProblem(t('error.weakPassword'), fresh.input);
        }
        await changePassword(app.api, app.session.userId, old.input.value, fresh.input.value, others.checked);
        await dialog.close();
        toast(t('password.changed'));
    };
    const special = { M_FORBIDDEN: 'password.wrong', M_UNAUTHORIZED: 'password.wrong', M_UNKNOWN: 'password.wrong' };
    const dialog = openDialog({ title: t('password.title') }, h('div', { class: 'dialog-body' }, form({ action: t('password.action'), submit, special },
        h('input', { type: 'text', name: 'username', autocomplete: 'username', value: app.session.userId, hidden: true }), old.element, fresh.element,
        h('label', { class: 'choice' }, h('span', {}, t('password.others')), others)).element));
}
