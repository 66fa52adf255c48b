const afterCompositionMilliseconds = 60;

/**
 * Tells an Enter that sends from one that belongs to an input method.
 * Chrome and Firefox say `isComposing` (older ones key code 229). Safari ends the composition first and then reports an ordinary
 * Enter, so an Enter right after the end of a composition belongs to it as well.
 */
export class EnterRule {
    constructor() {
        this.composing = false;
        this.endedAt = -Infinity;
    }

    compositionStarted() {
        this.composing = true;
    }

    /** @param {number} timeStamp of the event, in milliseconds */
    compositionEnded(timeStamp) {
        this.composing = false;
        this.endedAt = timeStamp;
    }

    /**
     * @param {{key: string, keyCode?: number, isComposing?: boolean, shiftKey?: boolean, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean,
     *     timeStamp: number}} event
     * @param {boolean} isTouch on a touch keyboard Enter is a new line, and the button sends
     * @returns {boolean}
     */
    sends(event, isTouch) {
        if (event.key !== 'Enter' || event.isComposing || event.keyCode === 229 || this.composing) {
            return false;
        }
        if (event.timeStamp - this.endedAt < afterCompositionMilliseconds) {
            return false;
        }
        if (event.ctrlKey || event.metaKey) {
            return true;
        }
        return !isTouch && !event.shiftKey && !event.altKey;
    }

    /** @param {HTMLElement} field */
    watch(field) {
        field.addEventListener('compositionstart', () => this.compositionStarted());
        field.addEventListener('compositionend', (event) => this.compositionEnded(event.timeStamp));
        // Some input methods never end what they began when the field loses the focus.
        field.addEventListener('blur', () => { this.composing = false; });
    }
}
