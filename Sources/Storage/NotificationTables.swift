public import MatrixCore

/// An event that notifies a user.
public struct NotificationRecord: Sendable {
    public let position: Position
    public let roomKey: Int64
    /// 1 notify, 2 highlight.
    public let notifies: Int
}

extension ReadTransaction {
    /// The newest `limit` events after `start` that notify a user in the rooms of theirs, oldest first. Some may be from before
    /// the user came.
    public func notifications(of user: UserID, after start: Position, limit: Int) throws -> [NotificationRecord] {
        try connection.all(
            """
            SELECT position, room_key, notifies FROM (
                SELECT e.position, e.room_key, coalesce(x.notifies, e.notifies) AS notifies
                FROM memberships m JOIN events e ON e.room_key = m.room_key
                LEFT JOIN notification_exceptions x ON x.user_id = m.user_id AND x.room_key = m.room_key AND x.position = e.position
                WHERE m.user_id = ?1 AND m.membership IN ('join', 'invite') AND e.position > ?2 AND e.notifies > 0 AND e.sender <> ?1
                UNION
                SELECT x.position, x.room_key, x.notifies
                FROM memberships m JOIN notification_exceptions x ON x.user_id = m.user_id AND x.room_key = m.room_key
                WHERE m.user_id = ?1 AND m.membership IN ('join', 'invite') AND x.position > ?2
            ) WHERE notifies > 0 ORDER BY position DESC LIMIT ?3
            """, user, start, limit
        ) { NotificationRecord($0) }.reversed()
    }

    /// The newest `limit` events between two positions that notify a user in a room, newest first.
    public func notifications(
        of user: UserID, in room: Int64, after start: Position, before end: Position, highlightsOnly: Bool, limit: Int
    ) throws -> [NotificationRecord] {
        let least = highlightsOnly ? 2 : 1
        let byDefault = try connection.all(
            """
            SELECT e.position, e.room_key, coalesce(x.notifies, e.notifies) AS level FROM events e
            LEFT JOIN notification_exceptions x ON x.user_id = ?1 AND x.room_key = e.room_key AND x.position = e.position
            WHERE e.room_key = ?2 AND e.position > ?3 AND e.position < ?4 AND e.notifies > 0 AND e.sender <> ?1 AND level >= ?5
            ORDER BY e.position DESC LIMIT ?6
            """, user, room, start, end, least, limit
        ) { NotificationRecord($0) }
        let exceptions = try connection.all(
            """
            SELECT x.position, x.room_key, x.notifies FROM notification_exceptions x JOIN events e ON e.position = x.position
            WHERE x.user_id = ? AND x.room_key = ? AND x.position > ? AND x.position < ? AND x.notifies >= ? AND e.notifies = 0
            ORDER BY x.position DESC LIMIT ?
            """, user, room, start, end, least, limit
        ) { NotificationRecord($0) }
        return Array((byDefault + exceptions).sorted { $0.position > $1.position }.prefix(limit))
    }
}

extension NotificationRecord {
    fileprivate init(_ row: borrowing Row) { self.init(position: row.position(0), roomKey: row.int(1), notifies: Int(row.int(2))) }
}
