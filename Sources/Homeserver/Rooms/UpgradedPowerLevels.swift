import MatrixCore

/// The power levels of a room that replaces another.
///
/// spec: client-server-api/#room-upgrades
struct UpgradedPowerLevels {
    /// What the new room begins with: whoever upgrades it may do all that is needed to fill it.
    let atFirst: JSONObject
    /// What it keeps.
    let afterwards: JSONObject

    /// - Parameters:
    ///   - old: the levels of the old room, `nil` if it never had any.
    ///   - creators: the upgrading user first, then those whom the request names.
    ///   - banned: who is going to be banned from the new room.
    init(from old: JSONObject?, create: Event, _ oldVersion: RoomVersion, to version: RoomVersion, creators: [UserID], banned: [UserID]) {
        let upgrader = creators[0]
        var levels = old ?? RoomPreset.privateChat.powerLevels(version: version, creator: upgrader, equals: [], override: nil)
        var users = levels.object("users") ?? [:]
        if version.creatorsHavePrivilege {
            for creator in creators { users[creator.rawValue] = nil }
            levels["users"] = .object(users)
            levels = RoomPreset.withHighTombstone(levels, always: !oldVersion.creatorsHavePrivilege)
            (atFirst, afterwards) = (levels, levels)
            return
        }
        let needed = Self.highestRequired(levels)
        if oldVersion.creatorsHavePrivilege, old != nil {
            // Creators stood above all levels, and have to be named now.
            for creator in PowerLevels.creators(of: create, version: oldVersion) { users[creator.rawValue] = .integer(max(100, needed)) }
            levels["users"] = .object(users)
        }
        afterwards = levels
        let usersDefault = levels.integer("users_default") ?? 0
        func level(_ user: UserID) -> Int64 { users.integer(user.rawValue) ?? usersDefault }
        let aboveBanned = banned.map { level($0) }.max().map { $0 < .max ? $0 + 1 : $0 } ?? 0
        if level(upgrader) < max(needed, aboveBanned) {
            users[upgrader.rawValue] = .integer(max(needed, aboveBanned))
            levels["users"] = .object(users)
        }
        atFirst = levels
    }

    /// The levels of a room that was replaced, in which only those may talk who have a say in it. `nil` where that is so already.
    static func restricted(_ levels: JSONObject) -> JSONObject? {
        let usersDefault = levels.integer("users_default") ?? 0
        let least = max(50, usersDefault < .max ? usersDefault + 1 : usersDefault)
        var restricted = levels
        for key in ["events_default", "invite"] where (levels.integer(key) ?? 0) < least { restricted[key] = .integer(least) }
        return restricted == levels ? nil : restricted
    }

    /// What somebody needs to send any state and to ban.
    private static func highestRequired(_ levels: JSONObject) -> Int64 {
        let events = (levels.object("events")?.members ?? []).compactMap(\.value.integerValue)
        return max(levels.integer("state_default") ?? 50, levels.integer("ban") ?? 50, events.max() ?? 0)
    }
}
