const svgNamespace = 'http://www.w3.org/2000/svg';

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Makes an element. Properties that start with `on` are listeners, `class` and names with a dash are attributes; text is always text.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
        if (value === undefined || value === null) {
            continue;
        }
        if (name.startsWith('on')) {
            element.addEventListener(name.slice(2), value);
        } else if (name === 'class' || name === 'for' || name === 'role' || name === 'list' || name.includes('-')) {
            if (value !== false) {
                element.setAttribute(name, String(value));
            }
        } else {
            /** @type {any} */ (element)[name] = value;
        }
    }
    append(element, children);
    return element;
}

/**
 * @param {Element} element
 * @param {(Child | Child[])[]} children
 */
function append(element, children) {
    for (const child of children) {
        if (Array.isArray(child)) {
            append(element, child);
        } else if (child !== null && child !== undefined && child !== false) {
            element.append(typeof child === 'number' ? String(child) : child);
        }
    }
}

/**
 * One of the symbols that index.html defines.
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
    const svg = document.createElementNS(svgNamespace, 'svg');
    const use = document.createElementNS(svgNamespace, 'use');
    svg.setAttribute('class', 'icon');
    svg.setAttribute('aria-hidden', 'true');
    use.setAttribute('href', '#i-' + name);
    svg.append(use);
    return svg;
}

/**
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function replace(element, ...children) {
    element.textContent = '';
    append(element, children);
}

/**
 * A button that shows only an icon; the label is for screen readers and the tooltip.
 * @param {string} name
 * @param {string} label
 * @param {(event: MouseEvent) => void} onclick
 * @param {Record<string, any>} [more]
 */
export function iconButton(name, label, onclick, more = {}) {
    return h('button', Object.assign({ type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick }, more), icon(name));
}

/** Whether the main pointer is a finger. */
export function isTouch() {
    return matchMedia('(pointer: coarse)').matches;
}

/** Whether list and room stand beside each other. */
export function isWide() {
    return matchMedia('(min-width: 720px)').matches;
}

/**
 * Copies text. The async clipboard exists only on trusted https, so a selected field is the way that always works.
 * @param {string} text
 * @returns {Promise<boolean>}
 */
export async function copyText(text) {
    if (navigator.clipboard && window.isSecureContext) {
        try {
            await navigator.clipboard.writeText(text);
            return true;
        } catch (error) {
            // Refused by the user or the browser: try the old way.
        }
    }
    const focused = document.activeElement;
    const field = h('textarea', { class: 'visually-hidden', value: text, readOnly: true });
    document.body.append(field);
    field.select();
    field.setSelectionRange(0, text.length);
    let copied = false;
    try {
        copied = document.execCommand('copy');
    } catch (error) {
        copied = false;
    }
    field.remove();
    if (focused instanceof HTMLElement) {
        focused.focus();
    }
    return copied;
}
