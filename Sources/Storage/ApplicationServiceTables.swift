public import MatrixCore

/// How far an application service has been told of what happens.
public struct ServiceProgress: Sendable, Hashable {
    /// Every event up to here was sent, or does not concern the service.
    public var position: Position
    /// The events of the transaction that is under way: sent at least once, and not yet acknowledged.
    public var sending: [Position]

    public init(position: Position, sending: [Position] = []) {
        self.position = position
        self.sending = sending
    }
}

extension ReadTransaction {
    /// `nil` for a service that is new.
    public func progress(ofService id: String) throws -> ServiceProgress? {
        try connection.first("SELECT position, sending FROM application_services WHERE service_id = ?", id) { row in
            let sending = try row.optionalText(1).map { try JSONValue(parsing: Array($0.utf8)) }
            return ServiceProgress(position: row.position(0), sending: (sending?.arrayValue ?? []).compactMap(\.integerValue).map { Position($0) })
        }
    }

    /// The key that stands for a device in the service's requests for this user; `nil` if there was none yet.
    public func sessionKey(ofService id: String, for user: UserID) throws -> Int64? {
        try connection.first("SELECT session_key FROM application_service_sessions WHERE service_id = ? AND user_id = ?", id, user) { $0.int(0) }
    }

    /// The events after `start` and up to `end`, of all rooms, oldest first, until `body` returns `false`.
    public func forEachEvent(after start: Position, upTo end: Position, while body: (TimelineEvent) throws -> Bool) throws {
        try connection.forEachRow(Self.selectEvent + "WHERE e.position > ? AND e.position <= ? ORDER BY e.position", start, end) { row in
            try body(timelineEvent(row))
        }
    }

    /// Everyone who was ever in a room, or invited, with what they are there now.
    public func memberships(in room: RoomID) throws -> [(user: UserID, membership: String, position: Position)] {
        try connection.all(
            "SELECT m.user_id, m.membership, m.position FROM memberships m JOIN rooms r ON r.room_key = m.room_key WHERE r.room_id = ?", room
        ) { ($0.userID(0), $0.text(1), $0.position(2)) }
    }

    /// The user's membership as it was at a position.
    public func membership(of user: UserID, in room: RoomID, at end: Position) throws -> String? {
        try connection.first(
            """
            SELECT substr(e.pdu, e.content_start + 1, e.content_length) FROM events e JOIN rooms r ON r.room_key = e.room_key
            WHERE r.room_id = ? AND e.type = 'm.room.member' AND e.state_key = ? AND e.position <= ? ORDER BY e.position DESC LIMIT 1
            """, room, user, end
        ) { (try? JSONObject(parsing: $0.blob(0)))?.string("membership") }.flatMap { $0 }
    }

    public func aliases(of room: RoomID) throws -> [RoomAlias] {
        try connection.all("SELECT a.alias FROM room_aliases a JOIN rooms r ON r.room_key = a.room_key WHERE r.room_id = ?", room) {
            RoomAlias(trusted: $0.text(0))
        }
    }

    /// Whether somebody made the account for themselves, rather than a service.
    public func isPerson(_ user: UserID) throws -> Bool {
        try connection.exists("SELECT 1 FROM users WHERE user_id = ? AND application_service IS NULL", user)
    }

    /// The rooms that services list for networks: for one network of one service, or for all.
    public func rooms(listedByService id: String?, network: String?) throws -> [RoomRecord] {
        try connection.all(
            """
            SELECT DISTINCT r.room_id FROM application_service_rooms l JOIN rooms r ON r.room_key = l.room_key
            WHERE (?1 IS NULL OR l.service_id = ?1) AND (?2 IS NULL OR l.network_id = ?2) ORDER BY r.room_key DESC
            """, id, network
        ) { $0.roomID(0) }.compactMap { try room($0) }
    }
}

extension WriteTransaction {
    public func setProgress(_ progress: ServiceProgress, ofService id: String) throws {
        let sending = progress.sending.isEmpty ? nil : JSONValue.array(progress.sending.map { .integer($0.value) }).text
        try connection.run(
            """
            INSERT INTO application_services (service_id, position, sending) VALUES (?, ?, ?)
            ON CONFLICT (service_id) DO UPDATE SET position = excluded.position, sending = excluded.sending
            """, id, progress.position, sending)
    }

    /// Forgets how far services were told that are no longer there.
    public func deleteProgress(exceptOf ids: [String]) throws {
        let list = JSONValue.array(ids.map { .string($0) }).text
        try connection.run("DELETE FROM application_services WHERE service_id NOT IN (SELECT value FROM json_each(?))", list)
    }

    /// `false` if the user ID is taken.
    public func insertAccount(_ user: UserID, ofService id: String, timestamp: Int64) throws -> Bool {
        guard try insertAccount(user, passwordHash: nil, isAdministrator: false, timestamp: timestamp) else { return false }
        try connection.run("UPDATE users SET application_service = ? WHERE user_id = ?", id, user)
        return true
    }

    public func insertSession(ofService id: String, for user: UserID) throws -> Int64 {
        try connection.run("INSERT INTO application_service_sessions (service_id, user_id) VALUES (?, ?)", id, user)
        return connection.lastInsertedRowID
    }

    public func setListed(_ isListed: Bool, room: Int64, byService id: String, network: String) throws {
        let sql =
            isListed
            ? "INSERT INTO application_service_rooms (service_id, network_id, room_key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
            : "DELETE FROM application_service_rooms WHERE service_id = ? AND network_id = ? AND room_key = ?"
        try connection.run(sql, id, network, room)
    }
}

extension JSONValue {
    fileprivate var text: String {
        var writer = JSONWriter()
        writer.value(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
