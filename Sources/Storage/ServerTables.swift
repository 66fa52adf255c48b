/// Facts about the box itself.
extension ReadTransaction {
    public func serverValue(_ key: String) throws -> String? {
        try connection.first("SELECT value FROM server WHERE key = ?", key) { $0.text(0) }
    }

    public func serverInteger(_ key: String) throws -> Int64? {
        try connection.first("SELECT value FROM server WHERE key = ?", key) { $0.int(0) }
    }

    public func serverBytes(_ key: String) throws -> [UInt8]? {
        try connection.first("SELECT value FROM server WHERE key = ?", key) { $0.blob(0) }
    }
}

extension WriteTransaction {
    public func setServerValue(_ key: String, _ value: some SQLBindable) throws {
        try connection.run("INSERT INTO server (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)
    }
}
