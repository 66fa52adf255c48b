public import MatrixCore
import Storage

/// Sends events: messages, state and redactions.
public struct Timeline: Sendable {
    let database: Database
    let writer: EventWriter
    let feed: ChangeFeed
    let limiter: RateLimiter
    let unusedMedia: UnusedMedia

    /// Sends a message event, once for each transaction ID of the device, where there is one.
    ///
    /// spec: client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid
    ///
    /// - Parameter timestamp: what an application service wishes it to be, in milliseconds since 1970.
    public func send(
        type: String, content: JSONObject, to roomID: RoomID, transactionID: String?, session: Session, timestamp: Int64? = nil
    ) async throws -> EventID {
        if type == "m.room.redaction" {
            guard let target = content.string("redacts").flatMap({ EventID($0) }) else {
                throw MatrixError(.missingParameter, "A redaction names the event in redacts.")
            }
            return try await redact(target, in: roomID, reason: content.string("reason"), transactionID: transactionID, session: session)
        }
        let request = try transactionID.map { try Self.transaction($0, session) }
        try Self.checkTombstone(type, content, in: roomID)
        try limiter.admitSending(in: session)
        return try await database.write { transaction in
            let room = try Membership.room(roomID, in: transaction)
            if let request, let repeated = try transaction.event(sentAs: request, room: room.key, type: type) { return repeated }
            var draft = EventDraft(type: type, sender: session.userID, content: content)
            draft.transaction = request
            draft.originServerTimestamp = timestamp
            return try writer.append(draft, to: room, in: transaction).eventID
        }
    }

    /// Sets state. The same content again gives the event that is there.
    public func setState(
        type: String, stateKey: String, content: JSONObject, in roomID: RoomID, session: Session, timestamp: Int64? = nil
    ) async throws -> EventID {
        let sender = session.userID
        try Self.checkTombstone(type, content, in: roomID)
        try limiter.admitSending(in: session)
        return try await database.write { transaction in
            let room = try Membership.room(roomID, in: transaction)
            if type != "m.room.member", let current = try transaction.currentState(of: room, type: type, stateKey: stateKey),
                current.sender == sender, current.content == content, try Self.maySend(type, sender, room: room, in: transaction)
            {
                return current.eventID
            }
            if type == "m.room.canonical_alias" { try Self.checkAliases(content, room: room, in: transaction) }
            var draft = EventDraft(type: type, stateKey: stateKey, sender: sender, content: content)
            draft.originServerTimestamp = timestamp
            return try writer.append(draft, to: room, in: transaction).eventID
        }
    }

    /// Removes what an event said, for everyone and from the disk.
    ///
    /// spec: client-server-api/#redactions
    public func redact(_ target: EventID, in roomID: RoomID, reason: String?, transactionID: String?, session: Session) async throws -> EventID {
        let request = try transactionID.map { try Self.transaction($0, session) }
        try limiter.admitSending(in: session)
        return try await redact(target, in: roomID, reason: reason, by: session.userID, request: request)
    }

    /// The same for somebody of whom no device is known.
    @discardableResult
    func redact(
        _ target: EventID, in roomID: RoomID, reason: String?, by sender: UserID, request: EventTransaction? = nil
    ) async throws -> EventID {
        return try await database.write { transaction in
            let room = try Membership.room(roomID, in: transaction)
            if let request, let repeated = try transaction.event(sentAs: request, room: room.key, type: "m.room.redaction", redacting: target) {
                return repeated
            }
            guard try transaction.membership(of: sender, in: room.key)?.membership == "join" else { throw RoomAccess.notInRoom }
            guard let event = try transaction.event(target) else { throw MatrixError(.notFound, "There is no event \(target) in this room.") }
            guard event.roomID == roomID else { throw MatrixError(.invalidParameter, "The event \(target) belongs to another room.") }
            let levels = try CurrentState(room: room, transaction: transaction).powerLevels
            guard event.sender == sender || levels.level(of: sender) >= levels.redact else {
                throw MatrixError(.forbidden, "You may remove only your own messages in this room.")
            }
            var content: JSONObject = [:]
            if let reason { content["reason"] = .string(reason) }
            if room.version.redactsInContent { content["redacts"] = .string(target.rawValue) }
            var draft = EventDraft(type: "m.room.redaction", sender: sender, content: content)
            draft.redacts = target
            draft.transaction = request
            let redaction = try writer.append(draft, to: room, in: transaction)
            try apply(redaction, to: event, room: room, in: transaction)
            return redaction.eventID
        }
    }

    private func apply(_ redaction: TimelineEvent, to event: TimelineEvent, room: RoomRecord, in transaction: WriteTransaction) throws {
        guard event.redactedBecause == nil, let pdu = try transaction.pdu(of: event, version: room.version) else { return }
        let object = try JSONObject(parsing: pdu.canonicalBytes)
        let redacted = try PDU(Redaction.redacted(object, version: room.version), version: room.version)
        let media = try transaction.redactEvent(redacted, at: event.position, by: redaction.position)
        try unusedMedia.redacted(media, by: event.sender, in: transaction)
        writer.notifications.forgetCounts(of: room.id, after: transaction)
        if event.type == "m.room.guest_access" { try writer.removeGuestsIfUnwanted(in: room, transaction) }
        if let replacement = try transaction.event(at: event.position) {
            let feed = feed
            transaction.afterCommit { feed.replaceEvent(replacement) }
        }
    }

    /// A room cannot replace itself: clients would follow it for ever.
    private static func checkTombstone(_ type: String, _ content: JSONObject, in roomID: RoomID) throws(MatrixError) {
        guard type == "m.room.tombstone", content.string("replacement_room") == roomID.rawValue else { return }
        throw MatrixError(.invalidParameter, "A room cannot be replaced by itself.")
    }

    /// Whether the sender of a state event could send it again.
    private static func maySend(_ type: String, _ sender: UserID, room: RoomRecord, in transaction: ReadTransaction) throws -> Bool {
        guard try transaction.membership(of: sender, in: room.key)?.membership == "join" else { return false }
        return try CurrentState(room: room, transaction: transaction).powerLevels.canSend(type, isState: true, user: sender)
    }

    /// Aliases that a canonical alias names must point to this room.
    ///
    /// spec: client-server-api/#mroomcanonical_alias
    static func checkAliases(_ content: JSONObject, room: RoomRecord, in transaction: ReadTransaction) throws {
        let old = try transaction.stateContent(of: room.key, type: "m.room.canonical_alias")
        var known = Set((old?.array("alt_aliases") ?? []).compactMap(\.stringValue))
        if let alias = old?.string("alias") { known.insert(alias) }
        var named = try content.optionalArray("alt_aliases") ?? []
        if let alias = content["alias"], !alias.isNull { named.append(alias) }
        for value in named {
            guard let text = value.stringValue else { throw MatrixError(.invalidParameter, "An alias is a string.") }
            if known.contains(text) { continue }
            guard let alias = RoomAlias(text) else { throw MatrixError(.invalidParameter, "\(text) is not a room alias.") }
            guard try transaction.roomKey(of: alias)?.key == room.key else {
                throw MatrixError(.badAlias, "The address \(alias) does not lead to this room.")
            }
        }
    }

    private static func transaction(_ id: String, _ session: Session) throws(MatrixError) -> EventTransaction {
        guard id.utf8.count <= maxIdentifierBytes else { throw MatrixError(.invalidParameter, "The transaction ID is too long.") }
        return EventTransaction(deviceKey: session.deviceKey, transactionID: id)
    }
}
