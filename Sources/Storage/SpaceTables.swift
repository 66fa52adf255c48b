public import MatrixCore

/// A room that a space lists, by the space's own `m.space.child` event.
public struct SpaceChild: Sendable {
    /// The state key, whatever it is.
    public let stateKey: String
    /// `nil` for a room that is not on this box.
    public let roomKey: Int64?
    public let sender: UserID
    /// Milliseconds since 1970
    public let originServerTimestamp: Int64
    public let content: JSONObject
}

extension ReadTransaction {
    /// The first `limit` rooms that were added to a space, unordered and with those that were taken out again.
    public func spaceChildren(of space: Int64, limit: Int) throws -> [SpaceChild] {
        try connection.all(
            """
            SELECT s.state_key, r.room_key, e.sender, e.origin_server_ts, substr(e.pdu, e.content_start + 1, e.content_length)
            FROM current_state s JOIN events e ON e.position = s.position LEFT JOIN rooms r ON r.room_id = s.state_key
            WHERE s.room_key = ? AND s.type = 'm.space.child' ORDER BY s.position LIMIT ?
            """, space, limit
        ) { row in
            try SpaceChild(
                stateKey: row.text(0), roomKey: row.optionalInt(1), sender: row.userID(2), originServerTimestamp: row.int(3),
                content: JSONObject(parsing: row.blob(4)))
        }
    }
}
