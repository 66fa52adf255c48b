public import MatrixCore

/// An upload that can be continued, or that was completed not long ago.
public struct StoredUpload: Sendable {
    public let uploadID: String
    public let userID: UserID
    /// `nil` while the client has not said it.
    public var byteCount: Int64?
    /// How many bytes are on the disk.
    public var offset: Int64
    /// As the client sent it.
    public let metadata: String
    public var expiresTimestamp: Int64
    /// What it became, one of the two; `nil` until it is complete.
    public var contentURI: String?
    public var path: String?

    public init(uploadID: String, userID: UserID, byteCount: Int64?, metadata: String, expiresTimestamp: Int64) {
        self.uploadID = uploadID
        self.userID = userID
        self.byteCount = byteCount
        offset = 0
        self.metadata = metadata
        self.expiresTimestamp = expiresTimestamp
    }

    public var isComplete: Bool { contentURI != nil || path != nil }
}

extension StoredUpload {
    fileprivate static let columns = "upload_id, user_id, size, offset, metadata, expires_ts, content_uri, path"

    fileprivate init(_ row: borrowing Row) {
        uploadID = row.text(0)
        userID = row.userID(1)
        byteCount = row.optionalInt(2)
        offset = row.int(3)
        metadata = row.text(4)
        expiresTimestamp = row.int(5)
        contentURI = row.optionalText(6)
        path = row.optionalText(7)
    }
}

extension ReadTransaction {
    public func upload(_ uploadID: String) throws -> StoredUpload? {
        try connection.first("SELECT \(StoredUpload.columns) FROM uploads WHERE upload_id = ?", uploadID) { StoredUpload($0) }
    }

    public func unfinishedUploads(of user: UserID) throws -> [StoredUpload] {
        try connection.all(
            "SELECT \(StoredUpload.columns) FROM uploads WHERE user_id = ? AND is_complete = 0 ORDER BY expires_ts, upload_id", user
        ) { StoredUpload($0) }
    }

    /// How many uploads of a user are not finished, and how many bytes those may come to.
    public func unfinishedUploadTotals(of user: UserID) throws -> (count: Int, bytes: Int64) {
        try connection.first(
            "SELECT count(*), total(max(ifnull(size, 0), offset)) FROM uploads WHERE user_id = ? AND is_complete = 0", user
        ) { (Int($0.int(0)), $0.int(1)) } ?? (0, 0)
    }

    /// All uploads, and when they expire.
    public func uploadExpiries() throws -> [(uploadID: String, expiresTimestamp: Int64)] {
        try connection.all("SELECT upload_id, expires_ts FROM uploads") { ($0.text(0), $0.int(1)) }
    }
}

extension WriteTransaction {
    public func insertUpload(_ upload: StoredUpload) throws {
        try connection.run(
            "INSERT INTO uploads (upload_id, user_id, size, metadata, expires_ts) VALUES (?, ?, ?, ?, ?)", upload.uploadID, upload.userID,
            upload.byteCount, upload.metadata, upload.expiresTimestamp)
    }

    /// Notes how far an upload is, and its result where it is complete.
    public func updateUpload(_ upload: StoredUpload) throws {
        try connection.run(
            "UPDATE uploads SET size = ?, offset = ?, expires_ts = ?, content_uri = ?, path = ?, is_complete = ? WHERE upload_id = ?",
            upload.byteCount, upload.offset, upload.expiresTimestamp, upload.contentURI, upload.path, upload.isComplete, upload.uploadID)
    }

    /// Forgets the results of a user's older uploads. Gives the IDs of those.
    public func deleteUploadResults(of user: UserID, butNewest count: Int) throws -> [String] {
        let old = try connection.all(
            "SELECT upload_id FROM uploads WHERE user_id = ? AND is_complete = 1 ORDER BY expires_ts DESC LIMIT -1 OFFSET ?", user, count
        ) { $0.text(0) }
        for uploadID in old { try deleteUpload(uploadID) }
        return old
    }

    public func deleteUpload(_ uploadID: String) throws {
        try connection.run("DELETE FROM uploads WHERE upload_id = ?", uploadID)
    }
}
