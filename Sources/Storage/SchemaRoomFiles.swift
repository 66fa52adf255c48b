import MatrixCore

/// The files that were sent to rooms, so that each room is a folder.
extension Schema {
    static let roomFiles = """
        -- One row for each message with a file of this box, until it is redacted. position, sender, ts and event_id are the message's.
        -- name: in the room's folder; of several with the same name, the newest is called so.
        CREATE TABLE room_files (
            position INTEGER PRIMARY KEY,
            room_key INTEGER NOT NULL,
            name TEXT NOT NULL,
            media_id TEXT NOT NULL,
            sender TEXT NOT NULL,
            ts INTEGER NOT NULL,
            event_id BLOB NOT NULL
        );
        CREATE UNIQUE INDEX room_files_by_name ON room_files (room_key, name);
        CREATE INDEX room_files_by_room ON room_files (room_key, position);
        """

    /// Finds the files of the messages that are there already. Holds one message at a time.
    static func fillRoomFiles(_ connection: Connection) throws {
        // A database of before the first start has no name, and no messages.
        guard let serverName = try connection.first("SELECT value FROM server WHERE key = 'server_name'", row: { $0.text(0) }) else { return }
        try connection.forEachRow(
            """
            SELECT position, room_key, sender, origin_server_ts, event_id, substr(pdu, content_start + 1, content_length) FROM events
            WHERE type = 'm.room.message' AND state_key IS NULL AND instr(pdu, CAST('mxc:' AS BLOB)) > 0 ORDER BY position
            """
        ) { row in
            guard let content = try? JSONObject(parsing: row.blob(5)), let file = SentFile(content, serverName: serverName) else { return true }
            try connection.insert(
                file, room: row.int(1), sender: row.userID(2), timestamp: row.int(3), eventHash: row.blob(4), at: row.position(0))
            return true
        }
    }
}
