public import MatrixCore

/// One version of a user's key backup.
public struct KeyBackupRecord: Sendable {
    public let version: Int64
    public let algorithm: String
    /// JSON
    public let authData: [UInt8]
    public let etag: Int64
    public let keyCount: Int
}

/// A Megolm session in a backup.
public struct BackedUpKey: Sendable {
    public let firstMessageIndex: Int64
    public let forwardedCount: Int64
    public let isVerified: Bool
    /// JSON
    public let sessionData: [UInt8]

    public init(firstMessageIndex: Int64, forwardedCount: Int64, isVerified: Bool, sessionData: [UInt8]) {
        self.firstMessageIndex = firstMessageIndex
        self.forwardedCount = forwardedCount
        self.isVerified = isVerified
        self.sessionData = sessionData
    }
}

/// Which keys of a backup are meant: all, those of a room, or one.
public struct KeyBackupScope: Sendable, Hashable {
    public var roomID: RoomID?
    public var sessionID: String?

    public init(roomID: RoomID? = nil, sessionID: String? = nil) {
        self.roomID = roomID
        self.sessionID = sessionID
    }
}

extension ReadTransaction {
    /// The backup with this version, or the newest.
    public func keyBackup(of user: UserID, version: Int64? = nil) throws -> KeyBackupRecord? {
        try connection.first(
            """
            SELECT version, algorithm, auth_data, etag, key_count FROM key_backups
            WHERE user_id = ?1 AND is_deleted = 0 AND (?2 IS NULL OR version = ?2) ORDER BY version DESC LIMIT 1
            """, user, version
        ) { KeyBackupRecord(version: $0.int(0), algorithm: $0.text(1), authData: $0.blob(2), etag: $0.int(3), keyCount: Int($0.int(4))) }
    }

    /// The newest version that was given out, also if it is deleted.
    public func lastKeyBackupVersion(of user: UserID) throws -> Int64? {
        try connection.first("SELECT max(version) FROM key_backups WHERE user_id = ?", user) { $0.optionalInt(0) } ?? nil
    }

    public func keyBackupCount(of user: UserID) throws -> Int {
        try connection.first("SELECT count(*) FROM key_backups WHERE user_id = ? AND is_deleted = 0", user) { Int($0.int(0)) } ?? 0
    }

    public func backedUpKey(_ sessionID: String, in room: RoomID, version: Int64, of user: UserID) throws -> BackedUpKey? {
        var found: BackedUpKey?
        try forEachBackedUpKey(KeyBackupScope(roomID: room, sessionID: sessionID), version: version, of: user) { _, _, key in found = key }
        return found
    }

    /// In the order of rooms and sessions.
    public func forEachBackedUpKey(
        _ scope: KeyBackupScope, version: Int64, of user: UserID, _ body: (RoomID, String, BackedUpKey) throws -> Void
    ) throws {
        try connection.forEachRow(
            """
            SELECT room_id, session_id, first_message_index, forwarded_count, is_verified, session_data FROM key_backup_keys
            WHERE user_id = ? AND version = ? AND \(scope.condition) ORDER BY room_id, session_id
            """, user, version, scope.first, scope.last, scope.firstSession, scope.lastSession
        ) { row in
            let key = BackedUpKey(
                firstMessageIndex: row.int(2), forwardedCount: row.int(3), isVerified: row.bool(4), sessionData: row.blob(5))
            try body(row.roomID(0), row.text(1), key)
            return true
        }
    }
}

extension WriteTransaction {
    /// The version of the new backup.
    public func insertKeyBackup(of user: UserID, algorithm: String, authData: [UInt8]) throws -> Int64 {
        let last = try lastKeyBackupVersion(of: user) ?? 0
        try connection.run(
            "INSERT INTO key_backups (user_id, version, algorithm, auth_data) VALUES (?, ?, ?, ?)", user, last + 1, algorithm, authData)
        try connection.run("DELETE FROM key_backups WHERE user_id = ? AND is_deleted = 1", user)
        return last + 1
    }

    public func setAuthData(_ authData: [UInt8], ofKeyBackup version: Int64, of user: UserID) throws {
        try connection.run("UPDATE key_backups SET auth_data = ? WHERE user_id = ? AND version = ?", authData, user, version)
    }

    public func deleteKeyBackup(_ version: Int64, of user: UserID) throws {
        try connection.run("DELETE FROM key_backup_keys WHERE user_id = ? AND version = ?", user, version)
        try connection.run(
            "UPDATE key_backups SET is_deleted = 1, auth_data = x'', key_count = 0 WHERE user_id = ? AND version = ?", user, version)
    }

    /// Stores a key, whatever was there. Call `keyBackupChanged` once for all.
    public func setBackedUpKey(_ key: BackedUpKey, session: String, room: RoomID, version: Int64, of user: UserID) throws {
        try connection.run(
            """
            INSERT OR REPLACE INTO key_backup_keys
            (user_id, version, room_id, session_id, first_message_index, forwarded_count, is_verified, session_data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """, user, version, room, session, key.firstMessageIndex, key.forwardedCount, key.isVerified, key.sessionData)
    }

    /// The number of keys that are gone now.
    public func deleteBackedUpKeys(_ scope: KeyBackupScope, version: Int64, of user: UserID) throws -> Int {
        try connection.run(
            "DELETE FROM key_backup_keys WHERE user_id = ? AND version = ? AND \(scope.condition)", user, version, scope.first, scope.last,
            scope.firstSession, scope.lastSession)
    }

    /// Gives the backup a new etag.
    public func keyBackupChanged(_ version: Int64, of user: UserID, addedKeys: Int) throws {
        try connection.run(
            "UPDATE key_backups SET etag = etag + 1, key_count = key_count + ? WHERE user_id = ? AND version = ?", addedKeys, user, version)
    }

    /// Deletes all backups of a user, and the cross-signing keys: of an account that ends.
    public func deleteSecrets(of user: UserID) throws {
        try connection.run("DELETE FROM key_backup_keys WHERE user_id = ?", user)
        try connection.run("DELETE FROM key_backups WHERE user_id = ?", user)
        for usage in ["user_signing", "self_signing", "master"] { try deleteCrossSigningKey(usage: usage, of: user) }
    }
}

/// A range of the primary key, so that one statement serves for all three and uses the index in each.
extension KeyBackupScope {
    fileprivate var condition: String { "room_id >= ? AND room_id <= ? AND session_id >= ? AND session_id <= ?" }
    fileprivate var first: String { roomID?.rawValue ?? "" }
    fileprivate var last: UpperBound { roomID.map { .text($0.rawValue) } ?? .none }
    fileprivate var firstSession: String { sessionID ?? "" }
    fileprivate var lastSession: UpperBound { sessionID.map { .text($0) } ?? .none }

    fileprivate enum UpperBound: SQLBindable {
        case text(String)
        /// Every text is less than a blob (sqlite.org/datatype3.html, "Sort Order").
        case none

        func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
            switch self {
            case .text(let text): text.bind(to: statement, at: index)
            case .none: [UInt8]().bind(to: statement, at: index)
            }
        }
    }
}
