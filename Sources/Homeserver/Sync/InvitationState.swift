import MatrixCore
import Storage

extension ReadTransaction {
    /// What somebody is shown of a room that they are invited to or have knocked at, with who invited them; `nil` for an
    /// invitation by somebody whom they ignore.
    ///
    /// spec: client-server-api/#stripped-state
    func invitationState(of roomID: RoomID, for user: UserID, ignoring ignored: Set<UserID>) throws -> [Event]? {
        guard let room = try room(roomID) else { throw StorageError(.corrupt, "An invitation has no room.") }
        var state = try StrippedState.types.compactMap { try currentState(of: room, type: $0, stateKey: "") }
        if let own = try currentState(of: room, type: "m.room.member", stateKey: user.rawValue) {
            if own.membership == "invite", ignored.contains(own.sender) { return nil }
            state.append(own)
            if let inviter = try currentState(of: room, type: "m.room.member", stateKey: own.sender.rawValue), own.sender != user {
                state.append(inviter)
            }
        }
        return state
    }
}
