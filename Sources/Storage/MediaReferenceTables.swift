import MatrixCore

extension ReadTransaction {
    /// Whether an event refers to an upload, as far as the box can look into events, or a profile or somebody's account data does.
    ///
    /// - Parameter uri: of the upload.
    public func isMediaReferredTo(_ mediaID: String, uri: String) throws -> Bool {
        if try connection.exists("SELECT 1 FROM media_references WHERE media_id = ? LIMIT 1", mediaID) { return true }
        let text = Array(uri.utf8)
        // No table for these: they are few and change often, and this is asked seldom.
        return try connection.exists("SELECT 1 FROM profiles WHERE instr(value, ?) > 0 LIMIT 1", text)
            || connection.exists("SELECT 1 FROM account_data WHERE instr(content, ?) > 0 LIMIT 1", text)
    }

    /// Uploads in the order of their IDs that no event refers to and that nobody has used since that day.
    ///
    /// - Returns: those of the next `limit` uploads; and where to go on, `nil` at the end.
    public func unusedMedia(since day: Int64, after mediaID: String, limit: Int) throws -> (media: [String], next: String?) {
        let page: [(id: String, isUnused: Bool)] = try connection.all(
            """
            SELECT media_id, used_day < ? AND NOT EXISTS (SELECT 1 FROM media_references r WHERE r.media_id = m.media_id)
            FROM media m WHERE media_id > ? ORDER BY media_id LIMIT ?
            """, day, mediaID, limit
        ) { ($0.text(0), $0.bool(1)) }
        return (page.filter(\.isUnused).map(\.id), page.count == limit ? page.last?.id : nil)
    }

    public func isMediaUnused(_ mediaID: String, since day: Int64) throws -> Bool {
        try connection.exists("SELECT 1 FROM media WHERE media_id = ? AND used_day < ?", mediaID, day)
    }
}

extension WriteTransaction {
    /// What a redacted event referred to, and its edits, which are shown to nobody any more, refers to nothing now.
    ///
    /// - Returns: the IDs of those uploads.
    func takeMediaReferences(of position: Position) throws -> [String] {
        let edits = try connection.all("SELECT position FROM relations WHERE parent = ? AND rel_type = 'm.replace' AND replaces", position) {
            $0.position(0)
        }
        return try (CollectionOfOne(position) + edits).flatMap { position in
            try connection.all("DELETE FROM media_references WHERE position = ? RETURNING media_id", position) { $0.text(0) }
        }
    }

    /// Notes that an upload was used today.
    public func setMediaUsed(_ mediaID: String) throws {
        try connection.run(
            "UPDATE media SET used_day = coalesce((SELECT value FROM server WHERE key = '\(Self.dayCountKey)'), 0) WHERE media_id = ?", mediaID)
    }

    /// Gives the content's hash, for `BlobStore.release`; `nil` if there is no such upload.
    public func deleteMedia(_ mediaID: String) throws -> BlobStore.Hash? {
        try connection.first("DELETE FROM media WHERE media_id = ? RETURNING sha256", mediaID) { $0.blob(0) }
    }
}

extension Connection {
    /// - Parameter user: the sender, by whose server name the box's own uploads are known.
    func insertMediaReferences(in content: ArraySlice<UInt8>, of user: UserID, at position: Position) throws {
        for mediaID in MediaReferences.mediaIDs(in: content, of: user.serverName) {
            try run("INSERT OR IGNORE INTO media_references (media_id, position) VALUES (?, ?)", mediaID, position)
        }
    }
}
