// What the pages of the file store can do with files; each says what went wrong, if anything.
import { MatrixError } from '../../api.js';
import { h } from '../../dom.js';
import { explainFile } from '../../files/explain.js';
import { chatsRoot, freeName, isInChats, isWithin, joinPath, nameProblem, parentOf, splitName, tidyName } from '../../files/paths.js';
import { deleteFile, exists, makeFolder, restoreFromBin, ticketAddress, transferFile } from '../../files/store.js';
import { t } from '../../i18n.js';
import { roomName } from '../../room-name.js';
import { goToRoom } from '../../route.js';
import { confirmDialog, openDialog } from '../dialog.js';
import { field, form, FormProblem } from '../form.js';
import { saveAddress } from '../save.js';
import { toast } from '../toast.js';
import { askAboutName } from './ask-name.js';
import { pickFolder } from './pick-folder.js';
import { pickRoom } from './pick-room.js';

/** @typedef {import('../../app.js').App} App */
/** @typedef {import('../../files/store.js').FileNode} FileNode */

/**
 * Asks for a name and does something with it.
 * @param {{title: string, action: string, value: string, run: (name: string) => Promise<void>}} options
 */
function askForName(options) {
    const name = field({ label: t('files.name'), value: options.value, autocomplete: 'off', spellcheck: false, 'data-focus': '' });
    const submit = async () => {
        const wanted = name.input.value.trim();
        const problem = nameProblem(wanted);
        if (problem !== '') {
            throw new FormProblem(t(problem), name.input);
        }
        try {
            await options.run(wanted);
        } catch (error) {
            throw new FormProblem(explainFile(error), name.input);
        }
        await dialog.close();
    };
    const dialog = openDialog({ title: options.title }, h('div', { class: 'dialog-body' }, form({ action: options.action, submit }, name.element).element));
    // What one wants to change is the name, not its ending.
    name.input.setSelectionRange(0, splitName(options.value)[0].length);
}

/**
 * @param {App} app
 * @param {string} folder
 * @param {(path: string) => void} made
 */
export function askForFolder(app, folder, made) {
    const run = async (/** @type {string} */ name) => {
        const path = joinPath(folder, name.normalize('NFC'));
        try {
            await makeFolder(app.api, path);
        } catch (error) {
            throw error instanceof MatrixError && error.status === 405 ? new MatrixError(412, { errcode: 'LANDLINE_EXISTS' }) : error;
        }
        made(path);
    };
    askForName({ title: t('files.newFolder'), action: t('files.makeFolder'), value: '', run });
}

/**
 * @param {App} app
 * @param {FileNode} node
 * @param {() => void} changed
 */
export function rename(app, node, changed) {
    askForName({
        title: t('files.rename'), action: t('action.save'), value: node.name,
        run: async (name) => {
            if (name !== node.name) {
                await transferFile(app.api, 'MOVE', node.path, joinPath(parentOf(node.path), name.normalize('NFC')), false);
                changed();
            }
        },
    });
}

/**
 * Into the bin, with a way back; what was sent to a chat is deleted for everyone there.
 * @param {App} app
 * @param {FileNode[]} nodes
 * @param {() => void} changed
 */
export async function remove(app, nodes, changed) {
    const isChat = nodes.some((node) => isInChats(node.path));
    if (isChat && !await confirmDialog({ title: t('files.deleteSent', { count: nodes.length }), text: t('files.deleteSentText'), action: t('action.delete'), danger: true })) {
        return;
    }
    /** @type {FileNode[]} */
    const gone = [];
    try {
        for (const node of nodes) {
            await deleteFile(app.api, node.path);
            gone.push(node);
        }
    } catch (error) {
        toast(explainFile(error));
    }
    changed();
    if (gone.length === 0) {
        return;
    }
    const undo = async () => {
        try {
            for (const node of gone) {
                await restoreFromBin(app.api, node.id);
            }
            changed();
        } catch (error) {
            toast(explainFile(error));
        }
    };
    toast(gone.length === 1 ? t('files.deletedOne', { name: gone[0].name }) : t('files.deleted', { count: gone.length }), isChat ? undefined : { label: t('files.undo'), run: undo });
}

/**
 * @param {App} app
 * @param {FileNode[]} nodes
 */
export async function download(app, nodes) {
    try {
        const isOneFile = nodes.length === 1 && nodes[0].kind === 'file';
        const url = await ticketAddress(app.api, isOneFile ? { path: nodes[0].path } : { paths: nodes.map((node) => node.path) });
        saveAddress(url, isOneFile ? nodes[0].name : '');
    } catch (error) {
        toast(explainFile(error));
    }
}

/**
 * Moves or copies to a folder that is asked for.
 * @param {App} app
 * @param {'MOVE'|'COPY'} method
 * @param {FileNode[]} nodes
 * @param {() => void} changed
 */
