public import Cryptography

/// An event as servers store and exchange it: hashed, signed, in canonical JSON.
///
/// spec: server-server-api/#pdus
public struct PDU: Sendable {
    public let event: Event
    /// The whole signed PDU. At rest and towards clients its pieces are used as they are, never encoded again.
    public let canonicalBytes: [UInt8]
    /// Where the value of `content` lies in `canonicalBytes`.
    public let contentRange: Range<Int>

    /// For bytes that this type made and somebody stored.
    public init(trusted event: Event, canonicalBytes: [UInt8], contentRange: Range<Int>) {
        self.event = event
        self.canonicalBytes = canonicalBytes
        self.contentRange = contentRange
    }

    /// Hashes and signs a new event, and gives it its ID.
    public static func build(
        _ proposal: EventProposal, version: RoomVersion, signingName: String, keyID: String, key: Ed25519PrivateKey
    ) throws(MatrixError) -> PDU {
        try validate(proposal, version: version)
        var encoding = PDUEncoding(proposal, version: version)
        let hash = Base64.encode(Digest.sha256(encoding.bytes(.contentHash)))
        encoding.contentHash = hash
        // The signed form and the hashed form are the same bytes: neither has signatures.
        let essential = encoding.bytes(.redacted)
        let reference = Base64.encodeURLSafe(Digest.sha256(essential))
        encoding.signature = (signingName, keyID, Base64.encode(key.sign(essential)))
        let canonicalBytes = encoding.bytes(.complete)
        guard canonicalBytes.count <= EventLimits.maxPDUBytes else {
            throw MatrixError(.tooLarge, "The event has \(canonicalBytes.count) bytes; at most \(EventLimits.maxPDUBytes) are allowed.")
        }
        var redacts = proposal.redacts
        if redacts == nil, version.redactsInContent, proposal.type == "m.room.redaction" {
            redacts = encoding.content.string("redacts").flatMap { EventID($0) }
        }
        let event = Event(
            eventID: EventID(trusted: "$" + reference),
            roomID: proposal.roomID ?? RoomID(trusted: "!" + reference),
            type: proposal.type, stateKey: proposal.stateKey, sender: proposal.sender,
            originServerTimestamp: proposal.originServerTimestamp, content: encoding.content, redacts: redacts,
            prevEvents: proposal.prevEvents, authEvents: proposal.authEvents, depth: proposal.depth)
        return PDU(trusted: event, canonicalBytes: canonicalBytes, contentRange: encoding.contentRange)
    }

    private static func validate(_ proposal: EventProposal, version: RoomVersion) throws(MatrixError) {
        let isCreate = proposal.type == "m.room.create" && proposal.stateKey != nil
        guard (proposal.roomID == nil) == (version.roomIDIsHash && isCreate) else {
            throw MatrixError(.badJSON, "Only the create event of a room whose ID is a hash has no room ID.")
        }
        try validateSizes(
            type: proposal.type, stateKey: proposal.stateKey, sender: proposal.sender, roomID: proposal.roomID,
            prevEvents: proposal.prevEvents.count, authEvents: proposal.authEvents.count)
        guard (0...JSONValue.maxCanonicalInteger).contains(proposal.depth),
            (-JSONValue.maxCanonicalInteger...JSONValue.maxCanonicalInteger).contains(proposal.originServerTimestamp)
        else { throw MatrixError(.badJSON, "The event's depth or time is out of range.") }
        try proposal.content.validateCanonical()
    }

    static func validateSizes(
        type: String, stateKey: String?, sender: UserID, roomID: RoomID?, prevEvents: Int, authEvents: Int
    ) throws(MatrixError) {
        guard type.utf8.count <= EventLimits.maxTypeBytes else {
            throw MatrixError(.tooLarge, "The event type is longer than \(EventLimits.maxTypeBytes) bytes.")
        }
        guard (stateKey?.utf8.count ?? 0) <= EventLimits.maxStateKeyBytes else {
            throw MatrixError(.tooLarge, "The state key is longer than \(EventLimits.maxStateKeyBytes) bytes.")
        }
        guard sender.rawValue.utf8.count <= maxIdentifierBytes, (roomID?.rawValue.utf8.count ?? 0) <= maxIdentifierBytes else {
            throw MatrixError(.tooLarge, "An identifier is longer than \(maxIdentifierBytes) bytes.")
        }
        guard prevEvents <= EventLimits.maxPrevEvents, authEvents <= EventLimits.maxAuthEvents else {
            throw MatrixError(.badJSON, "The event refers to too many other events.")
        }
    }
}

/// Writes the forms of a PDU that are hashed, signed and kept, member by member in canonical order.
private struct PDUEncoding {
    enum Form {
        /// Everything but `hashes`, for the content hash.
        case contentHash
        /// What a redaction keeps, without signatures.
        case redacted
        case complete
    }

    let proposal: EventProposal
    let content: JSONObject
    let version: RoomVersion
    var contentHash = ""
    var signature = (name: "", keyID: "", value: "")
    private(set) var contentRange = 0..<0
    private let contentBytes: [UInt8]

    init(_ proposal: EventProposal, version: RoomVersion) {
        self.proposal = proposal
        self.version = version
        var content = proposal.content
        if version.redactsInContent, let redacts = proposal.redacts { content["redacts"] = .string(redacts.rawValue) }
        self.content = content
        contentBytes = content.serialized()
    }

    mutating func bytes(_ form: Form) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: contentBytes.count + 1024)
        writer.beginObject()
        write(proposal.authEvents, as: "auth_events", to: &writer)
        writer.key("content")
        let contentStart = writer.bytes.count
        if form == .redacted {
            writer.object(Redaction.redactedContent(type: proposal.type, content: content, version: version))
        } else {
            writer.raw(contentBytes)
        }
        contentRange = contentStart..<writer.bytes.count
        writer.field("depth", proposal.depth)
        if form != .contentHash {
            writer.key("hashes")
            writer.beginObject()
            writer.field("sha256", contentHash)
            writer.endObject()
        }
        writer.field("origin_server_ts", proposal.originServerTimestamp)
        write(proposal.prevEvents, as: "prev_events", to: &writer)
        if let redacts = proposal.redacts, !version.redactsInContent, form != .redacted { writer.field("redacts", redacts.rawValue) }
        if let roomID = proposal.roomID { writer.field("room_id", roomID.rawValue) }
        writer.field("sender", proposal.sender.rawValue)
        if form == .complete {
            writer.key("signatures")
            writer.beginObject()
            writer.key(signature.name)
            writer.beginObject()
            writer.field(signature.keyID, signature.value)
            writer.endObject()
            writer.endObject()
        }
        if let stateKey = proposal.stateKey { writer.field("state_key", stateKey) }
        writer.field("type", proposal.type)
        writer.endObject()
        return writer.bytes
    }

    private func write(_ events: [EventID], as key: String, to writer: inout JSONWriter) {
        writer.key(key)
        writer.beginArray()
        for event in events { writer.string(event.rawValue) }
        writer.endArray()
    }
}
