import MatrixCore
import Storage

/// Guests are only in rooms that want them.
///
/// spec: client-server-api/#guest-access
extension EventWriter {
    /// Throws unless the draft lets no guest in, or the room is open to guests.
    func checkGuestAccess(_ draft: EventDraft, state: CurrentState, in transaction: ReadTransaction) throws {
        guard draft.content.string("membership") == "join", try state["m.room.member", draft.sender.rawValue]?.membership != "join",
            try transaction.isGuest(draft.sender), try state["m.room.guest_access", ""]?.content.string("guest_access") != "can_join"
        else { return }
        throw MatrixError(.guestAccessForbidden, "This room lets no guests in.")
    }

    /// Guests leave a room that does not want them any more.
    func removeGuestsIfUnwanted(in room: RoomRecord, _ transaction: WriteTransaction) throws {
        guard try transaction.stateContent(of: room.key, type: "m.room.guest_access")?.string("guest_access") != "can_join" else { return }
        for guest in try transaction.guests(in: room.key) {
            try append(
                EventDraft(type: "m.room.member", stateKey: guest.rawValue, sender: guest, content: ["membership": "leave"]), to: room,
                in: transaction)
        }
    }
}
