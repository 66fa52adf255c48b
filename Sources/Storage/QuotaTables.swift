public import MatrixCore

/// How many bytes an account may keep: `nil` is what the box's owner decided for all, and a negative number stands for any amount.
extension ReadTransaction {
    public func quota(of user: UserID) throws -> Int64? {
        try connection.first("SELECT quota FROM users WHERE user_id = ?", user) { $0.optionalInt(0) } ?? nil
    }

    /// Whether the amount is bounded for any account by a number of its own.
    public func hasQuotas() throws -> Bool { try connection.exists("SELECT 1 FROM users WHERE quota >= 0 LIMIT 1") }
}

extension WriteTransaction {
    public func setQuota(_ bytes: Int64?, of user: UserID) throws {
        try connection.run("UPDATE users SET quota = ? WHERE user_id = ?", bytes, user)
    }
}
