/// Which thumbnail of which picture.
public struct ThumbnailKey: Sendable, Hashable {
    /// Of the picture.
    public let source: BlobStore.Hash
    public let width: Int
    public let height: Int
    /// Whether it has the shape of `width` x `height`; otherwise it fits into that.
    public let crops: Bool
    /// Whether a picture that moves may stay as it is.
    public let takesAnimation: Bool

    public init(source: BlobStore.Hash, width: Int, height: Int, crops: Bool, takesAnimation: Bool) {
        self.source = source
        self.width = width
        self.height = height
        self.crops = crops
        self.takesAnimation = takesAnimation
    }
}

public struct StoredThumbnail: Sendable {
    public let id: Int64
    public let hash: BlobStore.Hash
    public let contentType: String
}

extension ReadTransaction {
    public func thumbnail(_ key: ThumbnailKey) throws -> StoredThumbnail? {
        try connection.first(
            """
            SELECT thumbnail_id, sha256, content_type FROM thumbnails
            WHERE source = ? AND width = ? AND height = ? AND crops = ? AND takes_animation = ?
            """, key.source, key.width, key.height, key.crops, key.takesAnimation
        ) { row in StoredThumbnail(id: row.int(0), hash: row.blob(1), contentType: row.text(2)) }
    }

    /// What all of them take. A small one counts as a page, so that there is a bound for their number too.
    func thumbnailBytes() throws -> Int64 {
        try connection.first("SELECT coalesce(sum(max(size, 4096)), 0) FROM thumbnails") { $0.int(0) } ?? 0
    }
}

extension WriteTransaction {
    /// Notes a thumbnail, unless its picture is gone meanwhile.
    public func insertThumbnail(_ key: ThumbnailKey, _ kept: KeptContent, contentType: String) throws {
        guard try hasContent(key.source) else { return }
        try record(kept)
        try connection.run(
            """
            INSERT INTO thumbnails (source, width, height, crops, takes_animation, sha256, size, content_type, last_use)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(last_use), 0) + 1 FROM thumbnails))
            ON CONFLICT (source, width, height, crops, takes_animation) DO NOTHING
            """, key.source, key.width, key.height, key.crops, key.takesAnimation, kept.hash, kept.byteCount, contentType)
    }

    public func noteUse(ofThumbnails ids: Set<Int64>) throws {
        for id in ids.sorted() {
            try connection.run(
                "UPDATE thumbnails SET last_use = (SELECT coalesce(max(last_use), 0) + 1 FROM thumbnails) WHERE thumbnail_id = ?", id)
        }
    }

    /// Removes those of a picture, and gives the hashes of their contents.
    func removeThumbnails(of source: BlobStore.Hash) throws -> [BlobStore.Hash] {
        try connection.all("DELETE FROM thumbnails WHERE source = ? RETURNING sha256", source) { $0.blob(0) }
    }

    /// Removes the one that was not used for longest. `nil` if there is none.
    func removeOldestThumbnail() throws -> (byteCount: Int64, hash: BlobStore.Hash)? {
        try connection.first(
            """
            DELETE FROM thumbnails WHERE thumbnail_id = (SELECT thumbnail_id FROM thumbnails ORDER BY last_use LIMIT 1)
            RETURNING max(size, 4096), sha256
            """
        ) { row in (row.int(0), row.blob(1)) }
    }
}

extension BlobStore {
    /// Removes thumbnails until the others take at most `maxBytes`, first those that were not used for longest.
    public func trimThumbnails(to maxBytes: Int64, in transaction: WriteTransaction) throws {
        var total = try transaction.thumbnailBytes()
        while total > maxBytes, let oldest = try transaction.removeOldestThumbnail() {
            total -= oldest.byteCount
            try release(oldest.hash, in: transaction)
        }
    }
}
