public import MatrixCore

/// A password of one program of a user.
public struct AppPasswordRecord: Sendable {
    /// Never used again for another.
    public let id: Int64
    /// What the user calls it: `Anna's phone`.
    public let name: String
    public let createdTimestamp: Int64
    public let lastUsedTimestamp: Int64?
}

extension ReadTransaction {
    /// Whose password it is. `nil` also where the account has ended.
    public func ownerOfAppPassword(hash: [UInt8]) throws -> (user: UserID, id: Int64)? {
        try connection.first(
            """
            SELECT user_id, password_id FROM app_passwords JOIN users USING (user_id)
            WHERE hash = ? AND users.is_deactivated = 0 AND users.is_guest = 0
            """, hash
        ) { row in (row.userID(0), row.int(1)) }
    }

    /// The oldest first.
    public func appPasswords(of user: UserID) throws -> [AppPasswordRecord] {
        try connection.all(
            "SELECT password_id, name, created_ts, last_used_ts FROM app_passwords WHERE user_id = ? ORDER BY password_id", user
        ) { row in
            AppPasswordRecord(id: row.int(0), name: row.text(1), createdTimestamp: row.int(2), lastUsedTimestamp: row.optionalInt(3))
        }
    }

    public func appPasswordCount(of user: UserID) throws -> Int {
        try connection.first("SELECT count(*) FROM app_passwords WHERE user_id = ?", user) { Int($0.int(0)) } ?? 0
    }
}

extension WriteTransaction {
    public func insertAppPassword(_ name: String, hash: [UInt8], of user: UserID, timestamp: Int64) throws -> Int64 {
        try connection.run("INSERT INTO app_passwords (user_id, name, hash, created_ts) VALUES (?, ?, ?, ?)", user, name, hash, timestamp)
        guard let owner = try ownerOfAppPassword(hash: hash) else { throw StorageError(.other, "A password was not stored.") }
        return owner.id
    }

    /// Whether the user had it.
    public func deleteAppPassword(_ id: Int64, of user: UserID) throws -> Bool {
        try connection.run("DELETE FROM app_passwords WHERE password_id = ? AND user_id = ?", id, user) > 0
    }

    /// Whether there were any.
    public func deleteAppPasswords(of user: UserID) throws -> Bool {
        try connection.run("DELETE FROM app_passwords WHERE user_id = ?", user) > 0
    }

    public func setLastUsed(_ timestamp: Int64, ofAppPassword id: Int64) throws {
        try connection.run("UPDATE app_passwords SET last_used_ts = ? WHERE password_id = ?", timestamp, id)
    }
}
