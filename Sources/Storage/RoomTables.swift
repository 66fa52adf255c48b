public import MatrixCore

/// A room as the database knows it.
public struct RoomRecord: Sendable {
    public let key: Int64
    public let id: RoomID
    public let version: RoomVersion
    /// Whether the room stands in the public list.
    public let isListed: Bool
}

/// A user's relation to a room: their newest `m.room.member` event.
public struct MembershipRecord: Sendable {
    public let roomKey: Int64
    public let roomID: RoomID
    public let membership: String
    /// Of the member event.
    public let position: Position
    public let isForgotten: Bool
}

extension ReadTransaction {
    public func room(_ id: RoomID) throws -> RoomRecord? {
        try connection.first("SELECT room_key, version, is_listed FROM rooms WHERE room_id = ?", id) { row in
            try RoomRecord(key: row.int(0), id: id, version: roomVersion(row.text(1)), isListed: row.bool(2))
        }
    }

    public func room(key: Int64) throws -> RoomRecord? {
        try connection.first("SELECT room_id, version, is_listed FROM rooms WHERE room_key = ?", key) { row in
            try RoomRecord(key: key, id: row.roomID(0), version: roomVersion(row.text(1)), isListed: row.bool(2))
        }
    }

    public func roomID(of key: Int64) throws -> RoomID? {
        try connection.first("SELECT room_id FROM rooms WHERE room_key = ?", key) { $0.roomID(0) }
    }

    /// The rooms of the public list, newest first.
    public func listedRooms() throws -> [RoomRecord] {
        try connection.all("SELECT room_key, room_id, version FROM rooms WHERE is_listed ORDER BY room_key DESC") { row in
            try RoomRecord(key: row.int(0), id: row.roomID(1), version: roomVersion(row.text(2)), isListed: true)
        }
    }

    private func roomVersion(_ text: String) throws -> RoomVersion {
        guard let version = RoomVersion(rawValue: text) else { throw StorageError(.corrupt, "A room has the unknown version \(text).") }
        return version
    }

    // MARK: Membership

    public func membership(of user: UserID, in room: Int64) throws -> MembershipRecord? {
        try connection.first(Self.selectMembership + "WHERE m.user_id = ? AND m.room_key = ?", user, room, row: membershipRecord)
    }

    public func memberships(of user: UserID) throws -> [MembershipRecord] {
        try connection.all(Self.selectMembership + "WHERE m.user_id = ?", user, row: membershipRecord)
    }

    /// The same as it was at a position. What a user forgot since then is forgotten.
    public func memberships(of user: UserID, at end: Position) throws -> [MembershipRecord] {
        try memberships(of: user).compactMap { record in
            guard record.position > end else { return record }
            let changes = try history(of: record.roomKey, type: "m.room.member", stateKey: user.rawValue, member: "membership")
            guard let change = changes.last(where: { $0.position <= end.value }) else { return nil }
            return MembershipRecord(
                roomKey: record.roomKey, roomID: record.roomID, membership: change.value, position: Position(change.position),
                isForgotten: record.isForgotten)
        }
    }

    private static let selectMembership = """
        SELECT m.room_key, r.room_id, m.membership, m.position, m.is_forgotten
        FROM memberships m JOIN rooms r ON r.room_key = m.room_key 
        """

    private func membershipRecord(_ row: borrowing Row) -> MembershipRecord {
        MembershipRecord(
            roomKey: row.int(0), roomID: row.roomID(1), membership: row.text(2), position: row.position(3), isForgotten: row.bool(4))
    }

    /// Where the user's present stay in the room began; a change of profile does not begin a new one.
    public func joinPosition(of user: UserID, in room: Int64, upTo end: Position) throws -> Position {
        var start = Position.zero
        var wasJoined = false
        for change in try history(of: room, type: "m.room.member", stateKey: user.rawValue, member: "membership") where change.position <= end.value {
            let isJoined = change.value == "join"
            if isJoined, !wasJoined { start = Position(change.position) }
            wasJoined = isJoined
        }
        return start
    }

    /// What changed of how a room is shown in a list: whose membership, and whether its name or address did.
    public struct SummaryChanges: Sendable {
        public var members: [UserID] = []
        public var changesName = false

        public var isEmpty: Bool { members.isEmpty && !changesName }
    }

    public func summaryChanges(of room: Int64, after start: Position, upTo end: Position) throws -> SummaryChanges {
        var changes = SummaryChanges()
        guard let latest = try latestPosition(in: room, upTo: end), latest > start else { return changes }
        try connection.forEachRow(
            """
            SELECT DISTINCT type, state_key FROM events WHERE room_key = ? AND position > ? AND position <= ? AND state_key IS NOT NULL
                AND type IN ('m.room.member', 'm.room.name', 'm.room.canonical_alias')
            """, room, start, end
        ) { row in
            if row.text(0) == "m.room.member" { changes.members.append(row.userID(1)) } else { changes.changesName = true }
            return true
        }
        return changes
    }

