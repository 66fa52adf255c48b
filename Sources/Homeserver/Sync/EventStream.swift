public import MatrixCore
import Storage

/// `/events`: what happens, one thing after the other, in all rooms of a user or in one that they look into. Clients of before `/sync` use
/// the first, room previews the second.
///
/// spec: client-server-api/#get_matrixclientv3events
public struct EventStream: Sendable {
    let sync: Sync

    public static let maxEvents = 100
    public static let defaultTimeoutMilliseconds = 30_000

    /// The response as JSON. Returns early when the task is cancelled.
    public func events(for session: Session, in room: RoomID?, from: StreamToken?, limit: Int, timeout: Duration) async throws -> [UInt8] {
        let feed = sync.feed
        if let from, from.position > feed.position {
            throw MatrixError(.invalidParameter, "This box has never given out the token \(from).")
        }
        let user = session.userID
        sync.presence.syncBegins(of: user, asked: .online)
        defer { sync.presence.syncEnds(of: user, asked: .online) }
        try await sync.presence.show(user, asked: .online)
        let deadline = ContinuousClock.now + timeout
        var start = from?.position ?? feed.position
        while true {
            let (page, end) = (try await page(for: user, in: room, after: start, limit: min(limit, Self.maxEvents)), start)
            let remaining = deadline - .now
            if !page.items.isEmpty || remaining <= .zero || Task.isCancelled {
                return json(page, start: from?.position ?? end, EventFormat(for: session))
            }
            start = page.end
            await feed.wait(for: page.watched, after: start, timeout: remaining)
        }
    }

    // MARK: What happened

    fileprivate enum Item {
        case event(TimelineEvent)
        case other(JSONObject)
    }

    fileprivate struct Page {
        var items: [Item] = []
        /// Everything up to here is in it.
        var end: Position
        /// Whoever hears of what this stream shows.
        var watched: UserID
    }

    private func page(for user: UserID, in roomID: RoomID?, after start: Position, limit: Int) async throws -> Page {
        let end = sync.feed.position
        guard let roomID else {
            return try await sync.database.read { transaction in
                var page = Page(end: end, watched: user)
                guard let changes = sync.feed.changes(after: start, upTo: end, concerning: user) else {
                    let rooms = try transaction.memberships(of: user).filter { $0.membership == "join" }.map(\.roomID)
                    return try longAgo(in: rooms, for: user, after: start, limit: limit, page, transaction)
                }
                for change in changes where page.take(limit, change) {
                    if let item = try item(change, for: user, transaction) { page.items.append(item) }
                }
                return page
            }
        }
        return try await sync.database.read { transaction in
            let access = try RoomAccess(to: roomID, for: user, upTo: end, in: transaction)
            guard access.membership == "join" || access.isPeeking else { throw RoomAccess.notInRoom }
            let members = try transaction.users(in: access.room.key, membership: "join")
            // Who is not in the room hears what somebody hears who is.
            var page = Page(end: end, watched: members.contains(user) ? user : members.first ?? user)
            guard let changes = sync.feed.changes(after: start, upTo: end, concerning: page.watched) else {
                return try longAgo(in: [roomID], for: user, after: start, limit: limit, page, transaction)
            }
            for change in changes where page.take(limit, change) {
                switch change.kind {
                case .event(let event, _) where event.roomID == roomID && access.canSee(event) && !sync.ignoredUsers.hides(event, from: user):
                    page.items.append(.event(access.shown(event)))
                case .receipt(let receipt, _) where receipt.roomID == roomID && (receipt.type == "m.read" || receipt.userID == user):
                    page.items.append(.other(receipt.legacyEvent))
                case .typing(roomID, _): page.items.append(.other(sync.typing.legacyEvent(of: roomID)))
                case .presence(let other, _) where members.contains(other): page.items.append(.other(sync.presence.legacyEvent(of: other)))
                default: break
                }
            }
            return page
        }
    }

    private func item(_ change: Change, for user: UserID, _ transaction: ReadTransaction) throws -> Item? {
        switch change.kind {
        case .event(let event, _): return sync.ignoredUsers.hides(event, from: user) ? nil : .event(event)
        case .receipt(let receipt, _): return .other(receipt.legacyEvent)
        case .typing(let room, _): return .other(sync.typing.legacyEvent(of: room))
        case .presence(let other, _): return .other(sync.presence.legacyEvent(of: other))
        case .accountData:
            // What was changed again since then comes with the later change.
            let before = Position(change.position.value - 1)
            guard let piece = try sync.accountData.changes(of: user, after: before, upTo: change.position, in: transaction).first else { return nil }
            var event: JSONObject = ["type": .string(piece.type), "content": .object(try JSONObject(parsing: piece.content))]
            if let room = piece.roomID { event["room_id"] = .string(room.rawValue) }
            return .other(event)
        default: return nil
        }
    }

    /// What is not in memory any more: the events of the rooms, from the database.
    private func longAgo(
        in rooms: [RoomID], for user: UserID, after start: Position, limit: Int, _ empty: Page, _ transaction: ReadTransaction
    ) throws -> Page {
        var page = empty
        var events: [TimelineEvent] = []
        for room in rooms {
            let access = try RoomAccess(to: room, for: user, upTo: empty.end, in: transaction)
            let (slice, lastScanned) = try transaction.timeline(
                of: access.room.key, after: start, upTo: page.end, limit: limit, direction: .forwards,
                accepting: { access.canSee($0) && !sync.ignoredUsers.hides($0, from: user) })
            if slice.isLimited { page.end = lastScanned ?? start }
            events = Array((events + slice.events.map(access.shown)).sorted { $0.position < $1.position }.prefix { $0.position <= page.end })
            if events.count > limit {
                events.removeLast(events.count - limit)
                page.end = events.last?.position ?? page.end
            }
        }
        page.items = events.map { .event($0) }
        return page
    }

    private func json(_ page: Page, start: Position, _ format: EventFormat) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("chunk")
        writer.beginArray()
        for item in page.items {
            switch item {
            case .event(let event): format.write(event, to: &writer)
            case .other(let object): writer.object(object)
            }
        }
        writer.endArray()
        writer.field("start", StreamToken(start).description)
        writer.field("end", StreamToken(page.end).description)
        writer.endObject()
        return writer.bytes
    }
}

extension EventStream.Page {
    /// Whether the change still fits; the page ends before the first that does not.
    fileprivate mutating func take(_ limit: Int, _ change: Change) -> Bool {
        guard change.position <= end else { return false }
        if items.count < limit { return true }
        end = Position(change.position.value - 1)
        return false
    }
}

// MARK: How it was written before `/sync`

extension Receipt {
    var legacyEvent: JSONObject {
        var data: JSONObject = ["ts": .integer(timestamp)]
        if let threadID { data["thread_id"] = .string(threadID) }
        let content = JSONObject([
            (eventID.rawValue, .object(JSONObject([(type, .object(JSONObject([(userID.rawValue, .object(data))])))])))
        ])
        return ["type": "m.receipt", "room_id": .string(roomID.rawValue), "content": .object(content)]
    }
}

extension Typing {
    func legacyEvent(of room: RoomID) -> JSONObject {
        let users = typists(in: room).map { JSONValue.string($0.rawValue) }
        return ["type": "m.typing", "room_id": .string(room.rawValue), "content": ["user_ids": .array(users)]]
    }
}

extension Presence {
    func legacyEvent(of user: UserID) -> JSONObject {
        var content = content(of: status(of: user))
        content["user_id"] = .string(user.rawValue)
        return ["type": "m.presence", "content": .object(content)]
    }
}
