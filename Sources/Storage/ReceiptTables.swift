public import MatrixCore

extension ReadTransaction {
    /// The receipts of a room that changed after `start` and up to `end`; private ones only for their owner.
    public func receipts(of room: Int64, roomID: RoomID, after start: Position, upTo end: Position, visibleTo user: UserID) throws -> [Receipt] {
        try connection.all(
            """
            SELECT user_id, receipt_type, thread_id, event_id, ts FROM receipts
            WHERE room_key = ? AND position > ? AND position <= ? AND (receipt_type <> 'm.read.private' OR user_id = ?) ORDER BY position
            """, room, start, end, user
        ) { row in
            let thread = row.text(2)
            return Receipt(
                roomID: roomID, userID: row.userID(0), type: row.text(1), threadID: thread.isEmpty ? nil : thread,
                eventID: EventID(referenceHash: row.blob(3)), timestamp: row.int(4))
        }
    }

    /// The newest event that a user has read: by either kind of receipt, or by sending one.
    public func readPosition(of user: UserID, in room: Int64) throws -> Position {
        let received = try connection.first(
            "SELECT max(event_position) FROM receipts WHERE room_key = ? AND user_id = ? AND receipt_type IN ('m.read', 'm.read.private')",
            room, user
        ) { $0.position(0) }
        let sent = try connection.first("SELECT last_sent FROM memberships WHERE user_id = ? AND room_key = ?", user, room) { $0.position(0) }
        return max(received ?? .zero, sent ?? .zero)
    }

    /// How many events after `start` and up to `end` notify a user, and how many of these highlight.
    public func unreadCounts(of user: UserID, in room: Int64, after start: Position, upTo end: Position) throws -> UnreadCounts {
        let byDefault =
            try connection.first(
                """
                SELECT count(*), total(notifies > 1) FROM events
                WHERE room_key = ? AND position > ? AND position <= ? AND notifies > 0 AND sender <> ?
                """, room, start, end, user
            ) { UnreadCounts(notifications: Int($0.int(0)), highlights: Int($0.int(1))) } ?? UnreadCounts()
        let exceptions =
            try connection.first(
                """
                SELECT total((x.notifies > 0) - (e.notifies > 0)), total((x.notifies > 1) - (e.notifies > 1))
                FROM notification_exceptions x JOIN events e ON e.position = x.position
                WHERE x.user_id = ? AND x.room_key = ? AND x.position > ? AND x.position <= ?
                """, user, room, start, end
            ) { UnreadCounts(notifications: Int($0.int(0)), highlights: Int($0.int(1))) } ?? UnreadCounts()
        return UnreadCounts(
            notifications: byDefault.notifications + exceptions.notifications, highlights: byDefault.highlights + exceptions.highlights)
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
}

extension WriteTransaction {
    /// Keeps a receipt, unless the user has one for a later event already. Returns whether it was kept.
    public func setReceipt(_ receipt: Receipt, room: Int64, eventPosition: Position, at position: Position) throws -> Bool {
        guard let hash = receipt.eventID.referenceHash else { return false }
        return try connection.run(
            """
            INSERT INTO receipts (room_key, user_id, receipt_type, thread_id, event_id, event_position, ts, position)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (room_key, user_id, receipt_type, thread_id) DO UPDATE
            SET event_id = excluded.event_id, event_position = excluded.event_position, ts = excluded.ts, position = excluded.position
            WHERE excluded.event_position > event_position
            """, room, receipt.userID, receipt.type, receipt.threadID ?? "", hash, eventPosition, receipt.timestamp, position) > 0
    }

    public func insertNotificationException(user: UserID, room: Int64, event: Position, notifies: Int) throws {
        try connection.run(
            "INSERT INTO notification_exceptions (user_id, room_key, position, notifies) VALUES (?, ?, ?, ?)", user, room, event, notifies)
    }
}
