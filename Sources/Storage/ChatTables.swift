public import MatrixCore

/// A room that somebody is in, as one of their folders.
public struct ChatRecord: Sendable {
    public let room: RoomRecord
    /// The contents of the state events that may name it.
    public let name: JSONObject?
    public let canonicalAlias: JSONObject?
    public let isEncrypted: Bool
    /// Whether another room has replaced it.
    public let isReplaced: Bool
    /// When the user joined, or last changed how they are shown there. Milliseconds since 1970.
    public let joinedTimestamp: Int64
    /// Of the newest file that was sent since then.
    public let newestFileTimestamp: Int64?
}

extension ReadTransaction {
    /// The rooms that a user is in, oldest first.
    public func chats(of user: UserID) throws -> [ChatRecord] {
        func content(_ type: String) -> String {
            """
            (SELECT substr(e.pdu, e.content_start + 1, e.content_length) FROM current_state s JOIN events e ON e.position = s.position
             WHERE s.room_key = m.room_key AND s.type = '\(type)' AND s.state_key = '')
            """
        }
        func has(_ type: String) -> String {
            "EXISTS (SELECT 1 FROM current_state s WHERE s.room_key = m.room_key AND s.type = '\(type)' AND s.state_key = '')"
        }
        return try connection.all(
            """
            SELECT r.room_key, r.room_id, r.version, r.is_listed, \(content("m.room.name")), \(content("m.room.canonical_alias")),
                \(has("m.room.encryption")), \(has("m.room.tombstone")), own.origin_server_ts,
                (SELECT f.ts FROM room_files f WHERE f.room_key = m.room_key AND f.position > m.position ORDER BY f.position DESC LIMIT 1)
            FROM memberships m JOIN rooms r ON r.room_key = m.room_key JOIN events own ON own.position = m.position
            WHERE m.user_id = ? AND m.membership = 'join' ORDER BY m.room_key
            """, user
        ) { row in
            guard let version = RoomVersion(rawValue: row.text(2)) else {
                throw StorageError(.corrupt, "A room has the unknown version \(row.text(2)).")
            }
            return ChatRecord(
                room: RoomRecord(key: row.int(0), id: row.roomID(1), version: version, isListed: row.bool(3)),
                name: row.optionalBlob(4).flatMap { try? JSONObject(parsing: $0) },
                canonicalAlias: row.optionalBlob(5).flatMap { try? JSONObject(parsing: $0) }, isEncrypted: row.bool(6), isReplaced: row.bool(7),
                joinedTimestamp: row.int(8), newestFileTimestamp: row.optionalInt(9))
        }
    }
}
