import { App } from './app.js';
import { fetchBox } from './appliance.js';
import { Api, NetworkError } from './api.js';
import { loadLanguage, pickLanguage } from './i18n.js';
import { watchLayers } from './layers.js';
import { applyTheme, preference, watchTheme } from './preferences.js';
import { invitationToken } from './route.js';
import { loadSession, saveSession, watchSession } from './session.js';
import { showShell } from './views/shell.js';
import { showUnreachable } from './views/unreachable.js';
import { keepViewportHeight } from './viewport.js';

const root = /** @type {HTMLElement} */ (document.getElementById('app'));

/** @type {App|null} */
let app = null;
/** @type {(() => void)|null} */
let unmount = null;

async function applyLanguage() {
    const language = pickLanguage(preference('language'), navigator.languages || [navigator.language]);
    await loadLanguage(language);
    document.documentElement.lang = language;
}

/** Draws the page that fits: the chats of whoever is logged in, or the way in. */
async function show() {
    if (unmount) {
        unmount();
        unmount = null;
    }
    const session = loadSession();
    if (session && app && app.session.accessToken === session.accessToken) {
        unmount = showShell(root, app, relabel);
        return;
    }
    if (app) {
        app.stop();
        app = null;
    }
    const box = await fetchBox(new Api()).catch((error) => (error instanceof NetworkError || session ? null : undefined));
    if (!box && !session) {
        unmount = showUnreachable(root, show);
    } else if (session && !invitationToken()) {
        app = new App(session, box || { name: '', server_name: '', registration: 'closed', owner_exists: true, version: '' });
        app.on('end', show);
        app.start();
        unmount = showShell(root, app, relabel);
    } else if (box) {
        const { showEntry } = await import('./views/entry.js');
        unmount = showEntry(root, { box, session, relabel, enter: (/** @type {any} */ fresh) => { saveSession(fresh); show(); }, resume: show });
    }
}

/** The language changed: load it and draw everything anew. */
async function relabel() {
    await applyLanguage();
    await show();
}

async function start() {
    applyTheme();
    watchTheme();
    watchLayers();
    keepViewportHeight();
    watchSession(show);
    await applyLanguage();
    await show();
}

start();
