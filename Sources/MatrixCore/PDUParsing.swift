internal import Cryptography

extension PDU {
    /// Reads a PDU that was stored or sent, and computes its event ID. Signatures are not checked here.
    public init(parsing bytes: [UInt8], version: RoomVersion) throws(MatrixError) {
        guard bytes.count <= EventLimits.maxPDUBytes else {
            throw MatrixError(.tooLarge, "The event has \(bytes.count) bytes; at most \(EventLimits.maxPDUBytes) are allowed.")
        }
        try self.init(JSONObject(parsing: bytes), version: version)
    }

    public init(_ object: JSONObject, version: RoomVersion) throws(MatrixError) {
        try object.validateCanonical()
        var writer = JSONWriter()
        var contentRange = 0..<0
        writer.beginObject()
        for member in object.members {
            writer.key(member.key)
            let start = writer.bytes.count
            writer.value(member.value)
            if member.key == "content" { contentRange = start..<writer.bytes.count }
        }
        writer.endObject()
        guard writer.bytes.count <= EventLimits.maxPDUBytes else {
            throw MatrixError(.tooLarge, "The event has \(writer.bytes.count) bytes; at most \(EventLimits.maxPDUBytes) are allowed.")
        }
        self.init(trusted: try Self.event(of: object, version: version), canonicalBytes: writer.bytes, contentRange: contentRange)
    }

    /// Whether `serverName` signed this PDU with one of these keys, given by their whole identifiers.
    public func isSigned(by serverName: String, keys: [String: [UInt8]], version: RoomVersion) -> Bool {
        guard let object = try? JSONObject(parsing: canonicalBytes) else { return false }
        return EventHash.verifySignature(object, version: version, name: serverName, keys: keys)
    }

    /// Whether the content is the one that was hashed, that is: complete and not redacted.
    public func hasValidContentHash() -> Bool {
        guard let object = try? JSONObject(parsing: canonicalBytes),
            let stated = object.object("hashes")?.string("sha256")
        else { return false }
        return Base64.decode(stated) == EventHash.contentHash(of: object)
    }

    private static func event(of object: JSONObject, version: RoomVersion) throws(MatrixError) -> Event {
        guard let type = object.string("type"), let content = object.object("content"),
            let sender = object.string("sender").flatMap({ UserID($0) }),
            let timestamp = object.integer("origin_server_ts"),
            let depth = object.integer("depth"), depth >= 0
        else { throw MatrixError(.badJSON, "The event lacks a required property, or it has the wrong type.") }
        let stateKey = try optionalString("state_key", of: object)

        let reference = Base64.encodeURLSafe(EventHash.referenceHash(of: object, version: version))
        let roomID: RoomID
        if version.roomIDIsHash && type == "m.room.create" && stateKey != nil {
            guard object["room_id"] == nil else { throw MatrixError(.badJSON, "A create event of this room version has no room ID.") }
            roomID = RoomID(trusted: "!" + reference)
        } else {
            guard let stated = object.string("room_id").flatMap({ RoomID($0) }) else {
                throw MatrixError(.badJSON, "The event has no valid room ID.")
            }
            roomID = stated
        }
        let redacts = version.redactsInContent ? (type == "m.room.redaction" ? content.string("redacts") : nil) : object.string("redacts")
        let prevEvents = try eventIDs("prev_events", of: object)
        let authEvents = try eventIDs("auth_events", of: object)
        try validateSizes(
            type: type, stateKey: stateKey, sender: sender, roomID: roomID, prevEvents: prevEvents.count, authEvents: authEvents.count)
        return Event(
            eventID: EventID(trusted: "$" + reference), roomID: roomID, type: type, stateKey: stateKey, sender: sender,
            originServerTimestamp: timestamp, content: content, redacts: redacts.flatMap { EventID($0) },
            prevEvents: prevEvents, authEvents: authEvents, depth: depth)
    }

    private static func optionalString(_ key: String, of object: JSONObject) throws(MatrixError) -> String? {
        guard let value = object[key] else { return nil }
        guard let text = value.stringValue else { throw MatrixError(.badJSON, "The event's \(key) is not a string.") }
        return text
    }

    private static func eventIDs(_ key: String, of object: JSONObject) throws(MatrixError) -> [EventID] {
        guard let values = object.array(key) else { throw MatrixError(.badJSON, "The event has no \(key).") }
        var events: [EventID] = []
        for value in values {
            guard let event = value.stringValue.flatMap({ EventID($0) }) else { throw MatrixError(.badJSON, "The event's \(key) are not event IDs.") }
            events.append(event)
        }
        return events
    }
}
