public import MatrixCore

/// One event that a search has found.
public struct SearchMatch: Sendable {
    public let position: Position
    public let roomKey: Int64
    public let type: String
    public let sender: UserID
    /// Higher is closer.
    public let rank: Double
}

extension ReadTransaction {
    /// Calls `body` for every event that matches, newest first, until it returns `false`.
    ///
    /// - Parameter rooms: only these rooms; `nil` for all.
    public func searchMatches(
        _ query: SearchQuery, in keys: [SearchableText.Key], rooms: [Int64]?, upTo end: Position, while body: (SearchMatch) throws -> Bool
    ) throws {
        guard !query.phrases.isEmpty, !keys.isEmpty, rooms?.isEmpty != true else { return }
        var expression = "{\(keys.map(\.column).joined(separator: " "))} : (\(query.phrases.joined(separator: " AND ")))"
        if let rooms { expression += " AND room : (\(rooms.map { "\"\($0)\"" }.joined(separator: " OR ")))" }
        try connection.forEachRow(
            """
            SELECT e.position, e.room_key, e.type, e.sender, bm25(search, 1, 1, 1, 0)
            FROM search CROSS JOIN events e ON e.position = search.rowid
            WHERE search MATCH ? AND search.rowid <= ? ORDER BY search.rowid DESC
            """, expression, end
        ) { row in
            try body(
                SearchMatch(
                    position: row.position(0), roomKey: row.int(1), type: row.text(2), sender: row.userID(3), rank: -row.double(4)))
        }
    }

    /// What of an event is searched now: its own text, or that of its newest edit.
    fileprivate func searchableText(at position: Position) throws -> SearchableText? {
        let own = try connection.first(
            "SELECT type, state_key, substr(pdu, content_start + 1, content_length) FROM events WHERE position = ? AND redacted_by IS NULL",
            position
        ) { row in (type: row.text(0), stateKey: row.optionalText(1), content: try JSONObject(parsing: row.blob(2))) }
        guard let own, own.stateKey != nil || SearchableText.editedEvent(own.content) == nil else { return nil }
        let edit = try connection.first(
            """
            SELECT substr(e.pdu, e.content_start + 1, e.content_length) FROM search_edits s JOIN events e ON e.position = s.edit
            WHERE s.target = ? ORDER BY s.edit DESC LIMIT 1
            """, position
        ) { try JSONObject(parsing: $0.blob(0)) }
        guard let edit else { return SearchableText(type: own.type, stateKey: own.stateKey, content: own.content) }
        return SearchableText(edit: edit)
    }

    public func searchIndexHasDeletedWords() throws -> Bool { try serverValue("search_wipe") != nil }

    fileprivate func isIndexed(_ position: Position) throws -> Bool {
        try connection.exists("SELECT 1 FROM search_docsize WHERE id = ?", position)
    }

    /// Whether there are events that no search finds yet.
    public func hasUnindexedEvents() throws -> Bool {
        try connection.exists("SELECT 1 FROM events WHERE position > ? LIMIT 1", indexedUntil())
    }

    /// Whether the index has had its chance to take up this event.
    fileprivate func isCovered(_ position: Position) throws -> Bool { try position >= indexedFrom() && position <= indexedUntil() }

    fileprivate func indexedFrom() throws -> Position {
        try connection.first("SELECT value FROM server WHERE key = 'search_backfill'") { $0.position(0) } ?? .zero
    }

    fileprivate func indexedUntil() throws -> Position {
        try connection.first("SELECT value FROM server WHERE key = 'search_indexed'") { $0.position(0) } ?? .zero
    }
}

extension WriteTransaction {
    /// Counts a new event, and indexes all that wait when they are many: one by one they would double what a message writes to the disk.
    ///
    /// A search has the last few indexed first, see `indexNewEvents`.
    func eventInserted() throws {
        unindexedEvents += 1
        if unindexedEvents >= Self.maxUnindexedEvents { try indexNewEvents() }
    }

    private static let maxUnindexedEvents = 64

    /// Makes everything findable that was written since the last time.
    public func indexNewEvents() throws {
        let new = try searchedEvents("position > ? ORDER BY position", indexedUntil())
        // Edits of what comes before them in this very stretch find it indexed.
        if let last = new.last { try setServerValue("search_indexed", last.position) }
        for event in new where !event.isRedacted {
            try index(event.type, event.stateKey, event.sender, event.content, room: event.room, at: event.position)
        }
        unindexedEvents = 0
    }

    private struct SearchedEvent {
        let position: Position
        let room: Int64
        let type: String
        let stateKey: String?
        let sender: UserID
        let isRedacted: Bool
        let content: JSONObject
    }

    /// Events with what a search needs of them; contents only of those that can be searched.
    private func searchedEvents<each Value: SQLBindable>(_ condition: String, _ values: repeat each Value) throws -> [SearchedEvent] {
        try connection.all(
            """
            SELECT position, room_key, type, state_key, sender, redacted_by IS NOT NULL,
                CASE WHEN type IN ('m.room.message', 'm.room.name', 'm.room.topic') THEN substr(pdu, content_start + 1, content_length) ELSE '{}' END
            FROM events WHERE \(condition)
            """, repeat each values
        ) { row in
            SearchedEvent(
                position: row.position(0), room: row.int(1), type: row.text(2), stateKey: row.optionalText(3), sender: row.userID(4),
                isRedacted: row.bool(5), content: try JSONObject(parsing: row.blob(6)))
        }
    }

