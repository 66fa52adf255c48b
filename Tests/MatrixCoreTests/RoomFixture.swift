import MatrixCore
import Testing

/// The state of a room, built event by event without asking the rules, and a question to the rules about the next event.
struct RoomFixture {
    struct Key: Hashable {
        let type: String
        let stateKey: String
    }

    let version: RoomVersion
    let roomID: RoomID
    private(set) var state: [Key: Event] = [:]

    static let alice = "@alice:box.local"
    static let bob = "@bob:box.local"
    static let carol = "@carol:box.local"
    static let remote = "@remote:far.example"

    /// A room that Alice created and joined. It has no power levels and no join rules yet.
    init(_ version: RoomVersion, createContent: JSONObject = [:]) {
        self.version = version
        roomID = RoomID(trusted: version.roomIDIsHash ? "!create" : "!room:box.local")
        var content = createContent
        content["room_version"] = .string(version.rawValue)
        if version.creatorInContent { content["creator"] = .string(Self.alice) }
        set("m.room.create", "", content)
        setMembership(Self.alice, "join")
    }

    mutating func set(_ type: String, _ stateKey: String, _ content: JSONObject, sender: String = alice) {
        state[Key(type: type, stateKey: stateKey)] = event(type, stateKey, content, sender: sender, id: type == "m.room.create" ? "$create" : "$x")
    }

    mutating func remove(_ type: String, _ stateKey: String = "") { state[Key(type: type, stateKey: stateKey)] = nil }

    mutating func setMembership(_ user: String, _ membership: String) {
        set("m.room.member", user, ["membership": .string(membership)], sender: user)
    }

    mutating func setJoinRule(_ rule: String) { set("m.room.join_rules", "", ["join_rule": .string(rule)]) }

    /// Alice has 100 where the version lets her be listed.
    mutating func setLevels(_ users: [String: Int64], _ levels: JSONObject = [:]) {
        var listed = JSONObject(users.map { ($0.key, .integer($0.value)) })
        if !version.creatorsHavePrivilege, listed[Self.alice] == nil { listed[Self.alice] = 100 }
        var content = levels
        content["users"] = .object(listed)
        set("m.room.power_levels", "", content)
    }

    func event(
        _ type: String, _ stateKey: String?, _ content: JSONObject, sender: String, id: String = "$new", prevEvents: [String] = ["$x"],
        roomID: String? = nil
    ) -> Event {
        Event(
            eventID: EventID(trusted: id), roomID: RoomID(trusted: roomID ?? self.roomID.rawValue), type: type, stateKey: stateKey,
            sender: UserID(trusted: sender), originServerTimestamp: 0, content: content, prevEvents: prevEvents.map { EventID(trusted: $0) }, depth: 5
        )
    }

    /// `nil` if the rules allow the event, else the code of their refusal.
    func verdict(on event: Event, signedBy: Set<String> = []) throws -> MatrixError.Code? {
        do {
            try EventAuthorization.check(event, version: version, signedBy: signedBy) { type, stateKey in
                state[Key(type: type, stateKey: stateKey)]
            }
            return nil
        } catch let error as MatrixError {
            #expect(!error.message.isEmpty)
            return error.code
        }
    }

    func verdict(_ type: String, _ stateKey: String?, _ content: JSONObject = [:], by sender: String) throws -> MatrixError.Code? {
        try verdict(on: event(type, stateKey, content, sender: sender))
    }

    func membership(_ user: String, _ membership: String, by sender: String, _ more: JSONObject = [:]) throws -> MatrixError.Code? {
        var content = more
        content["membership"] = .string(membership)
        return try verdict("m.room.member", user, content, by: sender)
    }
}
