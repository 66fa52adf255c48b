/** Waits that grow with each failure up to a bound, with some chance in them so that tabs and devices do not come back all at once. */
export class Backoff {
    /**
     * @param {number} firstMilliseconds
     * @param {number} longestMilliseconds
     */
    constructor(firstMilliseconds, longestMilliseconds) {
        this.firstMilliseconds = firstMilliseconds;
        this.longestMilliseconds = longestMilliseconds;
        this.failures = 0;
    }

    reset() {
        this.failures = 0;
    }

    /** @returns {number} */
    nextMilliseconds() {
        const full = Math.min(this.longestMilliseconds, this.firstMilliseconds * 2 ** this.failures);
        this.failures += 1;
        return full * (0.75 + Math.random() * 0.25);
    }
}

/** A pause that somebody may end early. */
export class Pause {
    constructor() {
        /** @type {(() => void)|null} */
        this.end = null;
    }

    /**
     * @param {number} milliseconds
     * @returns {Promise<void>}
     */
    wait(milliseconds) {
        return new Promise((resolve) => {
            const timer = setTimeout(finish, milliseconds);
            const pause = this;
            function finish() {
                clearTimeout(timer);
                pause.end = null;
                resolve();
            }
            this.end = finish;
        });
    }

    wake() {
        if (this.end) {
            this.end();
        }
    }
}
