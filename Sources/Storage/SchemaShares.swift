extension Schema {
    /// Links for guests. One of `file_id` and `path` says what it leads to: a file or folder of a tree, or a file of a chat.
    static let shares = """
        CREATE TABLE shares (
            token TEXT PRIMARY KEY,
            user_id TEXT NOT NULL,
            file_id INTEGER,
            path TEXT,
            created_ts INTEGER NOT NULL,
            expires_ts INTEGER NOT NULL,
            pin_hash TEXT,
            takes_uploads INTEGER NOT NULL,
            max_bytes INTEGER NOT NULL,
            uploaded_files INTEGER NOT NULL DEFAULT 0,
            uploaded_bytes INTEGER NOT NULL DEFAULT 0
        ) WITHOUT ROWID;
        CREATE INDEX shares_by_user ON shares (user_id);
        CREATE INDEX shares_by_file ON shares (file_id) WHERE file_id IS NOT NULL;
        CREATE TRIGGER shares_end_in_bin AFTER INSERT ON file_bin BEGIN
            DELETE FROM shares WHERE file_id = NEW.file_id;
        END;
        CREATE TRIGGER shares_end AFTER DELETE ON files BEGIN
            DELETE FROM shares WHERE file_id = OLD.file_id;
        END;
        """
}
