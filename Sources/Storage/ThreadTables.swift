public import MatrixCore

extension ReadTransaction {
    /// The threads of a room whose latest event is not after `end`, the one with the latest event first.
    ///
    /// - Parameter body: gets the positions of a thread's first and latest event; returns whether to go on.
    public func forEachThread(of room: Int64, upTo end: Position, while body: (_ root: Position, _ latest: Position) throws -> Bool) throws {
        try connection.forEachRow("SELECT root, latest FROM threads WHERE room_key = ? AND latest <= ? ORDER BY latest DESC", room, end) { row in
            try body(row.position(0), row.position(1))
        }
    }

    /// The thread that an event is in, as the position of its first event. `nil` for the main timeline.
    public func thread(of position: Position) throws -> Position? {
        try connection.first("SELECT thread FROM relations WHERE position = ?", position) { $0.optionalInt(0) }?.map { Position($0) }
    }

    /// Unread messages of a user who has joined, by thread.
    ///
    /// - Parameter start: where the user came into the room.
    ///
    /// spec: client-server-api/#receiving-notifications
    public func unreadCounts(of user: UserID, in room: Int64, after start: Position, upTo end: Position) throws -> ThreadedUnreadCounts {
        let read = try readPositions(of: user, in: room)
        let unthreaded = max(start, read.unthreaded)
        var counts = ThreadedUnreadCounts()
        counts.main = try unreadCountsOfMainTimeline(of: user, in: room, after: max(unthreaded, read.main), upTo: end)
        try connection.forEachRow(
            """
            SELECT t.root, t.newest, e.event_id, m.last_sent FROM threads t JOIN events e ON e.position = t.root
            LEFT JOIN thread_members m ON m.root = t.root AND m.user_id = ? WHERE t.room_key = ? AND t.newest > ?
            """, user, room, unthreaded
        ) { row in
            let id = EventID(referenceHash: row.blob(2))
            let start = max(unthreaded, row.position(3), read.threads[id] ?? .zero)
            guard row.position(1) > start else { return true }
            let unread = try unreadCounts(of: user, inThread: row.position(0), after: start, upTo: end)
            if unread != UnreadCounts() { counts.threads[id] = unread }
            return true
        }
        return counts
    }

    /// The newest events that a user has read: by either kind of receipt, or by sending one.
    public func readPositions(of user: UserID, in room: Int64) throws -> (unthreaded: Position, main: Position, threads: [EventID: Position]) {
        var unthreaded = Position.zero
        var main =
            try connection.first("SELECT last_sent FROM memberships WHERE user_id = ? AND room_key = ?", user, room) { $0.position(0) } ?? .zero
        var threads: [EventID: Position] = [:]
        try connection.forEachRow(
            """
            SELECT thread_id, max(event_position) FROM receipts
            WHERE room_key = ? AND user_id = ? AND receipt_type IN ('m.read', 'm.read.private') GROUP BY thread_id
            """, room, user
        ) { row in
            switch row.text(0) {
            case "": unthreaded = row.position(1)
            case "main": main = max(main, row.position(1))
            case let thread: threads[EventID(trusted: thread)] = row.position(1)
            }
            return true
        }
        return (unthreaded, main, threads)
    }

    private func unreadCountsOfMainTimeline(of user: UserID, in room: Int64, after start: Position, upTo end: Position) throws -> UnreadCounts {
        var counts = UnreadCounts()
        try counts.add(
            connection.first(
                """
                SELECT count(*), total(e.notifies > 1) FROM events e LEFT JOIN relations r ON r.position = e.position
                WHERE e.room_key = ? AND e.position > ? AND e.position <= ? AND e.notifies > 0 AND e.sender <> ? AND r.thread IS NULL
                """, room, start, end, user, row: Self.unreadCounts))
        try counts.add(
            connection.first(
                """
                SELECT total((x.notifies > 0) - (e.notifies > 0)), total((x.notifies > 1) - (e.notifies > 1))
                FROM notification_exceptions x JOIN events e ON e.position = x.position LEFT JOIN relations r ON r.position = x.position
                WHERE x.user_id = ? AND x.room_key = ? AND x.position > ? AND x.position <= ? AND r.thread IS NULL
                """, user, room, start, end, row: Self.unreadCounts))
        return counts
    }

    private func unreadCounts(of user: UserID, inThread root: Position, after start: Position, upTo end: Position) throws -> UnreadCounts {
        var counts = UnreadCounts()
        try counts.add(
            connection.first(
                """
                SELECT total(coalesce(x.notifies, e.notifies) > 0), total(coalesce(x.notifies, e.notifies) > 1)
                FROM relations r JOIN events e ON e.position = r.position
                LEFT JOIN notification_exceptions x ON x.user_id = ?1 AND x.room_key = e.room_key AND x.position = e.position
                WHERE r.thread = ?2 AND r.position > ?3 AND r.position <= ?4 AND e.sender <> ?1
                """, user, root, start, end, row: Self.unreadCounts))
        return counts
    }

    private static func unreadCounts(_ row: borrowing Row) -> UnreadCounts {
        UnreadCounts(notifications: Int(row.int(0)), highlights: Int(row.int(1)))
    }
}

/// Unread messages of one user in one room.
public struct UnreadCounts: Sendable, Hashable {
    public var notifications: Int
    public var highlights: Int

    public init(notifications: Int = 0, highlights: Int = 0) {
        self.notifications = notifications
        self.highlights = highlights
    }

    mutating func add(_ other: UnreadCounts?) {
        notifications += other?.notifications ?? 0
        highlights += other?.highlights ?? 0
    }
}

/// Unread messages of one user in one room, by thread.
public struct ThreadedUnreadCounts: Sendable, Hashable {
    public var main = UnreadCounts()
    /// By the first event of the thread. Threads without unread messages are not in it.
    public var threads: [EventID: UnreadCounts] = [:]

    public init() {}

    /// - Parameter thread: the first event of a thread, `nil` for the main timeline.
    public subscript(thread: EventID?) -> UnreadCounts {
        get { thread.map { threads[$0] ?? UnreadCounts() } ?? main }
        set {
            if let thread { threads[thread] = newValue == UnreadCounts() ? nil : newValue } else { main = newValue }
        }
    }

    /// Of all threads and the main timeline together.
    public var total: UnreadCounts { threads.values.reduce(into: main) { $0.add($1) } }
}
