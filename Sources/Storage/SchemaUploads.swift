extension Schema {
    /// Uploads that can be continued. `size` is NULL while the client has not said it; `offset` bytes of the file in `uploads/` are on the disk.
    /// The two results are NULL until the upload is complete: then one of them says what it became.
    static let uploads = """
        CREATE TABLE uploads (
            upload_id TEXT PRIMARY KEY,
            user_id TEXT NOT NULL,
            size INTEGER,
            offset INTEGER NOT NULL DEFAULT 0,
            metadata TEXT NOT NULL,
            expires_ts INTEGER NOT NULL,
            content_uri TEXT,
            path TEXT,
            is_complete INTEGER NOT NULL DEFAULT 0
        ) WITHOUT ROWID;
        CREATE INDEX uploads_by_user ON uploads (user_id, is_complete, expires_ts);
        """
}
