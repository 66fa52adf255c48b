import MatrixCore

/// What uploads are there for, how long they were not used, and how much an account may have.
extension Schema {
    static let mediaLife = """
        -- The uploads that an event refers to, until it is redacted.
        CREATE TABLE media_references (
            media_id TEXT NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (media_id, position)
        ) WITHOUT ROWID;
        CREATE INDEX media_references_by_event ON media_references (position);

        -- used_day: when it was uploaded or downloaded last, by the box's own count of days.
        ALTER TABLE media ADD COLUMN used_day INTEGER NOT NULL DEFAULT 0;
        UPDATE media SET used_day = coalesce((SELECT value FROM server WHERE key = 'day_count'), 0);

        -- The bytes that the account may refer to. NULL: what the box's owner decided for all. -1: any number.
        ALTER TABLE users ADD COLUMN quota INTEGER;
        """

    /// Finds what the events refer to that are there already. Holds one event at a time.
    static func fillMediaReferences(_ connection: Connection) throws {
        try connection.forEachRow(
            """
            SELECT position, sender, substr(pdu, content_start + 1, content_length) FROM events
            WHERE instr(pdu, CAST('mxc://' AS BLOB)) > 0 ORDER BY position
            """
        ) { row in
            try connection.insertMediaReferences(in: row.blob(2)[...], of: row.userID(1), at: row.position(0))
            return true
        }
    }
}
