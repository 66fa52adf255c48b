import { readStored, writeStored } from './storage.js';

const defaults = { language: 'auto', theme: 'auto', sound: true, notifications: false, fileLayout: 'rows', fileSort: 'name', fileDirection: 'f' };

/**
 * @template {keyof typeof defaults} Name
 * @param {Name} name
 * @returns {(typeof defaults)[Name]}
 */
export function preference(name) {
    const kept = readStored('preference.' + name);
    return typeof kept === typeof defaults[name] ? kept : defaults[name];
}

/**
 * @param {keyof typeof defaults} name
 * @param {string|boolean} value
 */
export function setPreference(name, value) {
    writeStored('preference.' + name, value);
}

/** Puts the chosen theme on the page; without one the system's is used. */
export function applyTheme() {
    const theme = preference('theme');
    const dark = theme === 'dark' || (theme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    const colour = document.querySelector('meta[name=theme-color]');
    if (colour) {
        colour.setAttribute('content', dark ? '#14191c' : '#ffffff');
    }
}

export function watchTheme() {
    const query = matchMedia('(prefers-color-scheme: dark)');
    if (query.addEventListener) {
        query.addEventListener('change', applyTheme);
    }
}
