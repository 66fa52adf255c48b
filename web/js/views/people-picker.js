import { h, icon } from '../dom.js';
import { explain } from '../errors.js';
import { t } from '../i18n.js';
import { localpart } from '../ids.js';
import { searchPeople } from '../people.js';
import { personAvatar } from './avatar.js';

const searchDelayMilliseconds = 250;

/**
 * Finds people of this box by name. What happens with the one who is chosen is up to `choose`.
 * @param {import('../app.js').App} app
 * @param {{choose: (person: import('../people.js').Person) => void, exclude: () => Set<string>, term?: string}} options
 */
export function peoplePicker(app, options) {
    const results = h('ul', { class: 'people', 'aria-label': t('people.results') });
    const note = h('p', { class: 'muted people-note', role: 'status' });
    const input = h('input', {
        type: 'search', class: 'search', placeholder: t('people.search'), 'aria-label': t('people.search'), autocomplete: 'off', value: options.term || '', 'data-focus': '',
        oninput: () => later(),
    });
    let timer = 0;
    let newest = 0;
    const later = () => {
        clearTimeout(timer);
        timer = window.setTimeout(search, searchDelayMilliseconds);
    };

    async function search() {
        newest += 1;
        const turn = newest;
        const term = input.value.trim();
        try {
            const found = await searchPeople(app.api, term);
            if (turn === newest) {
                show(found.concat(typedInFull(term, found)));
            }
        } catch (error) {
            note.textContent = explain(error);
        }
    }

    /** @param {import('../people.js').Person[]} found */
    function show(found) {
        const excluded = options.exclude();
        const people = found.filter((person) => !excluded.has(person.user_id));
        results.textContent = '';
        for (const person of people) {
            const name = person.display_name || localpart(person.user_id);
            results.append(h('li', {}, h('button', { type: 'button', class: 'person', onclick: () => options.choose(person) },
                personAvatar(app.media, person, name),
                h('span', { class: 'person-text' }, h('span', { class: 'person-name' }, name), h('span', { class: 'muted small' }, localpart(person.user_id))))));
        }
        note.textContent = people.length > 0 ? '' : input.value.trim() === '' ? t('people.none') : t('people.noMatch');
    }

    search();
    return { element: h('div', { class: 'picker' }, h('div', { class: 'search-box' }, icon('search'), input), results, note), input, refresh: search };
}

/**
 * A whole user ID may be typed even if the directory does not list the person.
 * @param {string} term
 * @param {import('../people.js').Person[]} found
 * @returns {import('../people.js').Person[]}
 */
function typedInFull(term, found) {
    return /^@[^\s:]+:\S+$/.test(term) && !found.some((person) => person.user_id === term) ? [{ user_id: term }] : [];
}
