extension ReadTransaction {
    /// The event whose time is closest to `timestamp` and not before it (or not after it), among those that `accepts` lets through.
    ///
    /// Of several with the same time the first in the direction of the search. Looks at no more than `maxTimesScanned` events.
    public func event(
        closestTo timestamp: Int64, _ direction: TimelineDirection, in room: Int64, accepting accepts: (Position) throws -> Bool
    ) throws -> TimelineEvent? {
        let (comparison, order) = direction == .forwards ? (">=", "ASC") : ("<=", "DESC")
        var found: Position?
        // Position and time are all that the index holds, so this reads no event.
        try connection.forEachRow(
            """
            SELECT position FROM events INDEXED BY events_by_time WHERE room_key = ? AND origin_server_ts \(comparison) ?
            ORDER BY origin_server_ts \(order), position \(order) LIMIT \(Self.maxTimesScanned)
            """, room, timestamp
        ) { row in
            let position = row.position(0)
            guard try accepts(position) else { return true }
            found = position
            return false
        }
        return try found.flatMap { try event(at: $0) }
    }

    public static let maxTimesScanned = 50_000
}
