import MatrixCore

/// The starting state that `createRoom` gives a room.
///
/// spec: client-server-api/#post_matrixclientv3createroom
enum RoomPreset: String {
    case privateChat = "private_chat"
    case trustedPrivateChat = "trusted_private_chat"
    case publicChat = "public_chat"

    var joinRule: String { self == .publicChat ? "public" : "invite" }
    /// `nil` forbids it too, and spares an event, as Synapse does.
    var guestAccess: String? { self == .publicChat ? nil : "can_join" }
    var historyVisibility: String { "shared" }

    /// - Parameter equals: users who get the creator's power level: the invitees of a trusted private chat.
    func powerLevels(version: RoomVersion, creator: UserID, equals: [UserID], override: JSONObject?) -> JSONObject {
        var users: JSONObject = [:]
        if !version.creatorsHavePrivilege {
            users[creator.rawValue] = 100
            for user in equals { users[user.rawValue] = 100 }
        }
        var levels: JSONObject = [
            "users": .object(users),
            "users_default": 0,
            "events": [
                "m.room.name": 50,
                "m.room.power_levels": 100,
                "m.room.history_visibility": 100,
                "m.room.canonical_alias": 50,
                "m.room.avatar": 50,
                // Where creators stand above all levels, nobody else may close a room by default.
                // spec: rooms/v12/#client-considerations
                "m.room.tombstone": .integer(version.creatorsHavePrivilege ? 150 : 100),
                "m.room.server_acl": 100,
                "m.room.encryption": 100,
            ],
            "events_default": 0,
            "state_default": 50,
            "ban": 50,
            "kick": 50,
            "redact": 50,
            "invite": .integer(self == .publicChat ? 50 : 0),
        ]
        for member in override?.members ?? [] { levels[member.key] = member.value }
        return version.creatorsHavePrivilege ? Self.withHighTombstone(levels, always: false) : levels
    }

    /// Where creators stand above all levels, nobody closes a room by the level that state needs in general.
    ///
    /// - Parameter always: also where the levels say something else that is high enough for the specification.
    ///
    /// spec: client-server-api/#post_matrixclientv3createroom
    static func withHighTombstone(_ levels: JSONObject, always: Bool) -> JSONObject {
        let stateDefault = levels.integer("state_default") ?? 50
        guard var events = levels["events"] == nil ? [:] : levels.object("events") else { return levels }
        let current = events.integer("m.room.tombstone") ?? stateDefault
        guard always || current <= stateDefault else { return levels }
        events["m.room.tombstone"] = .integer(max(150, current, stateDefault < 1 << 52 ? stateDefault + 1 : stateDefault))
        var raised = levels
        raised["events"] = .object(events)
        return raised
    }
}
