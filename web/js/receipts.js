/**
 * The newest own event that someone else has read: a person who writes has also read what came before.
 * @param {import('./room.js').Room} room
 * @returns {number} its index in the timeline, or -1
 */
export function readByOthersIndex(room) {
    let newest = -1;
    room.receipts.forEach((eventId, userId) => {
        if (userId !== room.ownUserId) {
            newest = Math.max(newest, room.timeline.indexOf(eventId));
        }
    });
    const events = room.timeline.events;
    for (let index = events.length - 1; index > newest; index -= 1) {
        if (events[index].sender !== room.ownUserId) {
            newest = index;
        }
    }
    return newest;
}

/**
 * The event that a receipt should name now, or nothing when the newest is already read.
 * @param {import('./room.js').Room} room
 * @returns {string|undefined}
 */
export function nextReceipt(room) {
    const last = room.timeline.events[room.timeline.events.length - 1];
    if (!last || room.membership !== 'join' || room.receipts.get(room.ownUserId) === last.event_id) {
        return undefined;
    }
    return last.event_id;
}
