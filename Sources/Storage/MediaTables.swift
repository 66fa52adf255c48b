public import MatrixCore

/// An upload: a content with the name and type that were given to it.
public struct StoredMedia: Sendable {
    public let mediaID: String
    public let hash: BlobStore.Hash
    public let byteCount: Int64
    public let contentType: String?
    public let fileName: String?
    public let userID: UserID
    public let createdTimestamp: Int64
    /// Whether it was uploaded today or is noted to have been used.
    public let isUsedToday: Bool

    public init(
        mediaID: String, hash: BlobStore.Hash, byteCount: Int64, contentType: String?, fileName: String?, userID: UserID, createdTimestamp: Int64,
        isUsedToday: Bool = true
    ) {
        self.mediaID = mediaID
        self.hash = hash
        self.byteCount = byteCount
        self.contentType = contentType
        self.fileName = fileName
        self.userID = userID
        self.createdTimestamp = createdTimestamp
        self.isUsedToday = isUsedToday
    }
}

extension ReadTransaction {
    public func media(_ mediaID: String) throws -> StoredMedia? {
        try connection.first(
            """
            SELECT sha256, size, content_type, file_name, user_id, created_ts,
                used_day >= coalesce((SELECT value FROM server WHERE key = '\(Self.dayCountKey)'), 0)
            FROM media WHERE media_id = ?
            """, mediaID
        ) { row in
            StoredMedia(
                mediaID: mediaID, hash: row.blob(0), byteCount: row.int(1), contentType: row.optionalText(2), fileName: row.optionalText(3),
                userID: row.userID(4), createdTimestamp: row.int(5), isUsedToday: row.bool(6))
        }
    }
}

extension WriteTransaction {
    public func insertMedia(_ media: StoredMedia) throws {
        try connection.run(
            """
            INSERT INTO media (media_id, sha256, size, content_type, file_name, user_id, created_ts, used_day)
            VALUES (?, ?, ?, ?, ?, ?, ?, coalesce((SELECT value FROM server WHERE key = '\(Self.dayCountKey)'), 0))
            """, media.mediaID, media.hash, media.byteCount, media.contentType, media.fileName, media.userID, media.createdTimestamp)
    }
}
