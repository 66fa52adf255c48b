const address = /https?:\/\/[^\s<>"'`\u3000-\u303f\uff00-\uffef]+/gi;
const trailing = /[.,;:!?*_~]$/;
const closers = /** @type {Record<string, string>} */ ({ ')': '(', ']': '[', '}': '{' });

/**
 * Cuts text into plain runs and web addresses. Only http and https become links: nothing a stranger writes may run.
 * @param {string} text
 * @returns {{text: string, href?: string}[]}
 */
export function linkify(text) {
    const parts = [];
    let end = 0;
    address.lastIndex = 0;
    for (let match = address.exec(text); match; match = address.exec(text)) {
        const start = match.index;
        const found = trim(match[0]);
        if (!isAddress(found)) {
            continue;
        }
        if (start > end) {
            parts.push({ text: text.slice(end, start) });
        }
        parts.push({ text: found, href: found });
        end = start + found.length;
    }
    if (end < text.length) {
        parts.push({ text: text.slice(end) });
    }
    return parts;
}

/**
 * Gives punctuation at the end back to the sentence; a closing bracket stays when the address opened it.
 * @param {string} found
 */
function trim(found) {
    let kept = found;
    for (;;) {
        const last = kept.slice(-1);
        const opener = closers[last];
        if (trailing.test(kept) || (opener && kept.split(last).length > kept.split(opener).length)) {
            kept = kept.slice(0, -1);
        } else {
            return kept;
        }
    }
}

/** @param {string} text */
function isAddress(text) {
    try {
        const url = new URL(text);
        return (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== '';
    } catch (error) {
        return false;
    }
}

/**
 * How many emoji a message of nothing else holds; 0 when it says anything more. Few emoji are shown large.
 * @param {string} text
 * @returns {number}
 */
export function emojiCount(text) {
    const compact = text.replace(/\s/g, '');
    if (compact === '' || compact.length > 40) {
        return 0;
    }
    const one = '(?:\\p{Regional_Indicator}{2}|[0-9#*]\\ufe0f?\\u20e3|'
        + '\\p{Extended_Pictographic}[\\ufe0f\\u{1f3fb}-\\u{1f3ff}]*(?:\\u200d\\p{Extended_Pictographic}[\\ufe0f\\u{1f3fb}-\\u{1f3ff}]*)*)';
    let whole;
    try {
        whole = new RegExp('^' + one + '+$', 'u');
    } catch (error) {
        // A browser without Unicode property escapes shows emoji at the usual size.
        return 0;
    }
    return whole.test(compact) ? (compact.match(new RegExp(one, 'gu')) || []).length : 0;
}
