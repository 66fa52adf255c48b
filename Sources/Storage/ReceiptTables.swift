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
