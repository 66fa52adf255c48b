public import MatrixCore

extension ReadTransaction {
    public func isGuest(_ user: UserID) throws -> Bool {
        try connection.exists("SELECT 1 FROM users WHERE user_id = ? AND is_guest", user)
    }

    /// Those who can still be used, whoever was not seen for longest first.
    public func guests() throws -> [UserID] {
        try connection.all(
            """
            SELECT user_id FROM users WHERE is_guest AND NOT is_deactivated
            ORDER BY coalesce((SELECT max(last_seen_ts) FROM devices d WHERE d.user_id = users.user_id), created_ts), user_id
            """
        ) { $0.userID(0) }
    }

    public func guestCount() throws -> Int {
        try connection.first("SELECT count(*) FROM users WHERE is_guest AND NOT is_deactivated") { Int($0.int(0)) } ?? 0
    }

    /// Guests who are in a room, or invited to it.
    public func guests(in room: Int64) throws -> [UserID] {
        try connection.all(
            """
            SELECT m.user_id FROM memberships m JOIN users u ON u.user_id = m.user_id
            WHERE m.room_key = ? AND m.membership IN ('join', 'invite') AND u.is_guest ORDER BY m.user_id
            """, room
        ) { $0.userID(0) }
    }
}

extension WriteTransaction {
    /// `false` if the user ID is taken.
    public func insertGuest(_ user: UserID, timestamp: Int64) throws -> Bool {
        try connection.run("INSERT INTO users (user_id, created_ts, is_guest) VALUES (?, ?, 1) ON CONFLICT (user_id) DO NOTHING", user, timestamp) > 0
    }

    /// Makes a full account of a guest. `false` if there is no such guest any more.
    public func upgradeGuest(_ user: UserID, passwordHash: String, isAdministrator: Bool) throws -> Bool {
        try connection.run(
            "UPDATE users SET is_guest = 0, password_hash = ?, is_admin = ? WHERE user_id = ? AND is_guest AND NOT is_deactivated",
            passwordHash, isAdministrator, user) > 0
    }

    /// Nothing of a guest stays but the events in the rooms.
    public func deleteGuest(_ user: UserID) throws {
        guard try connection.run("DELETE FROM users WHERE user_id = ? AND is_guest", user) > 0 else { return }
        try deleteProfile(of: user)
    }
}