export async function transferTo(app, method, nodes, changed) {
    const start = isInChats(nodes[0].path) ? '/Private' : parentOf(nodes[0].path);
    const folder = await pickFolder(app, {
        title: method === 'MOVE' ? t('files.moveTitle', { count: nodes.length }) : t('files.copyTitle', { count: nodes.length }),
        action: t(method === 'MOVE' ? 'files.moveHere' : 'files.copyHere'), start,
        isBarred: (path) => nodes.some((node) => node.kind === 'folder' && isWithin(path, node.path)),
    });
    if (folder) {
        const count = await transferAll(app, method, nodes, folder);
        changed();
        if (count > 0) {
            toast(t(method === 'MOVE' ? 'files.moved' : 'files.copied', { count }));
        }
    }
}

/**
 * @param {App} app
 * @param {'MOVE'|'COPY'} method
 * @param {FileNode[]} nodes
 * @param {string} folder
 * @returns {Promise<number>} how many went
 */
async function transferAll(app, method, nodes, folder) {
    /** @type {'keep'|'replace'|'skip'|null} */
    let forAll = null;
    let count = 0;
    for (const node of nodes) {
        const to = joinPath(folder, tidyName(node.name));
        if (to === node.path && method === 'MOVE') {
            continue;
        }
        // Sent files are found by their message: two of a chat may have one name.
        const from = node.event_id && node.room_id ? joinPath(joinPath(chatsRoot, node.room_id), node.event_id) : node.path;
        try {
            if (to === node.path) {
                await transferFile(app.api, method, from, await freePath(app, to), false);
            } else {
                try {
                    await transferFile(app.api, method, from, to, false);
                } catch (error) {
                    if (!(error instanceof MatrixError && error.status === 412)) {
                        throw error;
                    }
                    /** @type {import('../../files/queue.js').Answer} */
                    const answer = forAll ? { action: forAll, all: true } : await askAboutName(to, nodes.length > 1);
                    forAll = answer.all ? answer.action : null;
                    if (answer.action === 'skip') {
                        continue;
                    }
                    await transferFile(app.api, method, from, answer.action === 'keep' ? await freePath(app, to) : to, answer.action === 'replace');
                }
            }
            count += 1;
        } catch (error) {
            toast(explainFile(error));
            return count;
        }
    }
    return count;
}

/**
 * @param {App} app
 * @param {string} path
 */
async function freePath(app, path) {
    const folder = parentOf(path);
    const taken = new Set([path]);
    for (;;) {
        const free = joinPath(folder, freeName(path.slice(folder.length + 1), (name) => taken.has(joinPath(folder, name))));
        if (!await exists(app.api, free)) {
            return free;
        }
        taken.add(free);
    }
}

/**
 * @param {App} app
 * @param {FileNode[]} nodes
 * @param {() => void} done
 */
export async function shareIntoChat(app, nodes, done) {
    const room = await pickRoom(app, t('files.shareTitle', { count: nodes.length }));
    if (room) {
        await sendInto(app, nodes, room.id, roomName(room));
        done();
    }
}

/**
 * @param {App} app
 * @param {FileNode[]} nodes
 */
export function sendToOwnDevices(app, nodes) {
    return sendInto(app, nodes, app.myDevicesRoom() || '', t('devices.room'));
}

/**
 * A file put into the folder of a chat is a message there.
 * @param {App} app
 * @param {FileNode[]} nodes
 * @param {string} roomId
 * @param {string} name
 */
async function sendInto(app, nodes, roomId, name) {
    const count = await sendAll(app, nodes, joinPath(chatsRoot, roomId));
    if (count > 0) {
        toast(t('files.shareDone', { count, room: name }), { label: t('files.open'), run: () => goToRoom(roomId) });
    }
}

/**
 * @param {App} app
 * @param {FileNode[]} nodes
 * @param {string} folder
 */
async function sendAll(app, nodes, folder) {
    let count = 0;
    try {
        for (const node of nodes) {
            const from = node.event_id && node.room_id ? joinPath(joinPath(chatsRoot, node.room_id), node.event_id) : node.path;
            const to = joinPath(folder, node.name);
            try {
                await transferFile(app.api, 'COPY', from, to, false);
            } catch (error) {
                if (!(error instanceof MatrixError && error.status === 412)) {
                    throw error;
                }
                await transferFile(app.api, 'COPY', from, await freePath(app, to), false);
            }
            count += 1;
        }
    } catch (error) {
        toast(explainFile(error));
    }
    return count;
}

/**
 * A file of a message, as a node of its room's folder.
 * @param {App} app
 * @param {import('../../room.js').Room} room
 * @param {import('../../types.js').MatrixEvent} event
 * @param {'keep'|'forward'} what
 */
export function keepSentFile(app, room, event, what) {
    const content = room.timeline.contentOf(event);
    const name = tidyName(content.filename || content.body || t('message.file'));
    /** @type {FileNode} */
    const node = { id: event.event_id, name, path: joinPath(joinPath(chatsRoot, room.id), event.event_id), kind: 'file', room_id: room.id, event_id: event.event_id };
    return what === 'keep' ? transferTo(app, 'COPY', [node], () => {}) : shareIntoChat(app, [node], () => {});
}

/**
 * @param {App} app
 * @param {FileNode} node
 */
export async function goToMessage(app, node) {
    if (node.room_id && node.event_id) {
        app.wantedEvent = { roomId: node.room_id, eventId: node.event_id };
        await goToRoom(node.room_id);
        app.emit('wanted-event');
    }
}
