import MatrixCore
import Storage

/// Takes what users have set for a room over to the room that replaces it, when they join that.
///
/// spec: client-server-api/#room-upgrades
struct PredecessorSettings: Sendable {
    let accountData: AccountData

    private static let tags = "m.tag"
    private static let direct = "m.direct"

    /// - Parameter create: the create event of `room`, which `user` joins.
    func carryOver(of user: UserID, to room: RoomRecord, create: Event?, in transaction: WriteTransaction) throws {
        guard let predecessor = create?.content.object("predecessor")?.string("room_id").flatMap({ RoomID($0) }),
            let old = try transaction.room(predecessor),
            // Anybody can say that a room replaces another. The other one has to say so too.
            try transaction.stateContent(of: old.key, type: "m.room.tombstone")?.string("replacement_room") == room.id.rawValue
        else { return }
        do {
            try copyTags(of: user, from: old.id, to: room.id, in: transaction)
            try copyDirectChat(of: user, from: old.id, to: room.id, in: transaction)
            try copyPushRules(of: user, from: old.id, to: room.id, in: transaction)
        } catch is MatrixError {
            // A user who has too much of everything already still gets into the room.
        }
    }

    private func copyTags(of user: UserID, from old: RoomID, to new: RoomID, in transaction: WriteTransaction) throws {
        guard let tags = try transaction.accountData(Self.tags, of: user, room: old),
            try transaction.accountData(Self.tags, of: user, room: new) == nil
        else { return }
        try accountData.set(Self.tags, of: user, room: new, to: tags, in: transaction)
    }

    /// spec: client-server-api/#mdirect
    private func copyDirectChat(of user: UserID, from old: RoomID, to new: RoomID, in transaction: WriteTransaction) throws {
        guard let content = try transaction.accountData(Self.direct, of: user, room: nil) else { return }
        let before = try JSONObject(parsing: content)
        var after = before
        for member in before.members {
            guard let rooms = member.value.arrayValue, rooms.contains(.string(old.rawValue)), !rooms.contains(.string(new.rawValue)) else { continue }
            after[member.key] = .array(rooms + [.string(new.rawValue)])
        }
        guard after != before else { return }
        try accountData.set(Self.direct, of: user, room: nil, to: AccountData.bounded(after), in: transaction)
    }

    private func copyPushRules(of user: UserID, from old: RoomID, to new: RoomID, in transaction: WriteTransaction) throws {
        let rules = try accountData.pushRules.rules(of: user, in: transaction)
        guard rules.concern(old), !rules.concern(new) else { return }
        try accountData.pushRules.change(of: user, in: transaction) { try $0.copyRules(of: old, to: new) }
    }
}
