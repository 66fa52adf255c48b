/// Who may do what in a room.
///
/// spec: client-server-api/#mroompower_levels
public struct PowerLevels: Sendable, Hashable {
    /// The level of a creator in a room version that puts creators above all levels.
    public static let creatorLevel = Int64.max

    public let usersDefault: Int64
    public let eventsDefault: Int64
    public let stateDefault: Int64
    public let invite: Int64
    public let kick: Int64
    public let ban: Int64
    public let redact: Int64
    /// The users whom the event lists. Creators of version 12 are not among them.
    public let users: [UserID: Int64]
    public let events: [String: Int64]
    public let notifications: [String: Int64]
    public let privilegedCreators: Set<UserID>

    /// From the content of the room's `m.room.power_levels` event, `nil` if it has none. What is not an integer counts as absent.
    public init(create: Event?, content: JSONObject?, version: RoomVersion) {
        let levels = content ?? [:]
        usersDefault = levels.integer("users_default") ?? 0
        eventsDefault = levels.integer("events_default") ?? 0
        stateDefault = levels.integer("state_default") ?? 50
        invite = levels.integer("invite") ?? 0
        kick = levels.integer("kick") ?? 50
        ban = levels.integer("ban") ?? 50
        redact = levels.integer("redact") ?? 50
        events = Self.integers(levels.object("events"))
        notifications = Self.integers(levels.object("notifications"))

        var users: [UserID: Int64] = [:]
        for member in levels.object("users")?.members ?? [] {
            if let level = member.value.integerValue { users[UserID(trusted: member.key)] = level }
        }
        if version.creatorsHavePrivilege {
            privilegedCreators = create.map { Self.creators(of: $0, version: version) } ?? []
        } else {
            privilegedCreators = []
            // Before there is a power levels event, somebody has to be able to send it.
            if content == nil, let creator = create.flatMap({ Self.creator(of: $0, version: version) }) { users[creator] = 100 }
        }
        self.users = users
    }

    public init(create: Event?, powerLevels: Event?, version: RoomVersion) {
        self.init(create: create, content: powerLevels?.content, version: version)
    }

    public func level(of user: UserID) -> Int64 {
        if !privilegedCreators.isEmpty, privilegedCreators.contains(user) { return Self.creatorLevel }
        return users[user] ?? usersDefault
    }

    public func required(forEvent type: String, isState: Bool) -> Int64 {
        events[type] ?? (isState ? stateDefault : eventsDefault)
    }

    public func canSend(_ type: String, isState: Bool, user: UserID) -> Bool {
        level(of: user) >= required(forEvent: type, isState: isState)
    }

    /// What a sender needs to notify the whole room, by the key of the notification. `room` is the only one in use.
    public func required(forNotification key: String) -> Int64 { notifications[key] ?? 50 }

    /// The users whom the room's version calls creators: the sender of the create event, and in version 12 those it adds.
    public static func creators(of create: Event, version: RoomVersion) -> Set<UserID> {
        var creators: Set<UserID> = []
        if let creator = creator(of: create, version: version) { creators.insert(creator) }
        guard version.creatorsHavePrivilege else { return creators }
        for additional in create.content.array("additional_creators") ?? [] {
            if let user = additional.stringValue.flatMap({ UserID($0) }) { creators.insert(user) }
        }
        return creators
    }

    private static func creator(of create: Event, version: RoomVersion) -> UserID? {
        version.creatorInContent ? create.content.string("creator").flatMap { UserID($0) } : create.sender
    }

    private static func integers(_ object: JSONObject?) -> [String: Int64] {
        var levels: [String: Int64] = [:]
        for member in object?.members ?? [] { levels[member.key] = member.value.integerValue }
        return levels
    }
}
