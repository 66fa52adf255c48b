public import MatrixCore

/// An event that is related to another.
public struct RelationRecord: Sendable {
    public let position: Position
    public let parent: Position
    public let type: String
    public let sender: UserID
    public let originServerTimestamp: Int64
    /// Whether it is a valid new version of its parent.
    public let isReplacement: Bool
}

extension ReadTransaction {
    /// Everything that clients are shown together with these events, by parent and then oldest first.
    ///
    /// - Parameter body: returns whether to go on.
    public func forEachBundledRelation(to parents: [Position], upTo end: Position, while body: (RelationRecord) throws -> Bool) throws {
        guard !parents.isEmpty else { return }
        try connection.forEachRow(
            """
            SELECT position, parent, rel_type, sender, ts, replaces FROM relations
            WHERE parent IN (SELECT value FROM json_each(?)) AND rel_type IN ('m.replace', 'm.reference', 'm.thread') AND position <= ?
            ORDER BY parent, rel_type, position
            """, Self.list(parents), end
        ) { row in
            try body(
                RelationRecord(
                    position: row.position(0), parent: row.position(1), type: row.text(2), sender: row.userID(3), originServerTimestamp: row.int(4),
                    isReplacement: row.bool(5)))
        }
    }

    /// The positions and senders of what is related to an event, directly or over up to `depth` steps of the wanted kind.
    ///
    /// - Parameter body: returns whether to go on.
    public func forEachRelation(
        to parent: Position, type: String?, eventType: String?, depth: Int, after start: Position, upTo end: Position,
        direction: TimelineDirection, while body: (_ position: Position, _ sender: UserID) throws -> Bool
    ) throws {
        let order = direction == .forwards ? "ASC" : "DESC"
        try connection.forEachRow(
            """
            WITH RECURSIVE related (position, sender, depth) AS (
                SELECT position, sender, 1 FROM relations WHERE parent = ?1 AND (?2 IS NULL OR rel_type = ?2) AND (?3 IS NULL OR type = ?3)
                UNION
                SELECT r.position, r.sender, related.depth + 1 FROM related JOIN relations r ON r.parent = related.position
                WHERE related.depth < ?4 AND (?2 IS NULL OR r.rel_type = ?2) AND (?3 IS NULL OR r.type = ?3)
            )
            SELECT position, sender FROM related WHERE position > ?5 AND position <= ?6 ORDER BY position \(order)
            """, parent, type, eventType, depth, start, end
        ) { row in try body(row.position(0), row.userID(1)) }
    }

    /// Whether one of these users has related something to an event, in one of these ways. `nil` stands for any.
    public func isRelated(to parent: Position, by senders: Set<UserID>?, types: [String]?) throws -> Bool {
        var isRelated = false
        try connection.forEachRow("SELECT DISTINCT rel_type, sender FROM relations WHERE parent = ?", parent) { row in
            isRelated = types?.contains(row.text(0)) ?? true && senders?.contains(row.userID(1)) ?? true
            return !isRelated
        }
        return isRelated
    }

    /// The relation of an event to its parent.
    public func parent(of position: Position) throws -> Position? {
        try connection.first("SELECT parent FROM relations WHERE position = ?", position) { $0.position(0) }
    }

    /// Whether a user has said the same of an event already.
    public func hasAnnotation(_ relation: Relation, type: String, sender: UserID) throws -> Bool {
        guard let key = relation.key, let parent = relation.parent.referenceHash else { return false }
        return try connection.exists(
            """
            SELECT 1 FROM relations WHERE rel_type = 'm.annotation' AND parent = (SELECT position FROM events WHERE event_id = ?)
                AND sender = ? AND type = ? AND key = ?
            """, parent, sender, type, key)
    }

    public func eventID(at position: Position) throws -> EventID? { try eventIDs(at: [position]).first }

