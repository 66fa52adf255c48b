import MatrixCore
import Storage

/// Joins that membership of another room allows.
///
/// spec: client-server-api/#restricted-rooms
extension EventWriter {
    private static let authoriserKey = "join_authorised_via_users_server"

    /// The content of a member event with the member who lets the user in, where the room asks for one.
    ///
    /// The authorisation rules believe what the event says of it. So what a client says of it is dropped here.
    func authorised(_ draft: EventDraft, room: RoomRecord, state: CurrentState, in transaction: ReadTransaction) throws -> JSONObject {
        var content = draft.content
        content[Self.authoriserKey] = nil
        guard content.string("membership") == "join", draft.stateKey == draft.sender.rawValue else { return content }
        let current = try state["m.room.member", draft.sender.rawValue]?.membership
        let rules = try state["m.room.join_rules", ""]?.content
        let rule = rules?.string("join_rule")
        guard rule == "restricted" || rule == "knock_restricted", current != "join", current != "invite", current != "ban" else { return content }
        guard try isAllowed(draft.sender, by: rules?.array("allow") ?? [], in: transaction) else {
            throw MatrixError(.forbidden, "Only members of the rooms that this room names may join it.")
        }
        let levels = try state.powerLevels
        guard let host = try transaction.users(in: room.key, membership: "join").first(where: { levels.level(of: $0) >= levels.invite }) else {
            throw MatrixError(.forbidden, "Nobody in this room may let you in.")
        }
        content[Self.authoriserKey] = .string(host.rawValue)
        return content
    }

    private func isAllowed(_ user: UserID, by allow: [JSONValue], in transaction: ReadTransaction) throws -> Bool {
        try allow.contains { condition in
            guard let condition = condition.objectValue, condition.string("type") == "m.room_membership",
                let other = condition.string("room_id").flatMap({ RoomID($0) }), let record = try transaction.room(other)
            else { return false }
            return try transaction.membership(of: user, in: record.key)?.membership == "join"
        }
    }
}
