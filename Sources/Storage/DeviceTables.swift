public import MatrixCore

/// One device of a user.
public struct DeviceRecord: Sendable {
    public let key: Int64
    public let deviceID: DeviceID
    public let displayName: String?
    public let lastSeenTimestamp: Int64?
    public let lastSeenAddress: String?
}

/// What an access token stands for.
public struct TokenOwner: Sendable {
    public let userID: UserID
    public let deviceID: DeviceID
    public let deviceKey: Int64
    public let isAdministrator: Bool
    public let isGuest: Bool
}

extension ReadTransaction {
    public func owner(ofTokenHash hash: [UInt8]) throws -> TokenOwner? {
        try connection.first(
            """
            SELECT devices.user_id, devices.device_id, devices.device_key, users.is_admin, users.is_guest
            FROM access_tokens JOIN devices USING (device_key) JOIN users USING (user_id)
            WHERE token_hash = ? AND users.is_deactivated = 0
            """, hash
        ) { row in
            TokenOwner(
                userID: row.userID(0), deviceID: DeviceID(trusted: row.text(1)), deviceKey: row.int(2), isAdministrator: row.bool(3),
                isGuest: row.bool(4))
        }
    }

    public func devices(of user: UserID) throws -> [DeviceRecord] {
        try connection.all("SELECT \(DeviceRecord.columns) FROM devices WHERE user_id = ? ORDER BY device_key", user) { DeviceRecord($0) }
    }

    public func device(_ deviceID: DeviceID, of user: UserID) throws -> DeviceRecord? {
        try connection.first("SELECT \(DeviceRecord.columns) FROM devices WHERE user_id = ? AND device_id = ?", user, deviceID) { DeviceRecord($0) }
    }

    public func deviceCount(of user: UserID) throws -> Int {
        try connection.first("SELECT count(*) FROM devices WHERE user_id = ?", user) { Int($0.int(0)) } ?? 0
    }

    public func leastRecentlySeenDevice(of user: UserID) throws -> DeviceRecord? {
        try connection.first(
            "SELECT \(DeviceRecord.columns) FROM devices WHERE user_id = ? ORDER BY coalesce(last_seen_ts, 0), device_key LIMIT 1", user
        ) { DeviceRecord($0) }
    }
}

extension WriteTransaction {
    /// The key of the new device. The user must not have one with this ID.
    public func insertDevice(_ deviceID: DeviceID, of user: UserID, displayName: String?) throws -> Int64 {
        try connection.run("INSERT INTO devices (user_id, device_id, display_name) VALUES (?, ?, ?)", user, deviceID, displayName)
        guard let device = try device(deviceID, of: user) else { throw StorageError(.other, "A device was not stored.") }
        return device.key
    }

    public func setDisplayName(_ displayName: String?, ofDevice key: Int64) throws {
        try connection.run("UPDATE devices SET display_name = ? WHERE device_key = ?", displayName, key)
    }

    public func setLastSeen(timestamp: Int64, address: String?, ofDevice key: Int64) throws {
        try connection.run(
            "UPDATE devices SET last_seen_ts = ?, last_seen_ip = coalesce(?, last_seen_ip) WHERE device_key = ?", timestamp, address, key)
    }

    /// Deletes the device with its tokens and transaction IDs.
    public func deleteDevice(_ key: Int64) throws {
        try connection.run("DELETE FROM devices WHERE device_key = ?", key)
    }

    public func insertToken(hash: [UInt8], device key: Int64) throws {
        try connection.run("INSERT INTO access_tokens (token_hash, device_key) VALUES (?, ?)", hash, key)
    }

    public func deleteTokens(ofDevice key: Int64) throws {
        try connection.run("DELETE FROM access_tokens WHERE device_key = ?", key)
    }
}

extension DeviceRecord {
    fileprivate static let columns = "device_key, device_id, display_name, last_seen_ts, last_seen_ip"

    fileprivate init(_ row: borrowing Row) {
        self.init(
            key: row.int(0), deviceID: DeviceID(trusted: row.text(1)), displayName: row.optionalText(2), lastSeenTimestamp: row.optionalInt(3),
            lastSeenAddress: row.optionalText(4))
    }
}
