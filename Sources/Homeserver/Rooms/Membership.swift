public import MatrixCore
import Storage

/// Who is in a room: join, invite, leave, kick, ban and forget.
///
/// spec: client-server-api/#room-membership
public struct Membership: Sendable {
    let database: Database
    let writer: EventWriter
    let members: MemberContent

    /// - Parameter extra: what the request has beside the reason; it goes into the member event, as with other servers.
    public func join(_ target: RoomTarget, as user: UserID, extra: JSONObject = [:], reason: String? = nil) async throws -> RoomID {
        try await database.write { transaction in
            let room = try target.room(in: transaction)
            try join(room, as: user, extra: extra, reason: reason, in: transaction)
            return room.id
        }
    }

    func join(_ room: RoomRecord, as user: UserID, extra: JSONObject = [:], reason: String? = nil, in transaction: WriteTransaction) throws {
        let current = try transaction.membership(of: user, in: room.key)?.membership
        guard current != "join" else { return }
        var content = try members.content("join", of: user, reason: reason, in: transaction)
        for member in extra.members where !["membership", "reason", "third_party_signed"].contains(member.key) {
            guard !["displayname", "avatar_url"].contains(member.key) || member.value.stringValue != nil else { continue }
            content[member.key] = member.value
        }
        try append("m.room.member", about: user, by: user, content, to: room, in: transaction)
    }

    public func knock(_ target: RoomTarget, as user: UserID, reason: String?) async throws -> RoomID {
        try await database.write { transaction in
            let room = try target.room(in: transaction)
            let content = try members.content("knock", of: user, reason: reason, in: transaction)
            try append("m.room.member", about: user, by: user, content, to: room, in: transaction)
            return room.id
        }
    }

    public func invite(_ user: UserID, to roomID: RoomID, by sender: UserID, reason: String?) async throws {
        try await database.write { transaction in
            let room = try Self.room(roomID, in: transaction)
            guard try transaction.accountExists(user) else { throw MatrixError(.notFound, "There is no account \(user).") }
            let content = try members.content("invite", of: user, reason: reason, in: transaction)
            try append("m.room.member", about: user, by: sender, content, to: room, in: transaction)
        }
    }

    /// Leaves a room, or declines an invitation, or takes back a knock.
    public func leave(_ roomID: RoomID, as user: UserID, reason: String?) async throws {
        try await database.write { transaction in
            let room = try Self.room(roomID, in: transaction)
            switch try transaction.membership(of: user, in: room.key)?.membership {
            case "leave": return
            case nil: throw RoomAccess.notInRoom
            default: try leave(room, as: user, reason: reason, in: transaction)
            }
        }
    }

    func leave(_ room: RoomRecord, as user: UserID, reason: String? = nil, in transaction: WriteTransaction) throws {
        var content: JSONObject = ["membership": "leave"]
        if let reason { content["reason"] = .string(reason) }
        try append("m.room.member", about: user, by: user, content, to: room, in: transaction)
    }

    /// For an account that is closed: leaves every room and declines every invitation.
    func leaveAll(as user: UserID) async throws {
        try await database.write { transaction in
            for record in try transaction.memberships(of: user) where ["join", "invite", "knock"].contains(record.membership) {
                try leave(try Self.room(record.roomID, in: transaction), as: user, in: transaction)
            }
        }
    }

    public func kick(_ user: UserID, from roomID: RoomID, by sender: UserID, reason: String?) async throws {
        try await change(user, in: roomID, by: sender, to: "leave", reason: reason) { current in
            guard ["join", "invite", "knock"].contains(current) else { throw MatrixError(.forbidden, "\(user) is not in this room.") }
        }
    }

    public func ban(_ user: UserID, from roomID: RoomID, by sender: UserID, reason: String?) async throws {
        try await change(user, in: roomID, by: sender, to: "ban", reason: reason) { _ in }
    }

