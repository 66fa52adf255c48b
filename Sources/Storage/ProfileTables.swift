public import MatrixCore

extension ReadTransaction {
    /// All fields, by key, with their values as JSON.
    public func profile(of user: UserID) throws -> [(key: String, value: [UInt8])] {
        try connection.all("SELECT key, value FROM profiles WHERE user_id = ? ORDER BY key", user) { (key: $0.text(0), value: $0.blob(1)) }
    }

    public func profileField(_ key: String, of user: UserID) throws -> [UInt8]? {
        try connection.first("SELECT value FROM profiles WHERE user_id = ? AND key = ?", user, key) { $0.blob(0) }
    }

    /// The two fields that a membership event carries.
    public func profileNames(of user: UserID) throws -> (displayName: String?, avatarURL: String?) {
        (jsonString(try profileField("displayname", of: user)), jsonString(try profileField("avatar_url", of: user)))
    }
}

extension WriteTransaction {
    /// `value` is JSON.
    public func setProfileField(_ key: String, of user: UserID, to value: [UInt8]) throws {
        try connection.run(
            "INSERT INTO profiles (user_id, key, value) VALUES (?, ?, ?) ON CONFLICT (user_id, key) DO UPDATE SET value = excluded.value",
            user, key, value)
    }

    public func deleteProfileField(_ key: String, of user: UserID) throws {
        try connection.run("DELETE FROM profiles WHERE user_id = ? AND key = ?", user, key)
    }

    public func deleteProfile(of user: UserID) throws {
        try connection.run("DELETE FROM profiles WHERE user_id = ?", user)
    }
}
