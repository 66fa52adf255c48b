// Dialogs that nobody needs in the first second are fetched after it: ahead of time when the page is idle, or when they are opened.
import { t } from '../i18n.js';
import { toast } from './toast.js';

const idleMilliseconds = 2500;

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../room.js').Room} Room */

const loaders = {
    directory: () => import('./directory.js'),
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
    }, idleMilliseconds);
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
    loaders.settings().then((module) => module.openSettings(app, relabel), unavailable);
}
