public import MatrixCore

/// One row of the accounts.
public struct AccountRecord: Sendable {
    public let userID: UserID
    /// `nil` for an account that nobody can log in to.
    public let passwordHash: String?
    public let isAdministrator: Bool
    public let isDeactivated: Bool
    public let createdTimestamp: Int64
    /// Nobody can use the account for now.
    public let isLocked: Bool
    /// The user can read, and do little else.
    public let isSuspended: Bool
    /// The account is closed, and those who come later see nothing of what its user wrote.
    public let isErased: Bool
    /// The application service that made it, for its own use.
    public let applicationService: String?
}

/// A user as others find them.
public struct DirectoryEntry: Sendable, Equatable {
    public let userID: UserID
    public let displayName: String?
    public let avatarURL: String?

    public init(userID: UserID, displayName: String?, avatarURL: String?) {
        self.userID = userID
        self.displayName = displayName
        self.avatarURL = avatarURL
    }
}

extension ReadTransaction {
    /// Whether any person ever made an account. The first one is the owner's. Guests have none, and application services are nobody.
    public func hasAnyAccount() throws -> Bool {
        try connection.exists("SELECT 1 FROM users WHERE NOT is_guest AND application_service IS NULL LIMIT 1")
    }

    public func account(of user: UserID) throws -> AccountRecord? {
        try connection.first("SELECT \(AccountRecord.columns) FROM users WHERE user_id = ?", user) { AccountRecord($0) }
    }

    /// Whether the user ID is taken, be it by a deactivated account.
    public func accountExists(_ user: UserID) throws -> Bool { try connection.exists("SELECT 1 FROM users WHERE user_id = ?", user) }

    public func accounts() throws -> [AccountRecord] {
        try connection.all("SELECT \(AccountRecord.columns) FROM users ORDER BY created_ts, user_id") { AccountRecord($0) }
    }

    /// The next account of a person, in the order of user IDs, that never had this piece of global account data.
    public func person(withoutAccountData type: String, after userID: String) throws -> UserID? {
        try connection.first(
            """
            SELECT user_id FROM users u WHERE user_id > ? AND NOT is_deactivated AND NOT is_guest AND application_service IS NULL
                AND NOT EXISTS (SELECT 1 FROM account_data a WHERE a.user_id = u.user_id AND a.room_id = '' AND a.type = ?)
            ORDER BY user_id LIMIT 1
            """, userID, type
        ) { $0.userID(0) }
    }

    /// The accounts that are locked or suspended.
    public func restrictedAccounts() throws -> [AccountRecord] {
        try connection.all("SELECT \(AccountRecord.columns) FROM users WHERE is_locked OR is_suspended") { AccountRecord($0) }
    }

    /// Those who had their account erased. Nearly always nobody, which costs one look into an empty index.
    public func erasedUsers() throws -> Set<UserID> {
        Set(try connection.all("SELECT user_id FROM users WHERE is_erased") { $0.userID(0) })
    }

    /// Calls `body` for each active account but the guests', in the order of user IDs, until it returns `false`.
    public func forEachDirectoryEntry(while body: (DirectoryEntry) throws -> Bool) throws {
        try connection.forEachRow(
            """
            SELECT user_id,
                (SELECT value FROM profiles p WHERE p.user_id = users.user_id AND key = 'displayname'),
                (SELECT value FROM profiles p WHERE p.user_id = users.user_id AND key = 'avatar_url')
            FROM users WHERE is_deactivated = 0 AND NOT is_guest ORDER BY user_id
            """
        ) { row in
            try body(
                DirectoryEntry(
                    userID: row.userID(0), displayName: jsonString(row.optionalBlob(1)), avatarURL: jsonString(row.optionalBlob(2))))
        }
    }
}

extension WriteTransaction {
    /// `false` if the user ID is taken.
    public func insertAccount(_ user: UserID, passwordHash: String?, isAdministrator: Bool, timestamp: Int64) throws -> Bool {
        try connection.run(
            "INSERT INTO users (user_id, password_hash, is_admin, created_ts) VALUES (?, ?, ?, ?) ON CONFLICT (user_id) DO NOTHING",
            user, passwordHash, isAdministrator, timestamp) > 0
    }

    public func setPasswordHash(_ hash: String, of user: UserID) throws {
        try connection.run("UPDATE users SET password_hash = ? WHERE user_id = ?", hash, user)
    }

    /// Nobody can log in to the account again, and its user ID stays taken.
    ///
    /// The hash of the password stays: whoever knows the password is told that the account is closed, and nobody else.
    public func markDeactivated(_ user: UserID) throws {
        try connection.run(
            "UPDATE users SET is_deactivated = 1, is_admin = 0, is_locked = 0, is_suspended = 0 WHERE user_id = ?", user)
    }

    public func markErased(_ user: UserID) throws {
        try connection.run("UPDATE users SET is_erased = 1 WHERE user_id = ?", user)
    }

    public func setLocked(_ isLocked: Bool, _ user: UserID) throws {
        try connection.run("UPDATE users SET is_locked = ? WHERE user_id = ?", isLocked, user)
    }

    public func setSuspended(_ isSuspended: Bool, _ user: UserID) throws {
        try connection.run("UPDATE users SET is_suspended = ? WHERE user_id = ?", isSuspended, user)
    }
}

extension AccountRecord {
    fileprivate static let columns =
        "user_id, password_hash, is_admin, is_deactivated, created_ts, is_locked, is_suspended, is_erased, application_service"

    fileprivate init(_ row: borrowing Row) {
        self.init(
            userID: row.userID(0), passwordHash: row.optionalText(1), isAdministrator: row.bool(2), isDeactivated: row.bool(3),
            createdTimestamp: row.int(4), isLocked: row.bool(5), isSuspended: row.bool(6), isErased: row.bool(7),
            applicationService: row.optionalText(8))
    }
}

/// Profile values are kept as JSON.
func jsonString(_ json: [UInt8]?) -> String? {
    guard let json else { return nil }
    return (try? JSONValue(parsing: json))?.stringValue
}