    private func index(_ type: String, _ stateKey: String?, _ sender: UserID, _ content: JSONObject, room: Int64, at position: Position) throws {
        if stateKey == nil, let target = SearchableText.editedEvent(content) {
            guard let edited = try editable(target, by: sender, in: room), SearchableText(edit: content) != nil else { return }
            try changingText(at: edited, room: room) {
                try connection.run("INSERT OR IGNORE INTO search_edits (target, edit) VALUES (?, ?)", edited, position)
            }
        } else if let text = SearchableText(type: type, stateKey: stateKey, content: content) {
            try insert(text, room: room, at: position)
        }
    }

    /// Takes what an event says out of the index, while the event still says it; `redact` makes it say nothing.
    func unindex(_ position: Position, redact: () throws -> Void) throws {
        let event = try connection.first(
            "SELECT room_key, type, state_key, substr(pdu, content_start + 1, content_length) FROM events WHERE position = ?", position
        ) { row in (room: row.int(0), type: row.text(1), stateKey: row.optionalText(2), content: row.blob(3)) }
        guard let event, event.type.utf8.starts(with: "m.room.".utf8), event.type != "m.room.member" else { return try redact() }
        let content = try JSONObject(parsing: event.content)
        if event.stateKey == nil, let target = SearchableText.editedEvent(content) {
            let edited = try connection.first(
                "SELECT s.target FROM events e JOIN search_edits s ON s.target = e.position AND s.edit = ? WHERE e.event_id = ?", position,
                target.referenceHash ?? []
            ) { $0.position(0) }
            guard let edited else { return try redact() }
            try changingText(at: edited, room: event.room, isRedaction: true) {
                try connection.run("DELETE FROM search_edits WHERE target = ? AND edit = ?", edited, position)
                try redact()
            }
        } else {
            try changingText(at: position, room: event.room, isRedaction: true) {
                try connection.run("DELETE FROM search_edits WHERE target = ?", position)
                try redact()
            }
        }
    }

    /// The message that this user may replace.
    private func editable(_ id: EventID, by sender: UserID, in room: Int64) throws -> Position? {
        guard let hash = id.referenceHash else { return nil }
        return try connection.first(
            """
            SELECT position, substr(pdu, content_start + 1, content_length) FROM events
            WHERE event_id = ? AND room_key = ? AND sender = ? AND type = 'm.room.message' AND state_key IS NULL AND redacted_by IS NULL
            """, hash, room, sender
        ) { row in
            SearchableText.editedEvent(try JSONObject(parsing: row.blob(1))) == nil ? row.position(0) : nil
        } ?? nil
    }

    /// Around a change of what is to be found of an event. An index without content is told the old words, to forget them.
    private func changingText(at position: Position, room: Int64, isRedaction: Bool = false, _ change: () throws -> Void) throws {
        let wasIndexed = try isIndexed(position)
        if wasIndexed, isRedaction { try setServerValue("search_wipe", lastPosition) }
        let old = wasIndexed ? try searchableText(at: position) : nil
        try change()
        let new = try searchableText(at: position)
        guard old != new else { return }
        if let old {
            let columns = old.columns
            try connection.run(
                "INSERT INTO search (search, rowid, body, name, topic, room) VALUES ('delete', ?, ?, ?, ?, ?)", position, columns.body,
                columns.name, columns.topic, String(room))
        }
        if let new, try wasIndexed || isCovered(position) { try insert(new, room: room, at: position) }
    }

    private func insert(_ text: SearchableText, room: Int64, at position: Position) throws {
        let columns = text.columns
        try connection.run(
            "INSERT INTO search (rowid, body, name, topic, room) VALUES (?, ?, ?, ?, ?)", position, columns.body, columns.name, columns.topic,
            String(room))
    }

    // MARK: In the background

    /// Indexes some of the events that were there before the index was, newest first. `false` when none are left.
    public func indexOlderEvents(limit: Int) throws -> Bool {
        let end = try indexedFrom()
        guard end > .zero else { return false }
        let older = try searchedEvents("position < ? ORDER BY position DESC LIMIT ?", end, limit)
        for event in older where !event.isRedacted {
            if event.stateKey == nil, SearchableText.editedEvent(event.content) != nil {
                try index(event.type, nil, event.sender, event.content, room: event.room, at: event.position)
            } else if let text = try searchableText(at: event.position) {
                try insert(text, room: event.room, at: event.position)
            }
        }
        if let last = older.last {
            try setServerValue("search_backfill", last.position)
        } else {
            try connection.run("DELETE FROM server WHERE key = 'search_backfill'")
        }
        return !older.isEmpty
    }

    /// Wipes the words that only deleted rows had: the index is a set of layers, and forgets for good when they are merged.
    ///
    /// - Parameter isFirst: whether this begins the merge; later calls go on with it.
    /// - Returns: `false` when nothing is left to wipe.
    ///
    /// See sqlite.org/fts5.html#the_merge_command.
    public func wipeSearchIndex(pages: Int, isFirst: Bool) throws -> Bool {
        guard let deletion = try serverValue("search_wipe") else { return false }
        // A merge that began before the newest deletion would leave its words.
        let isNew = try isFirst || serverValue("search_wiping") != deletion
        if isNew { try setServerValue("search_wiping", deletion) }
        let before = connection.totalChanges
        try connection.run("INSERT INTO search (search, rank) VALUES ('merge', ?)", isNew ? -pages : pages)
        if connection.totalChanges - before >= 2 { return true }
        try connection.run("DELETE FROM server WHERE key IN ('search_wipe', 'search_wiping')")
        return false
    }
}

extension SearchableText.Key {
    fileprivate var column: String {
        switch self {
        case .body: "body"
        case .name: "name"
        case .topic: "topic"
        }
    }
}

extension SearchableText {
    fileprivate var columns: (body: String?, name: String?, topic: String?) {
        let prepared = SearchText.prepared(text)
        return switch key {
        case .body: (prepared, nil, nil)
        case .name: (nil, prepared, nil)
        case .topic: (nil, nil, prepared)
        }
    }
}
