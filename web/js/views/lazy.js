// Dialogs and pages that nobody needs in the first second are fetched after it: ahead of time when the page is idle, or when they are opened.
import { h } from '../dom.js';
import { loadLanguagePart, t } from '../i18n.js';
import { toast } from './toast.js';

const idleMilliseconds = 2500;

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../room.js').Room} Room */

const loaders = {
    actions: () => import('./files/actions.js'),
    appPasswords: () => import('./files/app-passwords.js'),
    directory: () => import('./directory.js'),
    files: () => import('./files/page.js'),
    roomFiles: () => import('./files/room-files.js'),
    shares: () => import('./files/shares.js'),
    uploads: () => import('./files/upload-strip.js'),
    boxInvitations: () => import('./invite-to-box.js'),
    lightbox: () => import('./lightbox.js'),
    newChat: () => import('./new-chat.js'),
    newRoom: () => import('./new-room.js'),
    roomInfo: () => import('./room-info.js'),
    settings: () => import('./settings.js'),
};

/** Fetches all of them, so that they open even while the box is away. */
export function fetchAhead() {
    setTimeout(async () => {
        for (const load of Object.values(loaders)) {
            await load().catch(() => {});
        }
        await prepareFiles().catch(() => {});
    }, idleMilliseconds);
}

/** @type {Promise<any>|null} */
let prepared = null;

/** The pages of the file store have a style sheet and sentences of their own. */
function prepareFiles() {
    prepared = prepared || Promise.all([loadStyle('files'), loadLanguagePart('files')]).catch((error) => {
        prepared = null;
        throw error;
    });
    return prepared;
}

/** @param {string} name */
function loadStyle(name) {
    return new Promise((resolve, reject) => {
        const link = h('link', { rel: 'stylesheet', href: '/css/' + name + '.css' });
        link.addEventListener('load', resolve);
        link.addEventListener('error', () => {
            link.remove();
            reject(new Error(name));
        });
        document.head.append(link);
    });
}

/**
 * @param {App} app
 * @returns {Promise<import('./files/page.js').FilesPage>}
 */
export async function loadFilesPage(app) {
    const [module] = await Promise.all([loaders.files(), prepareFiles()]);
    return module.openFilesPage(app);
}

/** @param {App} app */
export async function loadUploads(app) {
    const [module] = await Promise.all([loaders.uploads(), prepareFiles()]);
    return module.startUploads(app);
}

/**
 * @param {App} app
 * @param {Room} room
 */
export function openRoomFiles(app, room) {
    Promise.all([loaders.roomFiles(), prepareFiles()]).then(([module]) => module.openRoomFiles(app, room), unavailable);
}

/**
 * Saves what was sent to a folder, or sends it to another chat.
 * @param {App} app
 * @param {Room} room
 * @param {import('../types.js').MatrixEvent} event
 * @param {'keep'|'forward'} what
 */
export function keepSentFile(app, room, event, what) {
    Promise.all([loaders.actions(), prepareFiles()]).then(([module]) => module.keepSentFile(app, room, event, what), unavailable);
}

/** @param {App} app */
export function openAppPasswords(app) {
    Promise.all([loaders.appPasswords(), prepareFiles()]).then(([module]) => module.openAppPasswords(app), unavailable);
}

/** @param {App} app */
export function openShares(app) {
    Promise.all([loaders.shares(), prepareFiles()]).then(([module]) => module.openShares(app), unavailable);
}

function unavailable() {
    toast(t('error.away'));
}

/** @param {App} app */
export function openDirectory(app) {
    loaders.directory().then((module) => module.openDirectory(app), unavailable);
}

/** @param {App} app */
export function openBoxInvitations(app) {
    loaders.boxInvitations().then((module) => module.openBoxInvitations(app), unavailable);
}

/**
 * @param {App} app
 * @param {Room} room
 * @param {import('../types.js').MatrixEvent} event
 */
export function openLightbox(app, room, event) {
    loaders.lightbox().then((module) => module.openLightbox(app, room, event), unavailable);
}

/**
 * @param {App} app
 * @param {string} [term]
 */
export function openNewChat(app, term) {
    loaders.newChat().then((module) => module.openNewChat(app, term), unavailable);
}

/** @param {App} app */
export function openNewRoom(app) {
    loaders.newRoom().then((module) => module.openNewRoom(app), unavailable);
}

/**
 * @param {App} app
 * @param {Room} room
 */
export function openRoomInfo(app, room) {
    loaders.roomInfo().then((module) => module.openRoomInfo(app, room), unavailable);
}

/**
 * @param {App} app
 * @param {() => void} relabel
 */
export function openSettings(app, relabel) {
    Promise.all([loaders.settings(), prepareFiles()]).then(([module]) => module.openSettings(app, relabel), unavailable);
}
