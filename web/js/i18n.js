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

/** @param {string} language */
export async function loadLanguage(language) {
    const response = await fetch('/lang/' + language + '.json');
    useLanguage(language, await response.json());
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
