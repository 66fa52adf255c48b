import { h, icon, iconButton } from '../dom.js';
import { t } from '../i18n.js';
import { randomId } from '../ids.js';
import { openLayer } from '../layers.js';

const focusable = 'a[href], button:not([disabled]), input:not([disabled]), textarea:not([disabled]), select:not([disabled]), [tabindex="0"]';

/**
 * @typedef {object} Dialog
 * @property {HTMLElement} element
 * @property {() => Promise<void>} close
 * @property {Promise<void>} closed
 */

/**
 * Something over the page that holds the focus until it is closed.
 * @param {{title: string, kind?: 'card'|'sheet'|'wide'|'viewer', back?: boolean}} options
 * @param {...any} children
 * @returns {Dialog}
 */
export function openDialog(options, ...children) {
    const titleId = 'title-' + randomId(6);
    const kind = options.kind || 'card';
    const before = document.activeElement;
    const close = () => layer.close();
    const header = h('header', { class: 'dialog-header' },
        h('h2', { id: titleId, tabIndex: -1 }, options.title),
        iconButton('close', t('action.close'), close));
    const element = h('div', { class: 'dialog dialog-' + kind, role: 'dialog', 'aria-modal': 'true', 'aria-labelledby': titleId }, header, ...children);
    const backdrop = h('div', { class: 'backdrop backdrop-' + kind }, element);
    /** @type {() => void} */
    let resolve = () => {};
    const closed = new Promise((/** @type {(value: void) => void} */ settled) => { resolve = settled; });
    const layer = openLayer(() => {
        document.removeEventListener('keydown', keys);
        backdrop.remove();
        page(false);
        if (before instanceof HTMLElement && document.contains(before)) {
            before.focus();
        }
        resolve();
    });
    backdrop.addEventListener('mousedown', (event) => {
        if (event.target === backdrop) {
            close();
        }
    });
    // On the document, for a button that is disabled while it works loses the focus to the page.
    const keys = (/** @type {KeyboardEvent} */ event) => {
        const open = document.querySelectorAll('.backdrop, .menu-cover');
        if (open[open.length - 1] !== backdrop) {
            return;
        }
        if (event.key === 'Escape' && !event.isComposing) {
            event.preventDefault();
            close();
        } else if (event.key === 'Tab') {
            keepFocus(element, event);
        }
    };
    document.addEventListener('keydown', keys);
    document.body.append(backdrop);
    page(true);
    const first = /** @type {HTMLElement|null} */ (element.querySelector('[data-focus]'));
    (first || /** @type {HTMLElement} */ (header.firstElementChild)).focus();
    return { element, close, closed };
}

/**
 * The page beneath a dialog can be neither reached nor read.
 * @param {boolean} covered
 */
function page(covered) {
    const root = document.getElementById('app');
    const open = covered || document.querySelector('.backdrop') !== null;
    if (root) {
        root.toggleAttribute('inert', open);
        root.setAttribute('aria-hidden', String(open));
    }
}

/**
 * @param {HTMLElement} element
 * @param {KeyboardEvent} event
 */
function keepFocus(element, event) {
    const reachable = Array.from(element.querySelectorAll(focusable)).filter((one) => /** @type {HTMLElement} */ (one).offsetParent !== null);
    if (reachable.length === 0) {
        event.preventDefault();
        return;
    }
    const first = /** @type {HTMLElement} */ (reachable[0]);
    const last = /** @type {HTMLElement} */ (reachable[reachable.length - 1]);
    const inside = element.contains(document.activeElement);
    if (event.shiftKey && (document.activeElement === first || !inside || document.activeElement === element.querySelector('h2'))) {
        event.preventDefault();
        last.focus();
    } else if (!event.shiftKey && (document.activeElement === last || !inside)) {
        event.preventDefault();
        first.focus();
    }
}

/**
 * Asks before something that cannot be undone.
 * @param {{title: string, text: string, action: string, danger?: boolean}} options
 * @returns {Promise<boolean>}
 */
export async function confirmDialog(options) {
    let agreed = false;
    const agree = () => {
        agreed = true;
        dialog.close();
    };
    const dialog = openDialog({ title: options.title },
        h('div', { class: 'dialog-body' }, h('p', {}, options.text)),
        h('footer', { class: 'dialog-footer' },
            h('button', { type: 'button', class: 'button', onclick: () => dialog.close() }, t('action.cancel')),
            h('button', { type: 'button', class: 'button ' + (options.danger ? 'danger' : 'primary'), 'data-focus': '', onclick: agree }, options.action)));
    await dialog.closed;
    return agreed;
}

/**
 * A list of commands beside the button that opened it.
 * @param {HTMLElement} anchor
 * @param {({label: string, icon: string, danger?: boolean, run: () => void} | Node | null | undefined | false | '')[]} commands
 */
export function openMenu(anchor, commands) {
    const list = h('div', { class: 'menu', role: 'menu' });
    for (const command of commands) {
        if (command instanceof Node) {
            list.append(command);
        } else if (command) {
            list.append(h('button', {
                type: 'button', role: 'menuitem', class: 'menu-item' + (command.danger ? ' danger-text' : ''),
                onclick: () => layer.close().then(command.run),
            }, icon(command.icon), h('span', {}, command.label)));
        }
    }
    const cover = h('div', { class: 'menu-cover' }, list);
    const layer = openLayer(() => {
        cover.remove();
        anchor.setAttribute('aria-expanded', 'false');
        if (document.contains(anchor)) {
            anchor.focus({ preventScroll: true });
        }
    });
    cover.addEventListener('mousedown', (event) => {
        if (event.target === cover) {
            event.preventDefault();
            layer.close();
        }
    });
    cover.addEventListener('keydown', (event) => moveInMenu(list, event, () => layer.close()));
    document.body.append(cover);
    anchor.setAttribute('aria-expanded', 'true');
    place(list, anchor.getBoundingClientRect());
    const first = /** @type {HTMLElement|null} */ (list.querySelector('button'));
    if (first) {
        first.focus({ preventScroll: true });
    }
    return { close: () => layer.close() };
}

/**
 * @param {HTMLElement} list
 * @param {KeyboardEvent} event
 * @param {() => void} close
 */
function moveInMenu(list, event, close) {
    const buttons = Array.from(list.querySelectorAll('button'));
    const index = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: index + 1, ArrowUp: index - 1, ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: buttons.length - 1 });
    if (event.key === 'Escape' || event.key === 'Tab') {
        event.preventDefault();
        event.stopPropagation();
        close();
    } else if (event.key in steps) {
        event.preventDefault();
        buttons[(steps[event.key] + buttons.length) % buttons.length].focus();
    }
}

/**
 * @param {HTMLElement} list
 * @param {DOMRect} anchor
 */
function place(list, anchor) {
    const margin = 8;
    const width = list.offsetWidth;
    const height = list.offsetHeight;
    const left = anchor.left + width + margin > window.innerWidth ? anchor.right - width : anchor.left;
    const below = anchor.bottom + 4;
    const top = below + height + margin > window.innerHeight ? Math.max(margin, anchor.top - height - 4) : below;
    list.style.left = Math.max(margin, Math.min(left, window.innerWidth - width - margin)) + 'px';
    list.style.top = top + 'px';
}
