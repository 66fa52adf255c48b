/// A content of the store, as the database knows it.
public struct StoredContent: Sendable {
    public let hash: BlobStore.Hash
    public let byteCount: Int64
    /// Of a small content; a larger one is a file.
    let bytes: [UInt8]?
}

extension ReadTransaction {
    public func content(_ hash: BlobStore.Hash) throws -> StoredContent? {
        try connection.first("SELECT size, bytes FROM contents WHERE sha256 = ?", hash) { row in
            StoredContent(hash: hash, byteCount: row.int(0), bytes: row.optionalBlob(1))
        }
    }

    func hasContent(_ hash: BlobStore.Hash) throws -> Bool {
        try connection.exists("SELECT 1 FROM contents WHERE sha256 = ?", hash)
    }

    /// Contents in the order in which they came, for whoever looks at all of them.
    ///
    /// - Parameter key: of the last one that was seen.
    func contents(after key: Int64, limit: Int) throws -> [(key: Int64, content: StoredContent)] {
        try connection.all("SELECT content_id, sha256, size, bytes FROM contents WHERE content_id > ? ORDER BY content_id LIMIT ?", key, limit) {
            row in
            (row.int(0), StoredContent(hash: row.blob(1), byteCount: row.int(2), bytes: row.optionalBlob(3)))
        }
    }

    /// Whether anything refers to a content.
    func isReferredTo(_ hash: BlobStore.Hash) throws -> Bool {
        for (table, column) in Self.referringColumns where try connection.exists("SELECT 1 FROM \(table) WHERE \(column) = ? LIMIT 1", hash) {
            return true
        }
        return false
    }

    /// Where contents are referred to by their hash. Each column has an index.
    static let referringColumns = [("media", "sha256"), ("files", "sha256"), ("thumbnails", "sha256")]
}

extension WriteTransaction {
    /// Notes a content that is kept, together with the first thing that refers to it.
    public func record(_ kept: KeptContent) throws {
        let content = kept.content
        try connection.run(
            "INSERT INTO contents (sha256, size, bytes) VALUES (?, ?, ?) ON CONFLICT (sha256) DO NOTHING", content.hash, content.byteCount,
            content.bytes)
    }

    /// Whether the content was a file. `nil` if it was not there.
    func deleteContent(_ hash: BlobStore.Hash) throws -> Bool? {
        try connection.first("DELETE FROM contents WHERE sha256 = ? RETURNING bytes IS NULL", hash) { $0.bool(0) }
    }
}
