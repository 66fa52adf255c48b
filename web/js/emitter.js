/** Named events with listeners; `on` gives back the function that removes the listener. */
export class Emitter {
    constructor() {
        /** @type {Map<string, Set<(detail?: any) => void>>} */
        this.listeners = new Map();
    }

    /**
     * @param {string} name
     * @param {(detail?: any) => void} listener
     * @returns {() => void}
     */
    on(name, listener) {
        const listeners = this.listeners.get(name) || new Set();
        this.listeners.set(name, listeners.add(listener));
        return () => {
            listeners.delete(listener);
            if (listeners.size === 0 && this.listeners.get(name) === listeners) {
                this.listeners.delete(name);
            }
        };
    }

    /**
     * @param {string} name
     * @param {any} [detail]
     */
    emit(name, detail) {
        for (const listener of Array.from(this.listeners.get(name) || [])) {
            listener(detail);
        }
    }
}