    public func users(in room: Int64, membership: String) throws -> [UserID] {
        try connection.all("SELECT user_id FROM memberships WHERE room_key = ? AND membership = ?", room, membership) { $0.userID(0) }
    }

    public func memberCount(of room: Int64, membership: String) throws -> Int {
        try connection.first("SELECT count(*) FROM memberships WHERE room_key = ? AND membership = ?", room, membership) { Int($0.int(0)) } ?? 0
    }

    /// Everyone who is joined to a room that `user` is joined to, without `user`.
    public func usersSharingRooms(with user: UserID) throws -> [UserID] {
        try connection.all(
            """
            SELECT DISTINCT theirs.user_id FROM memberships mine
            JOIN memberships theirs ON theirs.room_key = mine.room_key AND theirs.membership = 'join'
            WHERE mine.user_id = ?1 AND mine.membership = 'join' AND theirs.user_id <> ?1
            """, user
        ) { $0.userID(0) }
    }

    public func shareRoom(_ one: UserID, _ other: UserID) throws -> Bool {
        try connection.exists(
            """
            SELECT 1 FROM memberships a JOIN memberships b ON b.room_key = a.room_key AND b.membership = 'join'
            WHERE a.user_id = ? AND b.user_id = ? AND a.membership = 'join' LIMIT 1
            """, one, other)
    }

    public static let maxHeroes = 5

    /// Up to `maxHeroes` members that can give a nameless room a name, in the order of their member events.
    ///
    /// spec: client-server-api/#get_matrixclientv3sync (`m.heroes`)
    public func heroes(of room: Int64, for user: UserID) throws -> [UserID] {
        let present = try connection.all(
            """
            SELECT user_id FROM memberships WHERE room_key = ? AND membership IN ('join', 'invite') AND user_id <> ?
            ORDER BY position LIMIT \(Self.maxHeroes)
            """, room, user
        ) { $0.userID(0) }
        guard present.isEmpty else { return present }
        return try connection.all(
            """
            SELECT user_id FROM memberships WHERE room_key = ? AND membership IN ('leave', 'ban') AND user_id <> ?
            ORDER BY position LIMIT \(Self.maxHeroes)
            """, room, user
        ) { $0.userID(0) }
    }

    // MARK: Aliases

    public func roomKey(of alias: RoomAlias) throws -> (key: Int64, creator: UserID)? {
        try connection.first("SELECT room_key, creator FROM room_aliases WHERE alias = ?", alias) { ($0.int(0), $0.userID(1)) }
    }

    public func aliases(of room: Int64) throws -> [RoomAlias] {
        try connection.all("SELECT alias FROM room_aliases WHERE room_key = ? ORDER BY alias", room) { RoomAlias(trusted: $0.text(0)) }
    }
}

extension WriteTransaction {
    public func insertRoom(_ id: RoomID, version: RoomVersion) throws -> RoomRecord {
        try connection.run("INSERT INTO rooms (room_id, version) VALUES (?, ?)", id, version.rawValue)
        return RoomRecord(key: connection.lastInsertedRowID, id: id, version: version, isListed: false)
    }

    public func setListed(_ isListed: Bool, room: Int64) throws {
        try connection.run("UPDATE rooms SET is_listed = ? WHERE room_key = ?", isListed, room)
    }

    /// A room that was forgotten stays so until its user joins again.
    public func setMembership(_ membership: String, of user: UserID, in room: Int64, at position: Position) throws {
        try connection.run(
            """
            INSERT INTO memberships (user_id, room_key, membership, position) VALUES (?, ?, ?, ?)
            ON CONFLICT (user_id, room_key) DO UPDATE SET membership = excluded.membership, position = excluded.position,
                is_forgotten = is_forgotten AND excluded.membership <> 'join'
            """, user, room, membership, position)
    }

    public func forget(room: Int64, user: UserID) throws {
        try connection.run("UPDATE memberships SET is_forgotten = 1 WHERE user_id = ? AND room_key = ?", user, room)
    }

    public func insertAlias(_ alias: RoomAlias, room: Int64, creator: UserID) throws {
        try connection.run("INSERT INTO room_aliases (alias, room_key, creator) VALUES (?, ?, ?)", alias, room, creator)
    }

    /// Lets every address of one room lead to another.
    public func moveAliases(from old: Int64, to new: Int64) throws {
        try connection.run("UPDATE room_aliases SET room_key = ? WHERE room_key = ?", new, old)
    }

    public func deleteAlias(_ alias: RoomAlias) throws {
        try connection.run("DELETE FROM room_aliases WHERE alias = ?", alias)
    }
}