    public func unban(_ user: UserID, from roomID: RoomID, by sender: UserID, reason: String?) async throws {
        try await change(user, in: roomID, by: sender, to: "leave", reason: reason) { current in
            guard current == "ban" else { throw MatrixError(.forbidden, "\(user) is not banned.") }
        }
    }

    private func change(
        _ user: UserID, in roomID: RoomID, by sender: UserID, to membership: String, reason: String?,
        if check: @escaping @Sendable (String?) throws -> Void
    ) async throws {
        try await database.write { transaction in
            let room = try Self.room(roomID, in: transaction)
            guard try transaction.membership(of: sender, in: room.key)?.membership == "join" else { throw RoomAccess.notInRoom }
            try check(try transaction.membership(of: user, in: room.key)?.membership)
            var content: JSONObject = ["membership": .string(membership)]
            if let reason { content["reason"] = .string(reason) }
            try append("m.room.member", about: user, by: sender, content, to: room, in: transaction)
        }
    }

    public func forget(_ roomID: RoomID, as user: UserID) async throws {
        try await database.write { transaction in
            let room = try Self.room(roomID, in: transaction)
            switch try transaction.membership(of: user, in: room.key)?.membership {
            case "leave", "ban":
                try transaction.forget(room: room.key, user: user)
                transaction.record(.forgotten(user, room: roomID), at: transaction.nextPosition(), in: writer.feed)
            case nil: throw MatrixError(.notFound, "You were never in this room.")
            default: throw MatrixError(.unknown, "Leave the room before you forget it.")
            }
        }
    }

    public func joinedRooms(of user: UserID) async throws -> [RoomID] {
        try await database.read { try $0.memberships(of: user).filter { $0.membership == "join" }.map(\.roomID) }
    }

    /// Shows a new name or picture in every room that the user is in.
    func profileChanged(of user: UserID) async throws {
        try await database.write { transaction in
            for record in try transaction.memberships(of: user) where record.membership == "join" {
                let room = try Self.room(record.roomID, in: transaction)
                var content = try transaction.stateContent(of: room.key, type: "m.room.member", stateKey: user.rawValue) ?? [:]
                let fresh = try members.content("join", of: user, in: transaction)
                for key in ["displayname", "avatar_url"] { content[key] = fresh[key] }
                content["reason"] = nil
                do {
                    try append("m.room.member", about: user, by: user, content, to: room, in: transaction)
                } catch is MatrixError {
                    // A room whose rules let nobody join lets nobody change their name either. The others go on.
                }
            }
        }
    }

    private func append(
        _ type: String, about user: UserID, by sender: UserID, _ content: JSONObject, to room: RoomRecord, in transaction: WriteTransaction
    ) throws {
        try writer.append(EventDraft(type: type, stateKey: user.rawValue, sender: sender, content: content), to: room, in: transaction)
    }

    static func room(_ id: RoomID, in transaction: ReadTransaction) throws -> RoomRecord {
        guard let room = try transaction.room(id) else { throw RoomAccess.notInRoom }
        return room
    }
}

/// A room by its ID or by an address.
public enum RoomTarget: Sendable {
    case id(RoomID)
    case alias(RoomAlias)

    /// `nil` for text that is neither.
    public init?(_ text: String) {
        if let id = RoomID(text) {
            self = .id(id)
        } else if let alias = RoomAlias(text) {
            self = .alias(alias)
        } else {
            return nil
        }
    }

    func room(in transaction: ReadTransaction) throws -> RoomRecord {
        switch self {
        case .id(let id):
            guard let room = try transaction.room(id) else { throw MatrixError(.notFound, "There is no room \(id) on this box.") }
            return room
        case .alias(let alias):
            guard let key = try transaction.roomKey(of: alias)?.key, let id = try transaction.roomID(of: key), let room = try transaction.room(id)
            else { throw MatrixError(.notFound, "There is no room with the address \(alias).") }
            return room
        }
    }
}
