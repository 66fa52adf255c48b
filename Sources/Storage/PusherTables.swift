public import MatrixCore

/// Somewhere that a user's notifications are sent.
public struct PusherRecord: Sendable {
    /// Never used again for another.
    public let key: Int64
    public let userID: UserID
    public let appID: String
    public let pushkey: String
    /// JSON, what the client set beside the two names.
    public let settings: [UInt8]
    /// When it was set last, in seconds since 1970.
    public let timestamp: Int64
    /// What is not after it needs no push any more.
    public let position: Position
}

extension ReadTransaction {
    /// All of them, the oldest first.
    public func pushers() throws -> [PusherRecord] {
        try connection.all("SELECT \(PusherRecord.columns) FROM pushers ORDER BY pusher_key") { PusherRecord($0) }
    }

    public func pushers(of user: UserID) throws -> [PusherRecord] {
        try connection.all("SELECT \(PusherRecord.columns) FROM pushers WHERE user_id = ? ORDER BY pusher_key", user) { PusherRecord($0) }
    }

    /// Who else gets notifications there.
    public func usersWithPusher(appID: String, pushkey: String) throws -> [UserID] {
        try connection.all("SELECT user_id FROM pushers WHERE app_id = ? AND pushkey = ?", appID, pushkey) { $0.userID(0) }
    }
}

extension WriteTransaction {
    /// Makes a pusher, for what comes after `position`, or changes the user's one of these names.
    public func setPusher(
        _ appID: String, _ pushkey: String, of user: UserID, device: Int64, settings: [UInt8], timestamp: Int64, position: Position
    ) throws {
        try connection.run(
            """
            INSERT INTO pushers (user_id, app_id, pushkey, device_key, settings, pushkey_ts, position) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (user_id, app_id, pushkey) DO UPDATE
            SET device_key = excluded.device_key, settings = excluded.settings, pushkey_ts = excluded.pushkey_ts
            """, user, appID, pushkey, device, settings, timestamp, position)
    }

    public func deletePusher(_ appID: String, _ pushkey: String, of user: UserID) throws {
        try connection.run("DELETE FROM pushers WHERE user_id = ? AND app_id = ? AND pushkey = ?", user, appID, pushkey)
    }

    public func deletePusher(_ key: Int64) throws {
        try connection.run("DELETE FROM pushers WHERE pusher_key = ?", key)
    }

    /// Whether there were any.
    public func deletePushers(ofDevice key: Int64) throws -> Bool {
        try connection.run("DELETE FROM pushers WHERE device_key = ?", key) > 0
    }

    public func setPosition(_ position: Position, ofPusher key: Int64) throws {
        try connection.run("UPDATE pushers SET position = ? WHERE pusher_key = ?", position, key)
    }
}

extension PusherRecord {
    fileprivate static let columns = "pusher_key, user_id, app_id, pushkey, settings, pushkey_ts, position"

    fileprivate init(_ row: borrowing Row) {
        self.init(
            key: row.int(0), userID: row.userID(1), appID: row.text(2), pushkey: row.text(3), settings: row.blob(4), timestamp: row.int(5),
            position: row.position(6))
    }
}
