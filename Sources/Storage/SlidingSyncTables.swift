/// What sliding sync asks of rooms beside what every sync asks.
extension ReadTransaction {
    /// All state events of one type at a position, whatever their state keys.
    public func state(of room: Int64, type: String, at end: Position) throws -> [TimelineEvent] {
        try connection.all("SELECT state_key FROM current_state WHERE room_key = ? AND type = ? ORDER BY state_key", room, type) { $0.text(0) }
            .compactMap { try stateEvent(of: room, type: type, stateKey: $0, at: end) }
    }

    /// The position of the newest event that counts as activity and is not after `end`.
    public func bumpStamp(of room: Int64, upTo end: Position) throws -> Position? {
        try connection.first(
            "SELECT position FROM events WHERE room_key = ? AND position <= ? AND " + Schema.isBump + " ORDER BY position DESC LIMIT 1", room, end
        ) { $0.position(0) }
    }
}
