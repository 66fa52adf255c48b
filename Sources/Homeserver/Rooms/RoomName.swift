import MatrixCore
import Storage

/// What a room is called for somebody who is in it.
///
/// spec: client-server-api/#calculating-the-display-name-for-a-room
enum RoomName {
    static func text(of chat: ChatRecord, for user: UserID, in transaction: ReadTransaction) throws -> String {
        for name in [chat.name?.string("name"), chat.canonicalAlias?.string("alias")] {
            if let name, name.contains(where: { !$0.isWhitespace }) { return name }
        }
        let room = chat.room.key
        let heroes = try transaction.heroes(of: room, for: user).map { hero in
            let name = try transaction.stateContent(of: room, type: "m.room.member", stateKey: hero.rawValue)?.string("displayname")
            return name.flatMap { $0.isEmpty ? nil : $0 } ?? hero.rawValue
        }
        let present = try transaction.memberCount(of: room, membership: "join") + transaction.memberCount(of: room, membership: "invite") - 1
        guard present > 0 else { return heroes.isEmpty ? "Empty room" : "Empty room (was \(list(heroes)))" }
        return list(heroes + (present > heroes.count ? ["\(present - heroes.count) others"] : []))
    }

    private static func list(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }
}
