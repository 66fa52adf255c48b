/** @type {Record<string, any>} */
let messages = {};
let locale = 'en';
let plural = new Intl.PluralRules('en');

export const languages = ['en', 'zh-Hans'];

/**
 * The language to show: the one chosen, else the first of the browser's that exists here.
 * @param {string} chosen 'auto' or one of `languages`
 * @param {readonly string[]} preferred
 * @returns {string}
 */
export function pickLanguage(chosen, preferred) {
    if (languages.includes(chosen)) {
        return chosen;
    }
    for (const tag of preferred) {
        const short = tag.toLowerCase().split('-')[0];
        if (short === 'zh' || short === 'en') {
            return short === 'zh' ? 'zh-Hans' : 'en';
        }
    }
    return 'en';
}

/**
 * Sentences of pages that are not part of the first view, by the name of their part.
 * @type {Set<string>}
 */
const parts = new Set();

/** @param {string} language */
export async function loadLanguage(language) {
    const names = [language].concat(Array.from(parts, (part) => part + '.' + language));
    const tables = await Promise.all(names.map((name) => fetch('/lang/' + name + '.json').then((response) => response.json())));
    useLanguage(language, Object.assign({}, ...tables));
}

/** @param {string} part */
export async function loadLanguagePart(part) {
    if (!parts.has(part)) {
        const response = await fetch('/lang/' + part + '.' + locale + '.json');
        Object.assign(messages, await response.json());
        parts.add(part);
    }
}

/**
 * @param {string} language
 * @param {Record<string, any>} table
 */
export function useLanguage(language, table) {
    messages = table;
    locale = language;
    plural = new Intl.PluralRules(language);
}

/** @returns {string} */
export function currentLocale() {
    return locale;
}

/**
 * The sentence of this name. A sentence that depends on a number holds one form for each plural category and takes the number as `count`.
 * @param {string} key
 * @param {Record<string, string|number>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
    let text = messages[key];
    if (text && typeof text === 'object') {
        text = text[plural.select(Number(values.count))] || text.other;
    }
    if (typeof text !== 'string') {
        return key;
    }
    return text.replace(/\{(\w+)\}/g, (whole, name) => {
        const value = values[name];
        return value === undefined ? whole : typeof value === 'number' ? value.toLocaleString(locale) : value;
    });
}
