import { h } from '../../dom.js';
import { fileItem, itemVersion } from './file-item.js';

const rowPixels = 60;
const tilePixels = { width: 148, height: 176 };
const spareRows = 6;

/** @typedef {import('../../files/store.js').FileNode} FileNode */

/**
 * @typedef {object} ListOptions
 * @property {(node: FileNode) => void} open
 * @property {(node: FileNode, anchor: HTMLElement) => void} menu
 * @property {(node: FileNode) => string} facts the line below the name
 * @property {() => void} [nearEnd] the end of what is loaded comes into view
 * @property {() => void} [selectionChanged] without it nothing can be selected
 * @property {string} label
 */

/**
 * Files as rows or tiles. Whatever their number, only those near the view are on the page:
 * all are of one height, and the empty space above and below keeps the place of the others.
 */
export class FileList {
    /**
     * @param {import('../../app.js').App} app
     * @param {ListOptions} options
     */
    constructor(app, options) {
        this.app = app;
        this.options = options;
        /** @type {FileNode[]} */
        this.nodes = [];
        /** @type {'rows'|'tiles'} */
        this.layout = 'rows';
        /** @type {Map<string, FileNode>} */
        this.selected = new Map();
        this.selecting = false;
        this.lastIndex = -1;
        /** @type {Map<string, {version: string, element: HTMLElement}>} */
        this.items = new Map();
        this.frame = 0;
        this.list = h('ul', { class: 'item-list', 'aria-label': options.label });
        this.list.addEventListener('keydown', (event) => this.key(event));
        this.before = h('div', {});
        this.element = h('div', { class: 'item-scroll', onscroll: () => this.later() }, this.before, this.list);
        this.resizer = 'ResizeObserver' in window ? new ResizeObserver(() => this.later()) : null;
        if (this.resizer) {
            this.resizer.observe(this.element);
        }
    }

    destroy() {
        cancelAnimationFrame(this.frame);
        if (this.resizer) {
            this.resizer.disconnect();
        }
    }

    /** @param {FileNode[]} nodes */
    show(nodes) {
        this.nodes = nodes;
        const present = new Map(nodes.map((node) => [node.id, node]));
        Array.from(this.selected.keys()).forEach((id) => {
            const node = present.get(id);
            if (node) {
                this.selected.set(id, node);
            } else {
                this.selected.delete(id);
            }
        });
        this.selectionChanged();
    }

    /** @param {'rows'|'tiles'} layout */
    setLayout(layout) {
        this.layout = layout;
        this.items.forEach((item) => item.element.remove());
        this.items.clear();
        this.draw();
    }

    later() {
        cancelAnimationFrame(this.frame);
        this.frame = requestAnimationFrame(() => this.draw());
    }

    get isSelectable() {
        return this.options.selectionChanged !== undefined;
    }

    get columns() {
        return this.layout === 'rows' ? 1 : Math.max(2, Math.floor((this.element.clientWidth - 16) / tilePixels.width));
    }

    get rowHeight() {
        return this.layout === 'rows' ? rowPixels : tilePixels.height;
    }

    draw() {
        const columns = this.columns;
        const height = this.rowHeight;
        const rows = Math.ceil(this.nodes.length / columns);
        const top = Math.max(0, this.element.scrollTop - this.list.offsetTop);
        const first = Math.max(0, Math.min(rows - 1, Math.floor(top / height)) - spareRows);
        const last = Math.min(rows, Math.ceil((top + (this.element.clientHeight || 800)) / height) + spareRows);
        this.list.classList.toggle('tiles', this.layout === 'tiles');
        this.list.classList.toggle('selecting', this.selecting);
        this.list.style.gridTemplateColumns = this.layout === 'tiles' ? 'repeat(' + columns + ', minmax(0, 1fr))' : '';
        this.list.style.paddingTop = first * height + 'px';
        this.list.style.paddingBottom = Math.max(0, rows - last) * height + 'px';
        this.reconcile(first * columns, Math.min(this.nodes.length, last * columns));
        if (this.options.nearEnd && last >= rows - spareRows) {
            this.options.nearEnd();
        }
    }