    /// In the order of the positions.
    public func eventIDs(at positions: [Position]) throws -> [EventID] {
        try connection.all("SELECT event_id FROM events WHERE position IN (SELECT value FROM json_each(?)) ORDER BY position", Self.list(positions)) {
            EventID(referenceHash: $0.blob(0))
        }
    }

    /// As JSON: a statement with as many parameters as there are values would have to be prepared anew for each number.
    private static func list(_ positions: [Position]) -> String { "[\(positions.map(\.description).joined(separator: ","))]" }
}

extension Connection {
    /// Keeps the relation of an event to its parent, if that is in the same room, and the thread that the event comes to be in.
    ///
    /// Returns the position of the thread's first event.
    func insert(
        _ relation: Relation, of type: String, isState: Bool, sender: UserID, originServerTimestamp: Int64, content: JSONObject, room: Int64,
        at position: Position
    ) throws -> Position? {
        guard let hash = relation.parent.referenceHash else { return nil }
        let found = try first(
            """
            SELECT e.position, e.type, e.state_key IS NOT NULL, e.sender, r.rel_type, r.thread FROM events e
            LEFT JOIN relations r ON r.position = e.position WHERE e.event_id = ? AND e.room_key = ? AND e.position < ?
            """, hash, room, position
        ) { row in
            (
                position: row.position(0), type: row.text(1), isState: row.bool(2), sender: row.userID(3), relation: row.optionalText(4),
                thread: row.optionalInt(5).map { Position($0) }
            )
        }
        guard let parent = found else { return nil }
        // spec: client-server-api/#validity-of-replacement-events
        let isReplacement =
            relation.type == Relation.replacement && sender == parent.sender && type == parent.type && !isState && !parent.isState
            && parent.relation != Relation.replacement && (type == "m.room.encrypted" || content.object("m.new_content") != nil)
        let thread = relation.type == Relation.thread ? parent.position : parent.thread
        try run(
            "INSERT INTO relations (position, parent, rel_type, type, sender, ts, key, replaces, thread) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            position, parent.position, relation.type, type, sender, originServerTimestamp, relation.key, isReplacement, thread)
        guard let thread else { return nil }
        try run(
            """
            INSERT INTO threads (root, room_key, latest, newest) VALUES (?1, ?2, ?3, ?3)
            ON CONFLICT (root) DO UPDATE SET newest = ?3, latest = CASE WHEN ?4 THEN ?3 ELSE latest END
            """, thread, room, position, relation.type == Relation.thread)
        try run(
            "INSERT INTO thread_members (root, user_id, last_sent) VALUES (?1, ?2, ?3) ON CONFLICT (root, user_id) DO UPDATE SET last_sent = ?3",
            thread, sender, position)
        return thread
    }
}

extension WriteTransaction {
    /// A redacted event is related to nothing, and what is related to it is in no thread any more.
    func deleteRelation(of position: Position) throws {
        let relation = try connection.first("SELECT rel_type, thread FROM relations WHERE position = ?", position) { ($0.text(0), $0.optionalInt(1)) }
        guard let (type, thread) = relation else { return }
        try connection.run("DELETE FROM relations WHERE position = ?", position)
        guard let thread else { return }
        try connection.run(
            """
            WITH RECURSIVE related (position) AS (
                SELECT position FROM relations WHERE parent = ?1 AND rel_type <> 'm.thread'
                UNION
                SELECT r.position FROM related JOIN relations r ON r.parent = related.position WHERE r.rel_type <> 'm.thread'
            )
            UPDATE relations SET thread = NULL WHERE position IN related
            """, position)
        guard type == Relation.thread else { return }
        let latest = try connection.first("SELECT max(position) FROM relations WHERE parent = ? AND rel_type = 'm.thread'", thread) {
            $0.optionalInt(0)
        }
        if let latest = latest ?? nil {
            try connection.run("UPDATE threads SET latest = ? WHERE root = ?", latest, thread)
        } else {
            try connection.run("DELETE FROM threads WHERE root = ?", thread)
        }
    }
}
