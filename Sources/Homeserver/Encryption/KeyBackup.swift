public import MatrixCore
import Storage

/// Encrypted copies of room keys, from which a new device reads old messages.
///
/// spec: client-server-api/#server-side-key-backups
public struct KeyBackup: Sendable {
    static let maxAuthDataBytes = 32 << 10
    static let maxSessionDataBytes = 32 << 10
    static let maxBackupsOfUser = 50
    static let maxKeysOfBackup = 200_000

    let database: Database

    // MARK: Versions

    /// spec: client-server-api/#post_matrixclientv3room_keysversion
    public func create(_ body: JSONObject, by user: UserID) async throws -> JSONObject {
        let algorithm = try Self.algorithm(in: body)
        let authData = try Self.authData(in: body)
        let version = try await database.write { transaction in
            guard try transaction.keyBackupCount(of: user) < Self.maxBackupsOfUser else {
                throw MatrixError(.tooLarge, "Delete one of your \(Self.maxBackupsOfUser) backups first.")
            }
            return try transaction.insertKeyBackup(of: user, algorithm: algorithm, authData: authData)
        }
        return ["version": .string(String(version))]
    }

    /// The backup with this version, or the newest.
    ///
    /// spec: client-server-api/#get_matrixclientv3room_keysversionversion
    public func get(_ version: String?, of user: UserID) async throws -> JSONObject {
        guard let backup = try await database.read({ try Self.backup(version, of: user, in: $0) }) else { throw Self.noBackup }
        return [
            "algorithm": .string(backup.algorithm), "auth_data": try JSONValue(parsing: backup.authData),
            "count": .integer(Int64(backup.keyCount)), "etag": .string(String(backup.etag)), "version": .string(String(backup.version)),
        ]
    }

    /// spec: client-server-api/#put_matrixclientv3room_keysversionversion
    public func update(_ version: String, _ body: JSONObject, by user: UserID) async throws {
        let algorithm = try Self.algorithm(in: body)
        let authData = try Self.authData(in: body)
        if let stated = try body.optionalString("version"), stated != version {
            throw MatrixError(.invalidParameter, "The version in the body is not the one in the path.")
        }
        try await database.write { transaction in
            guard let backup = try Self.backup(version, of: user, in: transaction) else { throw Self.noBackup }
            guard backup.algorithm == algorithm else { throw MatrixError(.invalidParameter, "The algorithm of a backup cannot be changed.") }
            try transaction.setAuthData(authData, ofKeyBackup: backup.version, of: user)
        }
    }

    /// Deletes a backup with its keys. One that is deleted already is no error.
    ///
    /// spec: client-server-api/#delete_matrixclientv3room_keysversionversion
    public func delete(_ version: String, of user: UserID) async throws {
        try await database.write { transaction in
            if let backup = try Self.backup(version, of: user, in: transaction) { return try transaction.deleteKeyBackup(backup.version, of: user) }
            guard let number = Self.number(version), number >= 1, number <= (try transaction.lastKeyBackupVersion(of: user) ?? 0) else {
                throw Self.noBackup
            }
        }
    }

    // MARK: Keys

    /// Stores keys, where they are better than what there is. Returns count and etag.
    ///
    /// spec: client-server-api/#put_matrixclientv3room_keyskeys
    public func store(_ keys: [BackupEntry], version: String, by user: UserID) async throws -> JSONObject {
        try await database.write { transaction in
            let backup = try Self.currentBackup(version, of: user, in: transaction)
            var added = 0
            var hasChanged = false
            for entry in keys {
                if let present = try transaction.backedUpKey(entry.sessionID, in: entry.roomID, version: backup.version, of: user) {
                    guard Self.isBetter(entry.key, than: present) else { continue }
                } else {
                    added += 1
                }
                try transaction.setBackedUpKey(entry.key, session: entry.sessionID, room: entry.roomID, version: backup.version, of: user)
                hasChanged = true
            }
            guard backup.keyCount + added <= Self.maxKeysOfBackup else { throw MatrixError(.tooLarge, "The backup is full.") }
            if hasChanged { try transaction.keyBackupChanged(backup.version, of: user, addedKeys: added) }
            return try Self.summary(backup.version, of: user, in: transaction)
        }
    }

