import MatrixCore
import Storage

/// The room that every account of the box is in, so that nobody signs up into emptiness.
struct HomeRoom: Sendable {
    let isEnabled: Bool
    let database: Database
    let rooms: Rooms
    let membership: Membership
    let serverName: String

    private static let key = "home_room"
    private static let name = "Home"
    private static let aliasLocalpart = "home"

    /// Lets a new account in. The first one makes the room and looks after it.
    func join(_ user: UserID) async throws {
        guard isEnabled else { return }
        try await database.write { transaction in
            // Once everyone has left, nobody could let the newcomer in.
            guard let room = try existing(in: transaction), try transaction.memberCount(of: room.key, membership: "join") > 0 else {
                try make(by: user, in: transaction)
                return
            }
            try inviteIfNeeded(user, to: room, in: transaction)
            try membership.join(room, as: user, in: transaction)
        }
    }

    /// A home that is upgraded is at home in the room that replaces it.
    static func moves(from old: RoomID, to new: RoomID, in transaction: WriteTransaction) throws {
        guard try transaction.serverValue(key) == old.rawValue else { return }
        try transaction.setServerValue(key, new.rawValue)
    }

    private func existing(in transaction: ReadTransaction) throws -> RoomRecord? {
        guard let id = try transaction.serverValue(Self.key) else { return nil }
        return try transaction.room(RoomID(trusted: id))
    }

    private func make(by owner: UserID, in transaction: WriteTransaction) throws {
        let alias = RoomAlias(localpart: Self.aliasLocalpart, server: serverName)
        if let old = try existing(in: transaction), try transaction.roomKey(of: alias)?.key == old.key { try transaction.deleteAlias(alias) }
        var creation = RoomCreation()
        creation.preset = RoomPreset.privateChat.rawValue
        creation.name = Self.name
        // The address is a convenience; somebody may have taken it while the home room was off.
        if try transaction.roomKey(of: alias) == nil { creation.aliasLocalpart = Self.aliasLocalpart }
        let room = try rooms.create(creation, by: owner, in: transaction)
        try transaction.setServerValue(Self.key, room.id.rawValue)
    }

    /// The room is private: a member with the right to do so vouches for the newcomer.
    private func inviteIfNeeded(_ user: UserID, to room: RoomRecord, in transaction: WriteTransaction) throws {
        let current = try transaction.membership(of: user, in: room.key)?.membership
        let joinRule = try transaction.stateContent(of: room.key, type: "m.room.join_rules")?.string("join_rule")
        guard current != "join", current != "invite", joinRule != "public" else { return }
        let levels = try CurrentState(room: room, transaction: transaction).powerLevels
        guard let host = try transaction.users(in: room.key, membership: "join").first(where: { levels.level(of: $0) >= levels.invite }) else {
            return
        }
        let content = try membership.members.content("invite", of: user, in: transaction)
        try membership.writer.append(
            EventDraft(type: "m.room.member", stateKey: user.rawValue, sender: host, content: content), to: room, in: transaction)
    }
}
