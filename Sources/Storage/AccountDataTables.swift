public import MatrixCore

/// One piece of a user's account data.
public struct AccountDataRecord: Sendable {
    /// `nil` for global account data.
    public let roomID: RoomID?
    public let type: String
    /// JSON
    public let content: [UInt8]
    public let position: Position

    public init(roomID: RoomID?, type: String, content: [UInt8], position: Position) {
        self.roomID = roomID
        self.type = type
        self.content = content
        self.position = position
    }
}

extension ReadTransaction {
    public func accountData(_ type: String, of user: UserID, room: RoomID?) throws -> [UInt8]? {
        try connection.first(
            "SELECT content FROM account_data WHERE user_id = ? AND room_id = ? AND type = ? AND NOT is_deleted", user, roomColumn(room), type
        ) { $0.blob(0) }
    }

    /// Everything that was last set after `start` and not after `end`, oldest first. What was deleted is `{}`.
    public func accountData(of user: UserID, after start: Position, upTo end: Position) throws -> [AccountDataRecord] {
        try connection.all(
            """
            SELECT room_id, type, content, position FROM account_data INDEXED BY account_data_by_position
            WHERE user_id = ? AND position > ? AND position <= ? ORDER BY position
            """, user, start, end
        ) { AccountDataRecord($0) }
    }

    /// Everything, oldest first.
    public func accountData(of user: UserID) throws -> [AccountDataRecord] {
        try connection.all("SELECT room_id, type, content, position FROM account_data WHERE user_id = ? AND NOT is_deleted ORDER BY position", user) {
            AccountDataRecord($0)
        }
    }

    /// Every user's list of ignored users, JSON.
    public func ignoredUserLists() throws -> [(user: UserID, content: [UInt8])] {
        try connection.all(
            """
            SELECT user_id, content FROM account_data INDEXED BY account_data_ignored_users
            WHERE type = 'm.ignored_user_list' AND room_id = '' AND NOT is_deleted
            """
        ) { ($0.userID(0), $0.blob(1)) }
    }

    /// The number of pieces, global and of rooms, with the deleted ones.
    public func accountDataCount(of user: UserID) throws -> Int {
        try connection.first("SELECT count(*) FROM account_data WHERE user_id = ?", user) { Int($0.int(0)) } ?? 0
    }
}

extension WriteTransaction {
    /// Stores one piece at a position that the caller took. The caller records the change as well.
    public func setAccountData(_ type: String, of user: UserID, room: RoomID?, to content: [UInt8], at position: Position) throws {
        try connection.run(
            """
            INSERT INTO account_data (user_id, room_id, type, content, position) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (user_id, room_id, type) DO UPDATE SET content = excluded.content, position = excluded.position, is_deleted = 0
            """, user, roomColumn(room), type, content, position)
    }

    /// Deletes one piece at a position that the caller took. `false` if there is no such piece.
    public func deleteAccountData(_ type: String, of user: UserID, room: RoomID?, at position: Position) throws -> Bool {
        try connection.run(
            """
            UPDATE account_data SET content = ?, position = ?, is_deleted = 1
            WHERE user_id = ? AND room_id = ? AND type = ? AND NOT is_deleted
            """, Array("{}".utf8), position, user, roomColumn(room), type) > 0
    }

    public func deleteAccountData(of user: UserID) throws {
        try connection.run("DELETE FROM account_data WHERE user_id = ?", user)
    }
}

extension AccountDataRecord {
    fileprivate init(_ row: borrowing Row) {
        let room = row.text(0)
        self.init(roomID: room.isEmpty ? nil : RoomID(trusted: room), type: row.text(1), content: row.blob(2), position: row.position(3))
    }
}

private func roomColumn(_ room: RoomID?) -> String { room?.rawValue ?? "" }
