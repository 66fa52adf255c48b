import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// A client of the tests' own: asks `/sync`, and keeps what it was told the way the specification tells clients to.
struct SyncClient {
    struct Room {
        var section = ""
        var timeline: [String] = []
        var state: [StateKey: String] = [:]
        var stateContent: [StateKey: JSONObject] = [:]
        var previousBatch: String?
        var unread: UnreadCounts?
        var threadUnread: [EventID: UnreadCounts] = [:]
        var joinedCount: Int64?
        var invitedCount: Int64?
        var heroes: [String] = []
        var typists: [String] = []
        /// The event read, by user, type and thread.
        var receipts: [String: String] = [:]
        var accountData: [String: JSONObject] = [:]
    }

    let session: Session
    var filter = Filter()
    var statePlacement = SyncRequest.StatePlacement.beforeTimeline
    var since: StreamToken?
    var rooms: [RoomID: Room] = [:]
    var accountData: [String: JSONObject] = [:]
    var presence: [String: String] = [:]
    /// Fills the gap of a limited timeline; otherwise it forgets what it had.
    var fillsGaps = true

    init(_ session: Session, filter: Filter = Filter()) {
        self.session = session
        self.filter = filter
    }

    init(_ session: Session, filter json: String) throws {
        try self.init(session, filter: Filter(JSONObject(parsing: Array(json.utf8))))
    }

    var request: SyncRequest {
        var request = SyncRequest(session: session)
        request.since = since
        request.filter = filter
        request.statePlacement = statePlacement
        request.presence = .offline
        return request
    }

    /// The response, not yet taken in.
    func ask(_ fixture: HomeFixture, timeout: Duration = .zero, fullState: Bool = false) async throws -> SyncAnswer {
        var request = request
        request.timeout = timeout
        request.fullState = fullState
        return try SyncAnswer(await fixture.home.sync.sync(request))
    }

    /// Asks once and takes the answer in.
    @discardableResult
    mutating func sync(_ fixture: HomeFixture, timeout: Duration = .zero, fullState: Bool = false) async throws -> SyncAnswer {
        let answer = try await ask(fixture, timeout: timeout, fullState: fullState)
        try await take(answer, fixture)
        return answer
    }

    mutating func take(_ answer: SyncAnswer, _ fixture: HomeFixture) async throws {
        for event in answer.body.object("account_data")?.array("events") ?? [] {
            guard let event = event.objectValue, let type = event.string("type") else { continue }
            accountData[type] = event.object("content")
        }
        for event in answer.body.object("presence")?.array("events") ?? [] {
            guard let event = event.objectValue, let sender = event.string("sender") else { continue }
            presence[sender] = event.object("content")?.string("presence")
        }
        for section in ["join", "leave", "invite", "knock"] {
            for member in answer.body.object("rooms")?.object(section)?.members ?? [] {
                guard let json = member.value.objectValue else { continue }
                try await take(json, section, RoomID(trusted: member.key), fixture)
            }
        }
        since = answer.nextBatch
    }