    /**
     * @param {number} start
     * @param {number} end
     */
    reconcile(start, end) {
        const shown = this.nodes.slice(start, end);
        const ids = new Set(shown.map((node) => node.id));
        this.items.forEach((item, id) => {
            // What has the focus stays, or the keyboard would be lost while scrolling.
            if (!ids.has(id) && !(item.element.contains(document.activeElement) && this.nodes.some((node) => node.id === id))) {
                item.element.remove();
                this.items.delete(id);
            }
        });
        let place = this.list.firstElementChild;
        shown.forEach((node, offset) => {
            const index = start + offset;
            const version = itemVersion(node, this.selected.has(node.id), index, this.nodes.length);
            const kept = this.items.get(node.id);
            let element = kept && kept.element;
            if (!kept || kept.version !== version) {
                const fresh = fileItem(this, node, index);
                if (element) {
                    const focused = element.contains(document.activeElement) && document.activeElement instanceof HTMLElement ? document.activeElement.dataset.part : undefined;
                    place = place === element ? fresh : place;
                    element.replaceWith(fresh);
                    if (focused) {
                        /** @type {HTMLElement} */ (fresh.querySelector('[data-part=' + focused + ']')).focus({ preventScroll: true });
                    }
                }
                element = fresh;
                this.items.set(node.id, { version, element });
            }
            if (place === element) {
                place = place && place.nextElementSibling;
            } else if (element) {
                this.list.insertBefore(element, place);
            }
        });
    }

    /**
     * @param {FileNode} node
     * @param {boolean} range from the last one that was chosen
     */
    toggle(node, range) {
        if (!this.isSelectable) {
            return;
        }
        const index = this.nodes.indexOf(node);
        if (range && this.lastIndex >= 0) {
            const [from, to] = [Math.min(index, this.lastIndex), Math.max(index, this.lastIndex)];
            this.nodes.slice(from, to + 1).forEach((one) => this.selected.set(one.id, one));
        } else if (!this.selected.delete(node.id)) {
            this.selected.set(node.id, node);
        }
        this.lastIndex = index;
        this.selecting = this.selected.size > 0;
        this.selectionChanged();
    }

    selectAll() {
        this.nodes.forEach((node) => this.selected.set(node.id, node));
        this.selecting = this.nodes.length > 0;
        this.selectionChanged();
    }

    clearSelection() {
        this.selected.clear();
        this.selecting = false;
        this.selectionChanged();
    }

    startSelecting() {
        this.selecting = true;
        this.selectionChanged();
    }

    selectionChanged() {
        this.draw();
        if (this.options.selectionChanged) {
            this.options.selectionChanged();
        }
    }

    /** @param {number} index */
    focus(index) {
        const node = this.nodes[Math.max(0, Math.min(this.nodes.length - 1, index))];
        if (!node) {
            return;
        }
        const row = Math.floor(this.nodes.indexOf(node) / this.columns);
        const top = this.list.offsetTop + row * this.rowHeight;
        if (top < this.element.scrollTop) {
            this.element.scrollTop = top;
        } else if (top + this.rowHeight > this.element.scrollTop + this.element.clientHeight) {
            this.element.scrollTop = top + this.rowHeight - this.element.clientHeight;
        }
        this.draw();
        const item = this.items.get(node.id);
        const main = item && /** @type {HTMLElement|null} */ (item.element.querySelector('[data-part=main]'));
        if (main) {
            main.focus({ preventScroll: true });
        }
    }

    /** @param {KeyboardEvent} event */
    key(event) {
        const item = event.target instanceof Element ? event.target.closest('[data-index]') : null;
        const index = item instanceof HTMLElement ? Number(item.dataset.index) : 0;
        const page = Math.max(1, Math.floor(this.element.clientHeight / this.rowHeight) - 1) * this.columns;
        const steps = /** @type {Record<string, number>} */ ({
            ArrowDown: index + this.columns, ArrowUp: index - this.columns, Home: 0, End: this.nodes.length - 1, PageDown: index + page, PageUp: index - page,
        });
        if (this.layout === 'tiles') {
            Object.assign(steps, { ArrowLeft: index - 1, ArrowRight: index + 1 });
        }
        if (event.altKey || event.isComposing) {
            return;
        }
        if (event.key in steps) {
            event.preventDefault();
            const wanted = Math.max(0, Math.min(this.nodes.length - 1, steps[event.key]));
            if (event.shiftKey && this.nodes[wanted] && this.isSelectable) {
                this.lastIndex = this.lastIndex < 0 ? index : this.lastIndex;
                const anchor = this.lastIndex;
                this.selected.clear();
                this.nodes.slice(Math.min(anchor, wanted), Math.max(anchor, wanted) + 1).forEach((one) => this.selected.set(one.id, one));
                this.selecting = true;
                this.selectionChanged();
            }
            this.focus(wanted);
        } else if (event.key === ' ' && this.isSelectable && this.nodes[index] && !(event.target instanceof HTMLInputElement)) {
            event.preventDefault();
            this.toggle(this.nodes[index], event.shiftKey);
        }
    }
}
