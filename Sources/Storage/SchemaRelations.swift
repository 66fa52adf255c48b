import MatrixCore

/// Which events refer to which, and what follows from it.
extension Schema {
    static let relations = """
        -- One row for each event that is related to an earlier one of its room, until it is redacted.
        -- parent: the position of that event. rel_type: how it is related. key: of an annotation.
        -- replaces: for m.replace, whether this is a valid new version of the parent.
        -- thread: the position of the first event of the thread that the event is in.
        -- type, sender and ts are the event's own, so that nobody needs to look there.
        CREATE TABLE relations (
            position INTEGER PRIMARY KEY,
            parent INTEGER NOT NULL,
            rel_type TEXT NOT NULL,
            type TEXT NOT NULL,
            sender TEXT NOT NULL,
            ts INTEGER NOT NULL,
            key TEXT,
            replaces INTEGER NOT NULL DEFAULT 0,
            thread INTEGER
        );
        CREATE INDEX relations_by_parent ON relations (parent, rel_type, position, sender, ts, replaces, type);
        CREATE INDEX relations_by_thread ON relations (thread, position) WHERE thread IS NOT NULL;
        CREATE INDEX annotations ON relations (parent, sender, type, key) WHERE rel_type = 'm.annotation';

        -- latest: the newest event that is there by m.thread itself. newest: by whatever way, a redacted one too.
        CREATE TABLE threads (
            root INTEGER PRIMARY KEY,
            room_key INTEGER NOT NULL,
            latest INTEGER NOT NULL,
            newest INTEGER NOT NULL
        );
        CREATE INDEX threads_by_latest ON threads (room_key, latest);
        CREATE INDEX threads_by_newest ON threads (room_key, newest);

        -- last_sent: the newest event that a user sent to a thread, by which they have read what was there before it.
        CREATE TABLE thread_members (
            root INTEGER NOT NULL, user_id TEXT NOT NULL,
            last_sent INTEGER NOT NULL,
            PRIMARY KEY (root, user_id)
        ) WITHOUT ROWID;
        """

    /// Finds the relations of the events that are there already. Holds one event at a time.
    static func fillRelations(_ connection: Connection) throws {
        try connection.forEachRow(
            """
            SELECT position, room_key, type, state_key, sender, origin_server_ts, substr(pdu, content_start + 1, content_length) FROM events
            WHERE instr(pdu, CAST('"m.relates_to"' AS BLOB)) > 0 ORDER BY position
            """
        ) { row in
            guard let content = try? JSONObject(parsing: row.blob(6)), let relation = Relation(of: content) else { return true }
            _ = try connection.insert(
                relation, of: row.text(2), isState: !row.isNull(3), sender: row.userID(4), originServerTimestamp: row.int(5), content: content,
                room: row.int(1), at: row.position(0))
            return true
        }
    }
}
