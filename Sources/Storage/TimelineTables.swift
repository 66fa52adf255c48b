public import MatrixCore

/// A stretch of a room's timeline.
public struct TimelineSlice: Sendable {
    /// In the order of the request.
    public let events: [TimelineEvent]
    /// Whether there are more events beyond the last one.
    public let isLimited: Bool
}

public enum TimelineDirection: Sendable { case forwards, backwards }

extension ReadTransaction {
    public func event(_ id: EventID) throws -> TimelineEvent? {
        guard let hash = id.referenceHash else { return nil }
        return try connection.first(Self.selectEvent + "WHERE e.event_id = ?", hash, row: timelineEvent)
    }

    public func event(at position: Position) throws -> TimelineEvent? {
        try connection.first(Self.selectEvent + "WHERE e.position = ?", position, row: timelineEvent)
    }

    /// The room's newest event: what the next one refers to in `prev_events`.
    public func latestEvent(in room: Int64) throws -> (id: EventID, depth: Int64)? {
        try connection.first("SELECT event_id, depth FROM events WHERE room_key = ? ORDER BY position DESC LIMIT 1", room) {
            (EventID(referenceHash: $0.blob(0)), $0.int(1))
        }
    }

    /// The position of the room's newest event that is not after `end`.
    public func latestPosition(in room: Int64, upTo end: Position) throws -> Position? {
        try connection.first("SELECT position FROM events WHERE room_key = ? AND position <= ? ORDER BY position DESC LIMIT 1", room, end) {
            $0.position(0)
        }
    }

    /// Up to `limit` events after `after` and up to `end` that `accepts` lets through, from one end or the other.
    ///
    /// Looks at no more than `maxEventsScanned` events, so that a filter that matches nothing stays cheap;
    /// `lastScanned` then tells where to go on. Goes no further than an event that `isBarrier`.
    public func timeline(
        of room: Int64, after: Position, upTo end: Position, limit: Int, direction: TimelineDirection,
        stoppingAt isBarrier: (TimelineEvent) throws -> Bool = { _ in false }, accepting accepts: (TimelineEvent) throws -> Bool = { _ in true }
    ) throws -> (slice: TimelineSlice, lastScanned: Position?) {
        let order = direction == .forwards ? "ASC" : "DESC"
        var events: [TimelineEvent] = []
        var isLimited = false
        var scanned = 0
        var lastScanned: Position?
        try connection.forEachRow(
            Self.selectEvent + "WHERE e.room_key = ? AND e.position > ? AND e.position <= ? ORDER BY e.position " + order, room, after, end
        ) { row in
            guard scanned < Self.maxEventsScanned else {
                isLimited = true
                return false
            }
            scanned += 1
            let event = try timelineEvent(row)
            guard try !isBarrier(event) else {
                isLimited = true
                return false
            }
            if try accepts(event) {
                guard events.count < limit else {
                    isLimited = true
                    return false
                }
                events.append(event)
            }
            lastScanned = event.position
            return true
        }
        return (TimelineSlice(events: events, isLimited: isLimited), lastScanned)
    }

    public static let maxEventsScanned = 5_000

    /// The event that a device sent before with this transaction ID, to this room and of this type.
    ///
    /// - Parameter redacting: for a redaction, its target: transaction IDs are scoped to the path of the request.
    ///
    /// spec: client-server-api/#transaction-identifiers
    public func event(sentAs transaction: EventTransaction, room: Int64, type: String, redacting target: EventID? = nil) throws -> EventID? {
        let events = try connection.all(
            Self.selectEvent + "WHERE e.device_key = ? AND e.transaction_id = ? AND e.room_key = ? AND e.type = ?",
            transaction.deviceKey, transaction.transactionID, room, type, row: timelineEvent)
        return events.first { target == nil || $0.redacts == target }?.eventID
    }

    /// The whole PDU, as it is stored.
    public func pdu(at position: Position) throws -> [UInt8]? {
        try connection.first("SELECT pdu FROM events WHERE position = ?", position) { $0.blob(0) }
    }

    static let selectEvent = """
        SELECT e.position, r.room_id, e.event_id, e.type, e.state_key, e.sender, e.origin_server_ts,
            substr(e.pdu, e.content_start + 1, e.content_length), e.redacted_by,
            old.event_id, substr(old.pdu, old.content_start + 1, old.content_length), e.device_key, e.transaction_id
        FROM events e JOIN rooms r ON r.room_key = e.room_key
        LEFT JOIN events old ON old.position = e.replaces 
        """

    func timelineEvent(_ row: borrowing Row) throws -> TimelineEvent {
        // Redactions can be redacted in turn, without end. Nobody asks for more than the first.
        let redaction = try row.optionalInt(8).flatMap { position in
            try connection.first(Self.selectEvent + "WHERE e.position = ?", position) { try timelineEvent($0, redactedBecause: nil) }
        }
        return try timelineEvent(row, redactedBecause: redaction)
    }

