public import MatrixCore
import Storage

/// What a room looks like to somebody who may not be in it.
public struct RoomSummaries: Sendable {
    let database: Database

    /// Throws `notFound` for rooms that the user, or somebody who is not logged in, must not know of.
    ///
    /// spec: client-server-api/#get_matrixclientv1room_summaryroomidoralias
    public func summary(of target: RoomTarget, for user: UserID?) async throws -> JSONObject {
        try await database.read { transaction in
            guard let room = try? target.room(in: transaction), try transaction.mayFind(room, user) else {
                throw MatrixError(.notFound, "There is no such room, or you cannot see it.")
            }
            var summary = try Self.entry(of: room, in: transaction)
            if let user { summary["membership"] = .string(try transaction.membership(of: user, in: room.key)?.membership ?? "leave") }
            return summary
        }
    }

    /// spec: client-server-api/#get_matrixclientv1roomsroomidhierarchy (`RoomSummary`)
    static func entry(of room: RoomRecord, in transaction: ReadTransaction) throws -> JSONObject {
        var entry = try RoomDirectory.entry(of: room, in: transaction)
        entry["room_version"] = .string(room.version.rawValue)
        if let algorithm = try transaction.stateContent(of: room.key, type: "m.room.encryption")?.string("algorithm") {
            entry["encryption"] = .string(algorithm)
        }
        if let rules = try transaction.stateContent(of: room.key, type: "m.room.join_rules"), JoinRules.isRestricted(rules) {
            let allowed = JoinRules.allowedRooms(rules)
            if !allowed.isEmpty { entry["allowed_room_ids"] = .array(allowed.map { .string($0.rawValue) }) }
        }
        return entry
    }
}

extension ReadTransaction {
    /// Whether somebody, perhaps not logged in, may know that a room exists and what it is called.
    ///
    /// spec: client-server-api/#get_matrixclientv1roomsroomidhierarchy
    func mayFind(_ room: RoomRecord, _ user: UserID?) throws -> Bool {
        let rules = try stateContent(of: room.key, type: "m.room.join_rules") ?? [:]
        if ["public", "knock", "knock_restricted"].contains(rules.string("join_rule")) { return true }
        if try stateContent(of: room.key, type: "m.room.history_visibility")?.string("history_visibility") == "world_readable" { return true }
        guard let user else { return false }
        switch try membership(of: user, in: room.key)?.membership {
        case "join", "invite": return true
        case "ban": return false
        default: return try JoinRules.isRestricted(rules) && isAllowed(user, byRestrictedJoinRule: rules)
        }
    }
}
