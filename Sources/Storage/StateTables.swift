public import MatrixCore

/// State of a room. On one box a room is a straight line: the state at a position is, for each type and state key,
/// the newest state event that is not after it. Everything that asks for state asks here.
extension ReadTransaction {
    /// The current state event, with its parsed content, for the authorisation rules.
    public func currentState(of room: RoomRecord, type: String, stateKey: String) throws -> Event? {
        try connection.first(
            """
            SELECT e.event_id, e.sender, e.origin_server_ts, substr(e.pdu, e.content_start + 1, e.content_length), e.depth
            FROM current_state s JOIN events e ON e.position = s.position
            WHERE s.room_key = ? AND s.type = ? AND s.state_key = ?
            """, room.key, type, stateKey
        ) { row in
            try Event(
                eventID: EventID(referenceHash: row.blob(0)), roomID: room.id, type: type, stateKey: stateKey, sender: row.userID(1),
                originServerTimestamp: row.int(2), content: JSONObject(parsing: row.blob(3)), redacts: nil, prevEvents: [], authEvents: [],
                depth: row.int(4))
        }
    }

    /// The content of a current state event.
    public func stateContent(of room: Int64, type: String, stateKey: String = "") throws -> JSONObject? {
        try connection.first(
            """
            SELECT substr(e.pdu, e.content_start + 1, e.content_length) FROM current_state s JOIN events e ON e.position = s.position
            WHERE s.room_key = ? AND s.type = ? AND s.state_key = ?
            """, room, type, stateKey
        ) { try JSONObject(parsing: $0.blob(0)) }
    }

    public func stateEvent(of room: Int64, type: String, stateKey: String, at end: Position) throws -> TimelineEvent? {
        try connection.first(
            Self.selectEvent + "WHERE e.room_key = ? AND e.type = ? AND e.state_key = ? AND e.position <= ? ORDER BY e.position DESC LIMIT 1",
            room, type, stateKey, end, row: timelineEvent)
    }

    /// Whether a state event holds at a position, since none has replaced it until then.
    public func isState(_ event: TimelineEvent, of room: Int64, at end: Position) throws -> Bool {
        guard let stateKey = event.stateKey else { return false }
        return try !connection.exists(
            "SELECT 1 FROM events WHERE room_key = ? AND type = ? AND state_key = ? AND position > ? AND position <= ? LIMIT 1", room, event.type,
            stateKey, event.position, end)
    }

    /// The whole state at a position, oldest event first.
    ///
    /// - Parameter members: `nil` for all members, else only the member events of these users.
    public func state(of room: Int64, at end: Position, members: Set<UserID>? = nil) throws -> [TimelineEvent] {
        var positions = try connection.all(
            """
            SELECT CASE WHEN s.position <= ?2 THEN s.position ELSE (
                SELECT e.position FROM events e WHERE e.room_key = ?1 AND e.type = s.type AND e.state_key = s.state_key AND e.position <= ?2
                ORDER BY e.position DESC LIMIT 1) END
            FROM current_state s WHERE s.room_key = ?1 AND (?3 OR s.type <> 'm.room.member')
            """, room, end, members == nil
        ) { $0.optionalInt(0) }.compactMap { $0 }
        for user in members ?? [] {
            if let position = try memberEventPosition(of: user, in: room, at: end) { positions.append(position.value) }
        }
        return try positions.sorted().compactMap { try event(at: Position($0)) }
    }

    /// The state events after `start` and up to `end` that were not replaced in between.
    public func stateChanges(of room: Int64, after start: Position, upTo end: Position) throws -> [TimelineEvent] {
        try connection.all(
            Self.selectEvent + """
                WHERE e.position IN (
                    SELECT max(position) FROM events WHERE room_key = ? AND state_key IS NOT NULL AND position > ? AND position <= ?
                    GROUP BY type, state_key)
                ORDER BY e.position
                """, room, start, end, row: timelineEvent)
    }

    public func memberEvent(of user: UserID, in room: Int64, at end: Position) throws -> TimelineEvent? {
        try stateEvent(of: room, type: "m.room.member", stateKey: user.rawValue, at: end)
    }

    private func memberEventPosition(of user: UserID, in room: Int64, at end: Position) throws -> Position? {
        try connection.first(
            """
            SELECT position FROM events WHERE room_key = ? AND type = 'm.room.member' AND state_key = ? AND position <= ?
            ORDER BY position DESC LIMIT 1
            """, room, user, end
        ) { $0.position(0) }
    }

    /// Every value that a state event has had, oldest first, as positions with the named member of the content.
    public func history(of room: Int64, type: String, stateKey: String, member: String) throws -> [(position: Int64, value: String)] {
        try connection.all(
            """
            SELECT position, substr(pdu, content_start + 1, content_length) FROM events
            WHERE room_key = ? AND type = ? AND state_key = ? ORDER BY position
            """, room, type, stateKey
        ) { row in
            (row.int(0), (try? JSONObject(parsing: row.blob(1)))?.string(member) ?? "")
        }
    }
}