    private func timelineEvent(_ row: borrowing Row, redactedBecause redaction: TimelineEvent?) throws -> TimelineEvent {
        let content = row.blob(7)
        let type = row.text(3)
        let transaction = row.optionalInt(11).map {
            EventTransaction(deviceKey: $0, transactionID: row.text(12))
        }
        return TimelineEvent(
            position: row.position(0), roomID: row.roomID(1), eventID: EventID(referenceHash: row.blob(2)), type: type,
            stateKey: row.optionalText(4), sender: row.userID(5), originServerTimestamp: row.int(6), content: content,
            redacts: type == "m.room.redaction" ? try redactedEventID(position: row.position(0), content: content) : nil,
            previousContent: row.optionalBlob(10), replacesState: row.optionalBlob(9).map { EventID(referenceHash: $0) },
            redactedBecause: redaction, transaction: transaction)
    }

    /// Room versions before 11 have `redacts` beside the content, later ones inside it.
    private func redactedEventID(position: Position, content: [UInt8]) throws -> EventID? {
        if let inside = (try? JSONObject(parsing: content))?.string("redacts") { return EventID(inside) }
        guard let pdu = try pdu(at: position), let object = try? JSONObject(parsing: pdu) else { return nil }
        return object.string("redacts").flatMap { EventID($0) }
    }
}

extension WriteTransaction {
    /// Adds an event at the end of its room. State, memberships and the transaction ID are kept with it.
    ///
    /// - Parameter notifies: what the default push rules say: 0 nothing, 1 notify, 2 highlight.
    /// - Returns: the position of the first event of the thread that the event is in.
    @discardableResult
    public func insertEvent(_ pdu: PDU, room: Int64, at position: Position, notifies: Int, transaction: EventTransaction?) throws -> Position? {
        let event = pdu.event
        guard let hash = event.eventID.referenceHash else { throw StorageError(.other, "The event ID is no hash.") }
        let replaced = try event.stateKey.flatMap { stateKey in
            try connection.first(
                "SELECT position FROM current_state WHERE room_key = ? AND type = ? AND state_key = ?", room, event.type, stateKey
            ) { $0.position(0) }
        }
        try connection.run(
            """
            INSERT INTO events (position, room_key, event_id, type, state_key, sender, origin_server_ts, depth, pdu, content_start,
                content_length, replaces, notifies, device_key, transaction_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, position, room, hash, event.type, event.stateKey, event.sender, event.originServerTimestamp, event.depth, pdu.canonicalBytes,
            pdu.contentRange.lowerBound, pdu.contentRange.count, replaced, notifies, transaction?.deviceKey, transaction?.transactionID)
        if let stateKey = event.stateKey {
            try connection.run(
                """
                INSERT INTO current_state (room_key, type, state_key, position) VALUES (?, ?, ?, ?)
                ON CONFLICT (room_key, type, state_key) DO UPDATE SET position = excluded.position
                """, room, event.type, stateKey, position)
            if event.type == "m.room.member" {
                try setMembership(
                    event.content.string("membership") ?? "leave", of: UserID(trusted: stateKey), in: room, at: position)
            }
        }
        let thread = try Relation(of: event.content).flatMap { relation in
            try connection.insert(
                relation, of: event.type, isState: event.isState, sender: event.sender, originServerTimestamp: event.originServerTimestamp,
                content: event.content, room: room, at: position)
        }
        try connection.insertMediaReferences(in: pdu.canonicalBytes[pdu.contentRange], of: event.sender, at: position)
        try eventInserted()
        // A new name appears in all rooms at once; that says nothing of what was read in them.
        if event.type != "m.room.member", thread == nil {
            try connection.run(
                "UPDATE memberships SET last_sent = ? WHERE user_id = ? AND room_key = ?", position, event.sender, room)
        }
        return thread
    }

    /// Replaces an event by its redacted form; nothing of what it said stays in the database.
    ///
    /// - Returns: the IDs of the uploads that it referred to, which may still be there for something else.
    public func redactEvent(_ redacted: PDU, at position: Position, by redaction: Position) throws -> [String] {
        let media = try takeMediaReferences(of: position)
        try unindex(position) {
            try connection.run(
                "UPDATE events SET pdu = ?, content_start = ?, content_length = ?, redacted_by = ?, notifies = 0 WHERE position = ?",
                redacted.canonicalBytes, redacted.contentRange.lowerBound, redacted.contentRange.count, redaction, position)
        }
        try connection.run("DELETE FROM notification_exceptions WHERE position = ?", position)
        try deleteRelation(of: position)
        // Some types keep something.
        try connection.insertMediaReferences(in: redacted.canonicalBytes[redacted.contentRange], of: redacted.event.sender, at: position)
        try deleteRoomFile(at: position)
        return media
    }

    /// The PDU of an event, to be redacted.
    public func pdu(of event: TimelineEvent, version: RoomVersion) throws -> PDU? {
        guard let bytes = try pdu(at: event.position) else { return nil }
        return try PDU(parsing: bytes, version: version)
    }
}
