public import MatrixCore
public import Storage

/// How events look in the responses to one request.
public struct EventFormat: Sendable {
    /// The device that asks: it is told the transaction IDs of its own events.
    let deviceKey: Int64
    var includesRoomID = true
    /// Clients of the oldest endpoints look for the sender in `user_id`, as Synapse's answers still have it there.
    var namesSenderTwice = false
    var fields: [PropertyPath]?
    /// What is bundled with the events.
    public var aggregations = Aggregations()
    /// What the one who asks was in the room, where that is told.
    public var memberships: MembershipHistory?
    /// The events as other servers would get them, for those who ask for that.
    var pdus: [Position: [UInt8]] = [:]
    /// Milliseconds since 1970.
    private let now: Int64?

    public init(for session: Session, now: Int64 = Clock.system.nowMilliseconds) {
        deviceKey = session.deviceKey
        self.now = now
    }

    private init(deviceKey: Int64) {
        self.deviceKey = deviceKey
        now = nil
    }

    /// For what is sent to application services. No device has this key.
    static let ofServices = EventFormat(deviceKey: 0)

    /// spec: client-server-api/#room-event-format
    public func write(_ event: TimelineEvent, to writer: inout JSONWriter) {
        guard let fields else {
            writeWhole(event, to: &writer)
            return
        }
        var whole = JSONWriter()
        writeWhole(event, to: &whole)
        // What this type wrote is valid JSON.
        writer.object(((try? JSONObject(parsing: whole.bytes)) ?? [:]).selecting(fields))
    }

    /// The content alone, JSON.
    public func content(of event: TimelineEvent) -> [UInt8] { event.content }

    public func write(_ events: [TimelineEvent], to writer: inout JSONWriter) {
        writer.beginArray()
        for event in events { write(event, to: &writer) }
        writer.endArray()
    }

    private func writeWhole(_ event: TimelineEvent, to writer: inout JSONWriter) {
        writer.beginObject()
        if let pdu = pdus[event.position], let members = try? JSONObject(parsing: pdu).members {
            for member in members {
                writer.key(member.key)
                // Of a sender who had it erased, the content is not the stored one.
                if member.key == "content" { writer.raw(event.content) } else { writer.value(member.value) }
            }
            writer.field("event_id", event.eventID.rawValue)
            writeUnsigned(of: event, to: &writer)
            writer.endObject()
            return
        }
        writer.key("content")
        writer.raw(event.content)
        writer.field("event_id", event.eventID.rawValue)
        writer.field("origin_server_ts", event.originServerTimestamp)
        // Clients of room versions before 11 look beside the content. spec: rooms/v11/#moving-the-redacts-property
        if let redacts = event.redacts { writer.field("redacts", redacts.rawValue) }
        if includesRoomID { writer.field("room_id", event.roomID.rawValue) }
        writer.field("sender", event.sender.rawValue)
        if let stateKey = event.stateKey { writer.field("state_key", stateKey) }
        writer.field("type", event.type)
        if namesSenderTwice { writer.field("user_id", event.sender.rawValue) }
        writeUnsigned(of: event, to: &writer)
        writer.endObject()
    }

    private func writeUnsigned(of event: TimelineEvent, to writer: inout JSONWriter) {
        writer.key("unsigned")
        writer.beginObject()
        // For clients whose clock is wrong. The box's own may have jumped since.
        if let now { writer.field("age", max(0, now - event.originServerTimestamp)) }
        if let memberships { writer.field("membership", memberships.membership(at: event.position)) }
        if let content = event.previousContent {
            writer.key("prev_content")
            writer.raw(content)
        }
        if let replaced = event.replacesState { writer.field("replaces_state", replaced.rawValue) }
        if let redaction = event.redactedBecause {
            writer.key("redacted_because")
            var format = self
            format.fields = nil
            format.aggregations = Aggregations()
            format.write(redaction, to: &writer)
        }
        aggregations.write(of: event, format: self, to: &writer)
        if let transaction = event.transaction, transaction.deviceKey == deviceKey {
            writer.field("transaction_id", transaction.transactionID)
        }
        writer.endObject()
    }
}

extension RoomEventFilter {
    /// For what has no sender: typing, receipts and account data.
    func matches(type: String, in room: RoomID) -> Bool { includes(room) && events.matches(type: type) }

    /// Also asks the database for what is related to the event, if the client does.
    func matches(_ event: TimelineEvent, in transaction: ReadTransaction) throws -> Bool {
        guard matches(event) else { return false }
        guard asksForRelations else { return true }
        return try transaction.isRelated(to: event.position, by: relatedBySenders, types: relatedByRelationTypes)
    }

    func matches(_ event: TimelineEvent) -> Bool {
        matches(
            type: event.type, sender: event.sender, containsURL: (try? JSONObject(parsing: event.content))?["url"] != nil,
            roomID: event.roomID)
    }
}
