import { isInChats, parentOf } from '../../files/paths.js';
import { t } from '../../i18n.js';
import { goToFolder } from '../../route.js';
import { openMenu } from '../dialog.js';
import { download, goToMessage, remove, rename, sendToOwnDevices, shareIntoChat, transferTo } from './actions.js';
import { openDetails } from './details.js';
import { openGuestLink } from './guest-link.js';

/**
 * What can be done with one file or folder.
 * @param {HTMLElement} anchor
 * @param {import('../../app.js').App} app
 * @param {import('../../files/store.js').FileNode} node
 * @param {() => void} changed
 * @param {{showsFolder?: boolean, close?: () => Promise<void>}} [options] what else is over the page and has to go first
 */
export function openItemMenu(anchor, app, node, changed, options = {}) {
    const isFile = node.kind === 'file';
    const isChat = isInChats(node.path);
    const may = (/** @type {string} */ ability) => !node.can || node.can.includes(ability);
    openMenu(anchor, [
        { label: t(isFile ? 'action.download' : 'files.downloadZip'), icon: 'download', run: () => download(app, [node]) },
        isFile && { label: t('files.shareIntoChat'), icon: 'send', run: () => shareIntoChat(app, [node], () => {}) },
        isFile && app.myDevicesRoom() && node.room_id !== app.myDevicesRoom() && { label: t('files.toOwnDevices'), icon: 'devices', run: () => sendToOwnDevices(app, [node]) },
        !isChat && { label: t('files.guestLink'), icon: 'link', run: () => openGuestLink(app, node) },
        isChat && isFile && node.event_id && node.room_id && { label: t('files.goToMessage'), icon: 'next', run: async () => { await (options.close ? options.close() : undefined); goToMessage(app, node); } },
        options.showsFolder && { label: t('files.showFolder'), icon: 'folder', run: () => goToFolder(parentOf(node.path)) },
        may('rename') && !isChat && { label: t('files.rename'), icon: 'pencil', run: () => rename(app, node, changed) },
        may('delete') && !isChat && { label: t('files.move'), icon: 'folder', run: () => transferTo(app, 'MOVE', [node], changed) },
        (isFile || !isChat) && { label: isChat ? t('files.keep') : t('files.copy'), icon: 'copy', run: () => transferTo(app, 'COPY', [node], changed) },
        { label: t('files.details'), icon: 'info', run: () => openDetails(app, node) },
        may('delete') && (isFile || !isChat) && { label: t('action.delete'), icon: 'trash', danger: true, run: () => remove(app, [node], changed) },
    ]);
}
