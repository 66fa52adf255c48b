public import MatrixCore

/// A link for guests.
public struct StoredShare: Sendable {
    public let token: String
    public let userID: UserID
    /// Of a file or folder in a tree; `nil` for a file of a chat, which `path` names.
    public let fileID: Int64?
    public let path: String?
    public let createdTimestamp: Int64
    public let expiresTimestamp: Int64
    public let pinHash: String?
    /// Whether guests put files into it, and see none.
    public let takesUploads: Bool
    /// What guests may upload in all.
    public let maxBytes: Int64
    public var uploadedFiles: Int64 = 0
    public var uploadedBytes: Int64 = 0

    public init(
        token: String, userID: UserID, fileID: Int64?, path: String?, createdTimestamp: Int64, expiresTimestamp: Int64, pinHash: String?,
        takesUploads: Bool, maxBytes: Int64
    ) {
        self.token = token
        self.userID = userID
        self.fileID = fileID
        self.path = path
        self.createdTimestamp = createdTimestamp
        self.expiresTimestamp = expiresTimestamp
        self.pinHash = pinHash
        self.takesUploads = takesUploads
        self.maxBytes = maxBytes
    }
}

extension StoredShare {
    fileprivate static let columns =
        "token, user_id, file_id, path, created_ts, expires_ts, pin_hash, takes_uploads, max_bytes, uploaded_files, uploaded_bytes"

    fileprivate init(_ row: borrowing Row) {
        self.init(
            token: row.text(0), userID: row.userID(1), fileID: row.optionalInt(2), path: row.optionalText(3), createdTimestamp: row.int(4),
            expiresTimestamp: row.int(5), pinHash: row.optionalText(6), takesUploads: row.bool(7), maxBytes: row.int(8))
        uploadedFiles = row.int(9)
        uploadedBytes = row.int(10)
    }
}

extension ReadTransaction {
    public func share(_ token: String) throws -> StoredShare? {
        try connection.first("SELECT \(StoredShare.columns) FROM shares WHERE token = ?", token) { StoredShare($0) }
    }

    /// Newest first.
    public func shares(of user: UserID) throws -> [StoredShare] {
        try connection.all("SELECT \(StoredShare.columns) FROM shares WHERE user_id = ? ORDER BY created_ts DESC, token", user) { StoredShare($0) }
    }
}

extension WriteTransaction {
    public func insertShare(_ share: StoredShare) throws {
        try connection.run(
            """
            INSERT INTO shares (token, user_id, file_id, path, created_ts, expires_ts, pin_hash, takes_uploads, max_bytes)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, share.token, share.userID, share.fileID, share.path, share.createdTimestamp, share.expiresTimestamp, share.pinHash,
            share.takesUploads, share.maxBytes)
    }

    /// Counts a file that a guest has uploaded.
    public func countUpload(_ byteCount: Int64, to token: String) throws {
        try connection.run(
            "UPDATE shares SET uploaded_files = uploaded_files + 1, uploaded_bytes = uploaded_bytes + ? WHERE token = ?", byteCount, token)
    }

    /// `false` if the user has no such link.
    public func deleteShare(_ token: String, of user: UserID) throws -> Bool {
        try connection.run("DELETE FROM shares WHERE token = ? AND user_id = ?", token, user) > 0
    }
}
