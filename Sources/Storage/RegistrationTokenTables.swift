public import MatrixCore

/// An invitation to make an account.
public struct RegistrationToken: Sendable {
    public let token: String
    /// `nil` for any number of times.
    public let usesAllowed: Int64?
    public let uses: Int64
    /// `nil` for ever.
    public let expiresTimestamp: Int64?
    public let createdBy: UserID?
    public let createdTimestamp: Int64

    public init(token: String, usesAllowed: Int64?, uses: Int64 = 0, expiresTimestamp: Int64?, createdBy: UserID?, createdTimestamp: Int64) {
        self.token = token
        self.usesAllowed = usesAllowed
        self.uses = uses
        self.expiresTimestamp = expiresTimestamp
        self.createdBy = createdBy
        self.createdTimestamp = createdTimestamp
    }

    public var isUsedUp: Bool { usesAllowed.map { uses >= $0 } ?? false }
}

extension ReadTransaction {
    public func registrationToken(_ token: String) throws -> RegistrationToken? {
        try connection.first("SELECT \(RegistrationToken.columns) FROM registration_tokens WHERE token = ?", token) { RegistrationToken($0) }
    }

    public func registrationTokens() throws -> [RegistrationToken] {
        try connection.all("SELECT \(RegistrationToken.columns) FROM registration_tokens ORDER BY created_ts, token") { RegistrationToken($0) }
    }
}

extension WriteTransaction {
    public func insertRegistrationToken(_ token: RegistrationToken) throws {
        try connection.run(
            """
            INSERT INTO registration_tokens (token, uses_allowed, uses, expires_ts, created_by, created_ts) VALUES (?, ?, ?, ?, ?, ?)
            """, token.token, token.usesAllowed, token.uses, token.expiresTimestamp, token.createdBy, token.createdTimestamp)
    }

    /// Counts one more use. `false` if no use is left, or no such token exists.
    public func useRegistrationToken(_ token: String) throws -> Bool {
        try connection.run(
            "UPDATE registration_tokens SET uses = uses + 1 WHERE token = ? AND (uses_allowed IS NULL OR uses < uses_allowed)", token) > 0
    }

    /// `false` if no such token exists.
    public func deleteRegistrationToken(_ token: String) throws -> Bool {
        try connection.run("DELETE FROM registration_tokens WHERE token = ?", token) > 0
    }
}

extension RegistrationToken {
    fileprivate static let columns = "token, uses_allowed, uses, expires_ts, created_by, created_ts"

    fileprivate init(_ row: borrowing Row) {
        self.init(
            token: row.text(0), usesAllowed: row.optionalInt(1), uses: row.int(2), expiresTimestamp: row.optionalInt(3),
            createdBy: row.isNull(4) ? nil : row.userID(4), createdTimestamp: row.int(5))
    }
}
