public import MatrixCore

/// The file that a message brings.
public struct SentFile: Sendable, Hashable {
    /// As a file can be called.
    public let name: String
    public let mediaID: String

    public static let messageTypes: Set<String> = ["m.file", "m.image", "m.video", "m.audio"]

    /// `nil` for other messages, for new versions of messages, and for what the box cannot read or does not have.
    ///
    /// - Parameter content: of an `m.room.message`.
    ///
    /// spec: client-server-api/#mroommessage-msgtypes
    public init?(_ content: JSONObject, serverName: String) {
        guard let type = content.string("msgtype"), Self.messageTypes.contains(type), let url = content.string("url"),
            Relation(of: content)?.type != Relation.replacement
        else { return nil }
        let prefix = "mxc://\(serverName)/"
        guard url.hasPrefix(prefix), url.utf8.count <= prefix.utf8.count + maxIdentifierBytes else { return nil }
        let mediaID = String(url.utf8.dropFirst(prefix.utf8.count)) ?? ""
        guard !mediaID.isEmpty else { return nil }
        self.mediaID = mediaID
        let name = content.string("filename").flatMap { $0.isEmpty ? nil : $0 } ?? content.string("body") ?? ""
        self.name = FileNaming.possible(name, otherwise: "file")
    }
}

/// A file in a room's folder.
public struct RoomFileRecord: Sendable {
    public let name: String
    public let mediaID: String
    public let hash: BlobStore.Hash
    public let byteCount: Int64
    public let contentType: String?
    // Of the message:
    public let position: Position
    public let eventID: EventID
    public let sender: UserID
    public let timestamp: Int64

    fileprivate static let select = """
        SELECT f.position, f.sender, f.name, f.media_id, f.ts, f.event_id, m.sha256, m.size, m.content_type
        FROM room_files f CROSS JOIN media m ON m.media_id = f.media_id 
        """

    fileprivate init(_ row: borrowing Row) {
        position = row.position(0)
        sender = row.userID(1)
        name = row.text(2)
        mediaID = row.text(3)
        timestamp = row.int(4)
        eventID = EventID(referenceHash: row.blob(5))
        hash = row.blob(6)
        byteCount = row.int(7)
        contentType = row.optionalText(8)
    }
}

extension FileListingPlace {
    public init(_ file: RoomFileRecord, _ order: FileOrder?) {
        let key =
            switch order {
            case .name, nil: file.name
            case .modified: String(file.position.value)
            case .size: String(file.byteCount)
            }
        self.init(isFolder: false, key: key, id: file.position.value)
    }
}

extension ReadTransaction {
    public func roomFile(named name: String, in room: Int64) throws -> RoomFileRecord? {
        try connection.first(RoomFileRecord.select + "WHERE f.room_key = ? AND f.name = ?", room, name) { RoomFileRecord($0) }
    }

    public func roomFile(at position: Position, in room: Int64) throws -> RoomFileRecord? {
        try connection.first(RoomFileRecord.select + "WHERE f.position = ? AND f.room_key = ?", position, room) { RoomFileRecord($0) }
    }

    public func roomFile(_ id: EventID, in room: Int64) throws -> RoomFileRecord? {
        guard let hash = id.referenceHash else { return nil }
        return try connection.first("SELECT position FROM events WHERE event_id = ?", hash) { $0.position(0) }.flatMap {
            try roomFile(at: $0, in: room)
        }
    }

    /// A page of a room's files.
    ///
    /// - Parameters:
    ///   - order: `nil` for the bytes of the name; `modified` is the order in which they were sent.
    ///   - accepts: is asked of the message's position and sender.
    public func roomFiles(
        in room: Int64, order: FileOrder?, isDescending: Bool, after place: FileListingPlace?, limit: Int,
        accepting accepts: (Position, UserID) throws -> Bool
    ) throws -> [RoomFileRecord] {
        let (comparison, direction) = isDescending ? ("<", "DESC") : (">", "ASC")
        // By the first two, an index gives the rows in order.
        let (columns, key) =
            switch order {
            case nil: ("f.name", "?2")
            case .modified: ("f.position", "CAST(?2 AS INTEGER)")
            case .name: ("f.name COLLATE NOCASE, f.position", "?2, ?3")
            case .size: ("m.size, f.position", "CAST(?2 AS INTEGER), ?3")
            }
        let ordering = columns.split(separator: ",").map { "\($0) \(direction)" }.joined(separator: ",")
        let beyond = place == nil ? "?2 IS NULL AND ?3 IS NULL" : "(\(columns)) \(comparison) (\(key))"
        var found: [RoomFileRecord] = []
        try connection.forEachRow(
            RoomFileRecord.select + "WHERE f.room_key = ?1 AND \(beyond) ORDER BY \(ordering)", room, place?.key, place?.id
        ) { row in
            if try accepts(row.position(0), row.userID(1)) { found.append(RoomFileRecord(row)) }
            return found.count < limit
        }
        return found
    }
}

extension WriteTransaction {
    /// Notes the file of a message that is stored in this transaction.
    public func insert(_ file: SentFile, room: Int64, of event: Event, at position: Position) throws {
        try connection.insert(
            file, room: room, sender: event.sender, timestamp: event.originServerTimestamp, eventHash: event.eventID.referenceHash ?? [], at: position)
    }

    /// The message is redacted.
    func deleteRoomFile(at position: Position) throws { try connection.run("DELETE FROM room_files WHERE position = ?", position) }
}

extension Connection {
    /// The new file takes its name; the one that was called so gets a number.
    func insert(_ file: SentFile, room: Int64, sender: UserID, timestamp: Int64, eventHash: [UInt8], at position: Position) throws {
        let holder = try first("SELECT position FROM room_files WHERE room_key = ? AND name = ?", room, file.name) { $0.position(0) }
        if let holder {
            let name = try FileNaming.free(file.name) { try !exists("SELECT 1 FROM room_files WHERE room_key = ? AND name = ?", room, $0) }
            try run("UPDATE room_files SET name = ? WHERE position = ?", name, holder)
        }
        try run(
            "INSERT INTO room_files (position, room_key, name, media_id, sender, ts, event_id) VALUES (?, ?, ?, ?, ?, ?, ?)", position, room, file.name,
            file.mediaID, sender, timestamp, eventHash)
    }
}
