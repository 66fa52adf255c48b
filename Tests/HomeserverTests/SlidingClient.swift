import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// One connection of a client that speaks sliding sync.
struct SlidingClient {
    let session: Session
    var connectionID = "room-list"
    var dialect = SlidingSyncDialect.field
    var position: String?
    /// The `next_batch` of the to-device extension.
    var toDeviceSince: String?
    var lists: JSONObject = [:]
    var subscriptions: JSONObject = [:]
    var extensions: JSONObject = [:]

    init(_ session: Session, connectionID: String) {
        self.session = session
        self.connectionID = connectionID
    }

    /// A client with one list, as Element X has it.
    init(
        _ session: Session, range: ClosedRange<Int> = 0...19, timelineLimit: Int = 1,
        state: [(String, String)] = [("m.room.name", ""), ("m.room.member", "$LAZY"), ("m.room.member", "$ME"), ("m.room.create", "")],
        extensions: [String] = [], filters: JSONObject = [:]
    ) {
        self.init(session, connectionID: "room-list")
        self.extensions = Self.enabled(extensions)
        setList(range: range, timelineLimit: timelineLimit, state: state, filters: filters)
    }

    static func enabled(_ extensions: [String]) -> JSONObject {
        JSONObject(extensions.map { ($0, .object(["enabled": true])) })
    }

    static func state(_ pairs: [(String, String)]) -> JSONValue { .array(pairs.map { .array([.string($0.0), .string($0.1)]) }) }

    mutating func setList(
        _ name: String = "all_rooms", range: ClosedRange<Int>, timelineLimit: Int = 1, state: [(String, String)] = [], filters: JSONObject = [:]
    ) {
        lists[name] = [
            "ranges": .array([.array([.integer(Int64(range.lowerBound)), .integer(Int64(range.upperBound))])]),
            "timeline_limit": .integer(Int64(timelineLimit)), "required_state": Self.state(state), "filters": .object(filters),
        ]
    }

    mutating func setRange(_ range: ClosedRange<Int>, of name: String = "all_rooms") {
        var list = lists.object(name) ?? [:]
        list["ranges"] = .array([.array([.integer(Int64(range.lowerBound)), .integer(Int64(range.upperBound))])])
        lists[name] = .object(list)
    }

    mutating func subscribe(_ room: RoomID, timelineLimit: Int = 20, state: [(String, String)] = [("m.room.name", "")]) {
        subscriptions[room.rawValue] = ["timeline_limit": .integer(Int64(timelineLimit)), "required_state": Self.state(state)]
    }

    var body: JSONObject {
        var extensions = extensions
        if var toDevice = extensions.object("to_device"), let toDeviceSince {
            toDevice["since"] = .string(toDeviceSince)
            extensions["to_device"] = .object(toDevice)
        }
        return [
            "conn_id": .string(connectionID), "lists": .object(lists), "room_subscriptions": .object(subscriptions),
            "extensions": .object(extensions),
        ]
    }

    /// The response, not yet taken in.
    func ask(_ fixture: HomeFixture, timeoutMilliseconds: Int = 0) async throws -> SlidingAnswer {
        var body = body
        if dialect == .accepted {
            body["pos"] = position.map { .string($0) }
            body["timeout"] = .integer(Int64(timeoutMilliseconds))
        }
        let request = try SlidingSyncRequest(
            body,
            query: {
                switch $0 {
                case "pos": position
                case "timeout": String(timeoutMilliseconds)
                case "set_presence": "offline"
                default: nil
                }
            }, dialect: dialect, session: session)
        return try SlidingAnswer(body: JSONObject(parsing: await fixture.home.slidingSync.sync(request)))
    }

    @discardableResult
    mutating func sync(_ fixture: HomeFixture, timeoutMilliseconds: Int = 0) async throws -> SlidingAnswer {
        let answer = try await ask(fixture, timeoutMilliseconds: timeoutMilliseconds)
        take(answer)
        return answer
    }

    mutating func take(_ answer: SlidingAnswer) {
        position = answer.body.string("pos")
        if let next = answer.toDevice?.string("next_batch") { toDeviceSince = next }
    }
}

/// One response of sliding sync, as JSON.
struct SlidingAnswer {
    let body: JSONObject

    var rooms: [String] { body.object("rooms")?.members.map(\.key) ?? [] }

    func room(_ id: RoomID) -> JSONObject? { body.object("rooms")?.object(id.rawValue) }

    func count(_ list: String = "all_rooms") -> Int64? { body.object("lists")?.object(list)?.integer("count") }

    func events(_ id: RoomID, _ name: String = "timeline") -> [JSONObject] { room(id)?.array(name)?.compactMap(\.objectValue) ?? [] }

    func texts(_ id: RoomID) -> [String] { events(id).compactMap { $0.object("content")?.string("body") } }

    func types(_ id: RoomID, _ name: String = "timeline") -> [String] { events(id, name).compactMap { $0.string("type") } }

    /// `type|state_key` of what is in the required state, sorted.
    func state(_ id: RoomID) -> [String] {
        events(id, "required_state").map { "\($0.string("type") ?? "")|\($0.string("state_key") ?? "")" }.sorted()
    }

    func `extension`(_ name: String) -> JSONObject? { body.object("extensions")?.object(name) }

    var toDevice: JSONObject? { `extension`("to_device") }

    var toDeviceTexts: [String] {
        toDevice?.array("events")?.compactMap { $0.objectValue?.object("content")?.string("text") } ?? []
    }

    /// The types of account data, global or of a room.
    func accountData(_ room: RoomID? = nil) -> [String] {
        let data = `extension`("account_data") ?? [:]
        let pieces = room.map { data.object("rooms")?.array($0.rawValue) } ?? data.array("global")
        return pieces?.compactMap { $0.objectValue?.string("type") } ?? []
    }

    func typists(_ room: RoomID) -> [String]? {
        `extension`("typing")?.object("rooms")?.object(room.rawValue)?.object("content")?.array("user_ids")?.compactMap(\.stringValue)
    }

    /// `event type user` of each receipt.
    func receipts(_ room: RoomID) -> [String] {
        let content = `extension`("receipts")?.object("rooms")?.object(room.rawValue)?.object("content") ?? [:]
        return content.members.flatMap { event in
            (event.value.objectValue?.members ?? []).flatMap { type in
                (type.value.objectValue?.members ?? []).map { "\(event.key) \(type.key) \($0.key)" }
            }
        }
    }

    var changedDeviceLists: [String] { `extension`("e2ee")?.object("device_lists")?.array("changed")?.compactMap(\.stringValue) ?? [] }

    var isEmpty: Bool {
        rooms.isEmpty && toDeviceTexts.isEmpty && accountData().isEmpty && changedDeviceLists.isEmpty
            && `extension`("account_data")?.object("rooms")?.isEmpty ?? true && `extension`("typing")?.object("rooms")?.isEmpty ?? true
            && `extension`("receipts")?.object("rooms")?.isEmpty ?? true
    }
}
