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
        guard let rules, try transaction.isAllowed(draft.sender, byRestrictedJoinRule: rules) else {
            throw MatrixError(.forbidden, "Only members of the rooms that this room names may join it.")
        }
        let levels = try state.powerLevels
        guard let host = try transaction.users(in: room.key, membership: "join").first(where: { levels.level(of: $0) >= levels.invite }) else {
            throw MatrixError(.forbidden, "Nobody in this room may let you in.")
        }
        content[Self.authoriserKey] = .string(host.rawValue)
        return content
    }
}

/// What join rules say beside their name.
enum JoinRules {
    static func isRestricted(_ content: JSONObject) -> Bool { ["restricted", "knock_restricted"].contains(content.string("join_rule")) }

    /// The rooms whose members may join.
    static func allowedRooms(_ content: JSONObject) -> [RoomID] {
        (content.array("allow") ?? []).compactMap { condition in
            guard let condition = condition.objectValue, condition.string("type") == "m.room_membership" else { return nil }
            return condition.string("room_id").flatMap { RoomID($0) }
        }
    }
}

extension ReadTransaction {
    /// Whether the user is in one of the rooms that a restricted room's join rules name.
    func isAllowed(_ user: UserID, byRestrictedJoinRule content: JSONObject) throws -> Bool {
        try JoinRules.allowedRooms(content).contains { other in
            guard let record = try room(other) else { return false }
            return try membership(of: user, in: record.key)?.membership == "join"
        }
    }
}
