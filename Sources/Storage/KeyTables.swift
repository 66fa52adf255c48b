public import MatrixCore

/// What a device has published of itself.
public struct PublishedDevice: Sendable {
    public let deviceID: DeviceID
    public let displayName: String?
    /// JSON
    public let keys: [UInt8]
}

/// One key of a device that others may claim.
public struct ClaimableKey: Sendable, Hashable {
    public let keyID: String
    /// JSON
    public let key: [UInt8]

    public init(keyID: String, key: [UInt8]) {
        self.keyID = keyID
        self.key = key
    }
}

/// How many one-time keys of a device wait to be claimed, and which of its fallback keys are fresh.
public struct KeyCounts: Sendable, Hashable {
    public var oneTimeKeys: [String: Int]
    public var unusedFallbackAlgorithms: [String]

    public init(oneTimeKeys: [String: Int] = [:], unusedFallbackAlgorithms: [String] = []) {
        self.oneTimeKeys = oneTimeKeys
        self.unusedFallbackAlgorithms = unusedFallbackAlgorithms
    }
}

extension ReadTransaction {
    public func deviceKeys(of device: Int64) throws -> [UInt8]? {
        try connection.first("SELECT keys FROM device_keys WHERE device_key = ?", device) { $0.blob(0) }
    }

    /// The devices of a user that have published keys.
    public func publishedDevices(of user: UserID) throws -> [PublishedDevice] {
        try connection.all(
            "SELECT device_id, display_name, keys FROM devices JOIN device_keys USING (device_key) WHERE user_id = ? ORDER BY device_key", user
        ) { PublishedDevice(deviceID: DeviceID(trusted: $0.text(0)), displayName: $0.optionalText(1), keys: $0.blob(2)) }
    }

    public func keyCounts(of device: Int64) throws -> KeyCounts {
        var counts = KeyCounts()
        try connection.forEachRow(
            "SELECT algorithm, count(*) FROM one_time_keys WHERE device_key = ? AND is_claimed = 0 GROUP BY algorithm", device
        ) { row in
            counts.oneTimeKeys[row.text(0)] = Int(row.int(1))
            return true
        }
        counts.unusedFallbackAlgorithms = try connection.all(
            "SELECT algorithm FROM fallback_keys WHERE device_key = ? AND is_used = 0 ORDER BY algorithm", device
        ) { $0.text(0) }
        return counts
    }

    /// The one-time key with this ID, whether it is claimed or not.
    public func oneTimeKey(_ keyID: String, algorithm: String, device: Int64) throws -> (key: [UInt8], isClaimed: Bool)? {
        try connection.first(
            "SELECT key, is_claimed FROM one_time_keys WHERE device_key = ? AND algorithm = ? AND key_id = ?", device, algorithm, keyID
        ) { ($0.blob(0), $0.bool(1)) }
    }

    public func fallbackKey(algorithm: String, device: Int64) throws -> ClaimableKey? {
        try connection.first("SELECT key_id, key FROM fallback_keys WHERE device_key = ? AND algorithm = ?", device, algorithm) {
            ClaimableKey(keyID: $0.text(0), key: $0.blob(1))
        }
    }

    public func fallbackKeyCount(of device: Int64) throws -> Int {
        try connection.first("SELECT count(*) FROM fallback_keys WHERE device_key = ?", device) { Int($0.int(0)) } ?? 0
    }
}

extension WriteTransaction {
    public func setDeviceKeys(_ keys: [UInt8], of device: Int64) throws {
        try connection.run(
            "INSERT INTO device_keys (device_key, keys) VALUES (?, ?) ON CONFLICT (device_key) DO UPDATE SET keys = excluded.keys", device, keys)
    }

    /// Adds a key behind all others of its device; it replaces one that had the same ID.
    public func insertOneTimeKey(_ key: ClaimableKey, algorithm: String, device: Int64) throws {
        try connection.run("DELETE FROM one_time_keys WHERE device_key = ? AND algorithm = ? AND key_id = ?", device, algorithm, key.keyID)
        try connection.run(
            "INSERT INTO one_time_keys (device_key, algorithm, key_id, key) VALUES (?, ?, ?, ?)", device, algorithm, key.keyID, key.key)
    }

    /// Takes the oldest unclaimed key. Of the claimed ones, the newest `rememberedCount` are kept in mind.
    public func claimOneTimeKey(algorithm: String, device: Int64, rememberedCount: Int) throws -> ClaimableKey? {
        let oldest = try connection.first(
            """
            SELECT number, key_id, key FROM one_time_keys
            WHERE device_key = ? AND algorithm = ? AND is_claimed = 0 ORDER BY number LIMIT 1
            """, device, algorithm
        ) { (number: $0.int(0), key: ClaimableKey(keyID: $0.text(1), key: $0.blob(2))) }
        guard let oldest else { return nil }
        try connection.run("UPDATE one_time_keys SET is_claimed = 1 WHERE number = ?", oldest.number)
        try connection.run(
            """
            DELETE FROM one_time_keys WHERE device_key = ?1 AND algorithm = ?2 AND is_claimed = 1 AND number <= (
                SELECT number FROM one_time_keys WHERE device_key = ?1 AND algorithm = ?2 AND is_claimed = 1
                ORDER BY number DESC LIMIT 1 OFFSET ?3)
            """, device, algorithm, rememberedCount)
        return oldest.key
    }

    /// Sets a fresh fallback key in the place of the one before.
    public func setFallbackKey(_ key: ClaimableKey, algorithm: String, device: Int64) throws {
        try connection.run(
            """
            INSERT INTO fallback_keys (device_key, algorithm, key_id, key) VALUES (?, ?, ?, ?)
            ON CONFLICT (device_key, algorithm) DO UPDATE SET key_id = excluded.key_id, key = excluded.key, is_used = 0
            """, device, algorithm, key.keyID, key.key)
    }

    /// Returns whether the key was fresh until now.
    public func markFallbackKeyUsed(algorithm: String, device: Int64) throws -> Bool {
        try connection.run("UPDATE fallback_keys SET is_used = 1 WHERE device_key = ? AND algorithm = ? AND is_used = 0", device, algorithm) > 0
    }
}