    private mutating func take(_ json: JSONObject, _ section: String, _ id: RoomID, _ fixture: HomeFixture) async throws {
        var room = rooms[id] ?? Room()
        let wasThere = room.section == "join"
        room.section = section
        guard section == "join" || section == "leave" else {
            rooms[id] = room
            return
        }
        let timeline = json.object("timeline") ?? [:]
        if timeline.bool("limited") == true {
            // Who comes into a room begins anew, also where the new timeline reaches back into the old one.
            let previous = timeline.string("prev_batch").flatMap { StreamToken($0) }
            if fillsGaps, wasThere, !room.timeline.isEmpty, let since, let previous, previous.position >= since.position {
                try await fillGap(&room, id, from: previous, to: since, fixture)
            } else {
                room.timeline = []
                room.previousBatch = timeline.string("prev_batch")
            }
        } else if room.previousBatch == nil {
            room.previousBatch = timeline.string("prev_batch")
        }
        func apply(_ events: [JSONValue]) {
            for case .object(let event) in events {
                guard let key = event.string("state_key"), let type = event.string("type"), let eventID = event.string("event_id") else { continue }
                room.state[StateKey(type, key)] = eventID
                room.stateContent[StateKey(type, key)] = event.object("content")
            }
        }
        let events = timeline.array("events") ?? []
        apply(json.object(statePlacement.rawValue)?.array("events") ?? [])
        if !statePlacement.isAfterTimeline { apply(events) }
        for case .object(let event) in events { room.timeline.append(event.string("event_id") ?? "") }
        if let unread = json.object("unread_notifications") {
            room.unread = UnreadCounts(
                notifications: Int(unread.integer("notification_count") ?? -1), highlights: Int(unread.integer("highlight_count") ?? -1))
            room.threadUnread = [:]
            for thread in json.object("unread_thread_notifications")?.members ?? [] {
                let counts = thread.value.objectValue ?? [:]
                room.threadUnread[EventID(trusted: thread.key)] = UnreadCounts(
                    notifications: Int(counts.integer("notification_count") ?? -1), highlights: Int(counts.integer("highlight_count") ?? -1))
            }
        }
        if let summary = json.object("summary") {
            room.joinedCount = summary.integer("m.joined_member_count")
            room.invitedCount = summary.integer("m.invited_member_count")
            room.heroes = summary.array("m.heroes")?.compactMap(\.stringValue) ?? []
        }
        for case .object(let event) in json.object("ephemeral")?.array("events") ?? [] {
            let content = event.object("content") ?? [:]
            if event.string("type") == "m.typing" { room.typists = content.array("user_ids")?.compactMap(\.stringValue) ?? [] }
            if event.string("type") == "m.receipt" { Self.takeReceipts(content, &room) }
        }
        for case .object(let event) in json.object("account_data")?.array("events") ?? [] {
            room.accountData[event.string("type") ?? ""] = event.object("content")
        }
        rooms[id] = room
    }

    private static func takeReceipts(_ content: JSONObject, _ room: inout Room) {
        for event in content.members {
            for type in event.value.objectValue?.members ?? [] {
                for user in type.value.objectValue?.members ?? [] {
                    let thread = user.value.objectValue?.string("thread_id") ?? "-"
                    room.receipts["\(user.key) \(type.key) \(thread)"] = event.key
                }
            }
        }
    }

    private func fillGap(_ room: inout Room, _ id: RoomID, from: StreamToken, to: StreamToken, _ fixture: HomeFixture) async throws {
        var token: StreamToken? = from
        var missed: [String] = []
        while let from = token {
            let page = try await fixture.home.history.messages(
                of: id, for: session.userID, from: from, to: to, direction: .backwards, limit: 3, filter: filter.room.timeline)
            missed += page.events.map(\.eventID.rawValue)
            token = page.end
        }
        room.timeline += missed.reversed()
    }
}

/// One response of `/sync`, as JSON.
struct SyncAnswer {
    let body: JSONObject

    init(_ bytes: [UInt8]) throws { body = try JSONObject(parsing: bytes) }

    var nextBatch: StreamToken { body.string("next_batch").flatMap { StreamToken($0) } ?? StreamToken(.zero) }

    func room(_ section: String, _ room: RoomID) -> JSONObject? { body.object("rooms")?.object(section)?.object(room.rawValue) }

    func joined(_ id: RoomID) -> JSONObject? { room("join", id) }

    func rooms(_ section: String) -> [String] { body.object("rooms")?.object(section)?.members.map(\.key) ?? [] }

    var isEmpty: Bool {
        (body.object("rooms")?.isEmpty ?? true) && body.object("account_data")?.array("events")?.isEmpty ?? true
            && body.object("presence")?.array("events")?.isEmpty ?? true
    }
}

extension JSONObject {
    /// The events under `timeline`, `state`, …
    func events(_ name: String) -> [JSONObject] { object(name)?.array("events")?.compactMap(\.objectValue) ?? [] }

    func eventIDs(_ name: String) -> [String] { events(name).compactMap { $0.string("event_id") } }

    func types(_ name: String) -> [String] { events(name).compactMap { $0.string("type") } }

    func bodies(_ name: String) -> [String] { events(name).compactMap { $0.object("content")?.string("body") } }

    var isLimited: Bool { object("timeline")?.bool("limited") ?? false }

    var unread: UnreadCounts {
        let counts = object("unread_notifications") ?? [:]
        return UnreadCounts(notifications: Int(counts.integer("notification_count") ?? -1), highlights: Int(counts.integer("highlight_count") ?? -1))
    }
}
