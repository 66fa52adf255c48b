public import MatrixCore
import Storage

/// A key on its way into a backup.
public struct BackupEntry: Sendable {
    let roomID: RoomID
    let sessionID: String
    let key: BackedUpKey

    init(roomID: RoomID, sessionID: String, _ json: JSONValue) throws(MatrixError) {
        guard !sessionID.isEmpty, sessionID.utf8.count <= maxIdentifierBytes else { throw MatrixError(.invalidParameter, "This is no session ID.") }
        guard let json = json.objectValue else { throw MatrixError(.badJSON, "A key of a backup is an object.") }
        guard let index = try json.optionalInteger("first_message_index"), let forwards = try json.optionalInteger("forwarded_count"),
            let isVerified = try json.optionalBool("is_verified"), let data = json["session_data"]
        else {
            throw MatrixError(.missingParameter, "A key needs first_message_index, forwarded_count, is_verified and session_data.")
        }
        // An object, by the specification; what it means is the client's affair.
        guard data.objectValue != nil || data.stringValue != nil else { throw MatrixError(.badJSON, "session_data is an object.") }
        guard index >= 0, forwards >= 0 else { throw MatrixError(.invalidParameter, "The counters of a key are not below zero.") }
        let sessionData = data.serialized()
        guard sessionData.count <= KeyBackup.maxSessionDataBytes else { throw MatrixError(.tooLarge, "session_data is too long.") }
        self.roomID = roomID
        self.sessionID = sessionID
        key = BackedUpKey(firstMessageIndex: index, forwardedCount: forwards, isVerified: isVerified, sessionData: sessionData)
    }

    /// The keys of a request's body, which has the form that belongs to the scope.
    public static func entries(of body: JSONObject, roomID: RoomID? = nil, sessionID: String? = nil) throws(MatrixError) -> [BackupEntry] {
        if let roomID, let sessionID { return [try BackupEntry(roomID: roomID, sessionID: sessionID, .object(body))] }
        if let roomID {
            guard let sessions = try body.optionalObject("sessions") else { throw MatrixError(.missingParameter, "sessions is missing.") }
            var entries: [BackupEntry] = []
            for session in sessions.members { entries.append(try BackupEntry(roomID: roomID, sessionID: session.key, session.value)) }
            return entries
        }
        guard let rooms = try body.optionalObject("rooms") else { throw MatrixError(.missingParameter, "rooms is missing.") }
        var entries: [BackupEntry] = []
        for room in rooms.members {
            guard let id = RoomID(room.key) else { throw MatrixError(.invalidParameter, "rooms lists room IDs.") }
            guard let body = room.value.objectValue else { throw MatrixError(.badJSON, "Each room has sessions.") }
            entries += try Self.entries(of: body, roomID: id)
        }
        return entries
    }
}

/// Writes keys of a backup in the form that belongs to the scope.
struct BackupWriter {
    private let scope: KeyBackupScope
    private var writer = JSONWriter()
    private var openRoom: RoomID?
    private var isEmpty = true

    init(scope: KeyBackupScope) {
        self.scope = scope
        guard scope.sessionID == nil else { return }
        writer.beginObject()
        writer.key(scope.roomID == nil ? "rooms" : "sessions")
        writer.beginObject()
    }

    /// Keys come in the order of their rooms.
    mutating func write(_ key: BackedUpKey, session: String, room: RoomID) {
        isEmpty = false
        if scope.roomID == nil, openRoom != room {
            closeRoom()
            openRoom = room
            writer.key(room.rawValue)
            writer.beginObject()
            writer.key("sessions")
            writer.beginObject()
        }
        if scope.sessionID == nil { writer.key(session) }
        writer.beginObject()
        writer.field("first_message_index", key.firstMessageIndex)
        writer.field("forwarded_count", key.forwardedCount)
        writer.field("is_verified", key.isVerified)
        writer.key("session_data")
        writer.raw(key.sessionData)
        writer.endObject()
    }

    private mutating func closeRoom() {
        guard openRoom != nil else { return }
        writer.endObject()
        writer.endObject()
        openRoom = nil
    }

    /// `nil` if one key was asked for and there is none.
    mutating func finish() -> [UInt8]? {
        guard scope.sessionID == nil else { return isEmpty ? nil : writer.bytes }
        closeRoom()
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}
