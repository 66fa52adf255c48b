import { summarise } from './describe.js';
import { t } from './i18n.js';
import { preference } from './preferences.js';
import { roomName } from './room-name.js';

/** @type {AudioContext|null} */
let audio = null;

/**
 * The unread count in the title: it works everywhere, even where the browser forbids notifications.
 * @param {number} unread
 * @param {string} place
 */
export function showTitle(unread, place) {
    const name = place ? t('title.place', { place }) : t('title.app');
    document.title = unread > 0 ? t('title.unread', { count: unread, title: name }) : name;
}

/** Whether this page may show notifications at all: only on trusted https. */
export function notificationsPossible() {
    return window.isSecureContext && 'Notification' in window;
}

/**
 * Tells about a message that arrived while nobody was looking.
 * @param {import('./room.js').Room} room
 * @param {import('./types.js').MatrixEvent} event
 * @param {() => void} open
 */
export function tellAbout(room, event, open) {
    if (preference('sound')) {
        chime();
    }
    if (!preference('notifications') || !notificationsPossible() || Notification.permission !== 'granted') {
        return;
    }
    const body = t('preview.from', { name: room.nameOf(event.sender), text: summarise(event.content, event.type, false).text });
    const shown = new Notification(roomName(room), { body, tag: room.id, icon: '/icon.svg', silent: true });
    shown.onclick = () => {
        window.focus();
        open();
        shown.close();
    };
}

/** Two soft tones, made here: no sound file to load. */
function chime() {
    try {
        audio = audio || new AudioContext();
        const start = audio.currentTime;
        [660, 880].forEach((frequency, index) => {
            const context = /** @type {AudioContext} */ (audio);
            const tone = context.createOscillator();
            const volume = context.createGain();
            const begin = start + index * 0.12;
            tone.frequency.value = frequency;
            volume.gain.setValueAtTime(0, begin);
            volume.gain.linearRampToValueAtTime(0.08, begin + 0.02);
            volume.gain.exponentialRampToValueAtTime(0.001, begin + 0.35);
            tone.connect(volume).connect(context.destination);
            tone.start(begin);
            tone.stop(begin + 0.4);
        });
    } catch (error) {
        // No sound before the first click, or no sound at all.
    }
}