    /// The keys of a backup as JSON: `rooms`, the `sessions` of one, or one key.
    ///
    /// spec: client-server-api/#get_matrixclientv3room_keyskeys
    public func keys(roomID: RoomID? = nil, sessionID: String? = nil, version: String, of user: UserID) async throws -> [UInt8] {
        let scope = KeyBackupScope(roomID: roomID, sessionID: sessionID)
        return try await database.read { transaction in
            guard let backup = try Self.backup(version, of: user, in: transaction) else { throw Self.noBackup }
            var writer = BackupWriter(scope: scope)
            try transaction.forEachBackedUpKey(scope, version: backup.version, of: user) { writer.write($2, session: $1, room: $0) }
            guard let json = writer.finish() else { throw MatrixError(.notFound, "There is no such key in the backup.") }
            return json
        }
    }

    /// Returns count and etag.
    ///
    /// spec: client-server-api/#delete_matrixclientv3room_keyskeys
    public func deleteKeys(roomID: RoomID? = nil, sessionID: String? = nil, version: String, of user: UserID) async throws -> JSONObject {
        let scope = KeyBackupScope(roomID: roomID, sessionID: sessionID)
        return try await database.write { transaction in
            guard let backup = try Self.backup(version, of: user, in: transaction) else { throw Self.noBackup }
            let deleted = try transaction.deleteBackedUpKeys(scope, version: backup.version, of: user)
            if deleted > 0 { try transaction.keyBackupChanged(backup.version, of: user, addedKeys: -deleted) }
            return try Self.summary(backup.version, of: user, in: transaction)
        }
    }

    /// spec: client-server-api/#backup-algorithm-mmegolm_backupv1curve25519-aes-sha2
    static func isBetter(_ new: BackedUpKey, than old: BackedUpKey) -> Bool {
        if new.isVerified != old.isVerified { return new.isVerified }
        if new.firstMessageIndex != old.firstMessageIndex { return new.firstMessageIndex < old.firstMessageIndex }
        return new.forwardedCount < old.forwardedCount
    }

    // MARK: Parts

    private static func summary(_ version: Int64, of user: UserID, in transaction: ReadTransaction) throws -> JSONObject {
        guard let backup = try transaction.keyBackup(of: user, version: version) else { throw noBackup }
        return ["count": .integer(Int64(backup.keyCount)), "etag": .string(String(backup.etag))]
    }

    private static func backup(_ version: String?, of user: UserID, in transaction: ReadTransaction) throws -> KeyBackupRecord? {
        guard let version else { return try transaction.keyBackup(of: user) }
        guard let number = number(version) else { return nil }
        return try transaction.keyBackup(of: user, version: number)
    }

    /// Only the newest backup takes keys.
    private static func currentBackup(_ version: String, of user: UserID, in transaction: ReadTransaction) throws -> KeyBackupRecord {
        guard let backup = try backup(version, of: user, in: transaction), let current = try transaction.keyBackup(of: user) else { throw noBackup }
        guard backup.version == current.version else {
            throw MatrixError(
                .wrongRoomKeysVersion, "There is a newer backup.", details: ["current_version": .string(String(current.version))])
        }
        return backup
    }

    private static func algorithm(in body: JSONObject) throws(MatrixError) -> String {
        let algorithm = try body.requiredString("algorithm")
        guard !algorithm.isEmpty, algorithm.utf8.count <= maxIdentifierBytes else { throw MatrixError(.invalidParameter, "This is no algorithm.") }
        return algorithm
    }

    private static func authData(in body: JSONObject) throws(MatrixError) -> [UInt8] {
        // An object, by the specification. What it means is the client's affair, and Synapse takes text too.
        guard let authData = body["auth_data"] else { throw MatrixError(.missingParameter, "auth_data is missing.") }
        guard authData.objectValue != nil || authData.stringValue != nil else { throw MatrixError(.badJSON, "auth_data is an object.") }
        let json = authData.serialized()
        guard json.count <= maxAuthDataBytes else { throw MatrixError(.tooLarge, "auth_data is too long.") }
        return json
    }

    /// Only as it was given out: "01" is no version.
    private static func number(_ version: String) -> Int64? { Int64(version).flatMap { String($0) == version ? $0 : nil } }

    private static let noBackup = MatrixError(.notFound, "There is no such backup.")
}
