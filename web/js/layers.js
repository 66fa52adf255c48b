/**
 * Things that lie over the page: dialogs, menus, the picture viewer. Each is one step of history,
 * so that the back button of a phone closes it instead of leaving the room beneath.
 *
 * @typedef {{id: number, closed: () => void, done: Promise<void>}} Layer
 */

/** @type {Layer[]} */
const stack = [];
let lastId = 0;

/** Call once, before any layer. */
export function watchLayers() {
    if (history.state && history.state.layer) {
        history.replaceState(null, '');
    }
    window.addEventListener('popstate', () => closeAbove((history.state && history.state.layer) || 0));
}

/** @param {number} id */
function closeAbove(id) {
    while (stack.length > 0 && stack[stack.length - 1].id > id) {
        const layer = /** @type {Layer} */ (stack.pop());
        layer.closed();
    }
}

/**
 * @param {() => void} closed takes the layer off the page
 * @returns {{close: () => Promise<void>}}
 */
export function openLayer(closed) {
    lastId += 1;
    /** @type {() => void} */
    let resolve = () => {};
    const done = new Promise((/** @type {(value: void) => void} */ settled) => { resolve = settled; });
    const layer = { id: lastId, done, closed: () => { closed(); resolve(); } };
    stack.push(layer);
    history.pushState({ layer: layer.id }, '');
    return {
        close() {
            const index = stack.indexOf(layer);
            if (index >= 0) {
                history.go(index - stack.length);
            }
            return layer.done;
        },
    };
}

/** Closes everything, as when another room opens. */
export function closeLayers() {
    if (stack.length === 0) {
        return Promise.resolve();
    }
    const bottom = stack[0];
    history.go(-stack.length);
    return bottom.done;
}
