import { h, icon, iconButton, replace } from '../dom.js';
import { explain } from '../errors.js';
import { t } from '../i18n.js';
import { randomId } from '../ids.js';

/**
 * A labelled field with room for a hint below it.
 * @param {{label: string, hint?: string} & Record<string, any>} options the rest are properties of the <input>
 */
export function field(options) {
    const { label, hint, ...properties } = options;
    const id = 'field-' + randomId(6);
    const input = h('input', Object.assign({ id, class: 'input', type: 'text', 'aria-describedby': id + '-hint' }, properties));
    const hintLine = h('p', { class: 'hint', id: id + '-hint' }, hint);
    const box = h('div', { class: 'input-box' }, input);
    const element = h('div', { class: 'field' }, h('label', { for: id }, label), box, hintLine);
    /**
     * @param {string} text
     * @param {'plain'|'good'|'bad'} [kind]
     */
    const say = (text, kind = 'plain') => {
        hintLine.textContent = text;
        hintLine.className = 'hint hint-' + kind;
        input.setAttribute('aria-invalid', String(kind === 'bad'));
    };
    return { element, input, box, say };
}

/**
 * A password field whose content can be looked at.
 * @param {{label: string, hint?: string} & Record<string, any>} options
 */
export function passwordField(options) {
    const made = field(Object.assign({ type: 'password', autocapitalize: 'none', spellcheck: false }, options));
    const toggle = iconButton('eye', t('password.show'), () => {
        const shown = made.input.type === 'text';
        made.input.type = shown ? 'password' : 'text';
        const label = t(shown ? 'password.show' : 'password.hide');
        toggle.setAttribute('aria-label', label);
        toggle.title = label;
        replace(toggle, icon(shown ? 'eye' : 'eye-off'));
    });
    made.box.append(toggle);
    return made;
}

/**
 * A form that is sent once at a time and says what went wrong.
 * @param {{action: string, submit: () => Promise<void>, special?: Record<string, string>}} options
 * @param {...any} children
 */
export function form(options, ...children) {
    const problem = h('p', { class: 'problem', role: 'alert' });
    const button = h('button', { class: 'button primary wide', type: 'submit' }, h('span', {}, options.action));
    const element = h('form', { class: 'form', noValidate: true, onsubmit: submit }, ...children, problem, button);
    /** @param {Event} event */
    async function submit(event) {
        event.preventDefault();
        if (button.disabled) {
            return;
        }
        problem.textContent = '';
        button.disabled = true;
        button.classList.add('busy');
        try {
            await options.submit();
        } catch (error) {
            problem.textContent = error instanceof FormProblem ? error.message : explain(error, options.special);
            if (error instanceof FormProblem && error.input) {
                error.input.focus();
            }
        } finally {
            button.disabled = false;
            button.classList.remove('busy');
        }
    }
    return { element, button, problem };
}

/** Something in the form has to be filled in differently. */
export class FormProblem extends Error {
    /**
     * @param {string} message
     * @param {HTMLElement} [input]
     */
    constructor(message, input) {
        super(message);
        this.input = input;
    }
}
