public import MatrixCore

extension ReadTransaction {
    /// The users whose devices or cross-signing keys changed after `start`, as far as `viewer` is concerned, whether they share a room or not.
    public func deviceListChanges(after start: Position, visibleTo viewer: UserID) throws -> [UserID] {
        try connection.all(
            "SELECT DISTINCT user_id FROM device_list_changes WHERE position > ? AND seen_by IN ('', ?) ORDER BY user_id", start, viewer
        ) { $0.userID(0) }
    }

    /// Memberships that changed after `start` in the rooms that `user` is or was in, the user's own among them.
    public func membershipChanges(around user: UserID, after start: Position) throws -> [(user: UserID, room: Int64, membership: String)] {
        try connection.all(
            """
            SELECT theirs.user_id, theirs.room_key, theirs.membership
            FROM memberships mine JOIN memberships theirs ON theirs.room_key = mine.room_key
            WHERE mine.user_id = ?1 AND (mine.membership = 'join' OR mine.position > ?2) AND theirs.position > ?2
            """, user, start
        ) { ($0.userID(0), $0.int(1), $0.text(2)) }
    }

    /// Whether the user was joined to the room at a position, by the room's history.
    public func wasJoined(_ user: UserID, to room: Int64, at position: Position) throws -> Bool {
        try history(of: room, type: "m.room.member", stateKey: user.rawValue, member: "membership")
            .last { $0.position <= position.value }?.value == "join"
    }
}

extension WriteTransaction {
    /// - Parameter viewer: whom alone it concerns; `nil` for everyone who shares a room with the user.
    public func setDeviceListChange(of user: UserID, seenBy viewer: UserID?, at position: Position) throws {
        try connection.run(
            """
            INSERT INTO device_list_changes (user_id, seen_by, position) VALUES (?, ?, ?)
            ON CONFLICT (user_id, seen_by) DO UPDATE SET position = excluded.position
            """, user, viewer?.rawValue ?? "", position)
    }
}
