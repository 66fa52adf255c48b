import MatrixCore
import Storage

/// The answer of one sliding sync, before it is written as JSON.
struct SlidingSyncResponse: Sendable {
    var rooms: [SlidingRoom]
    var extensions: SlidingExtensions
    let end: Position
    /// How many rooms each list has.
    var counts: [(name: String, count: Int)] = []

    init(rooms: [SlidingRoom], extensions: SlidingExtensions, end: Position) {
        self.rooms = rooms
        self.extensions = extensions
        self.end = end
    }

    func json(position: String, request: SlidingSyncRequest) -> [UInt8] {
        var format = EventFormat(for: request.session)
        format.includesRoomID = false
        let body = SlidingSyncWriter(dialect: request.dialect, format: format, interest: request.interest)
        var writer = JSONWriter(reservingCapacity: 1_024)
        writer.beginObject()
        writer.field("pos", position)
        if let transactionID = request.transactionID { writer.field("txn_id", transactionID) }
        writer.key("lists")
        writer.beginObject()
        for list in counts {
            writer.key(list.name)
            writer.object(["count": .integer(Int64(list.count))])
        }
        writer.endObject()
        writer.key("rooms")
        writer.beginObject()
        for room in rooms { body.write(room, to: &writer) }
        writer.endObject()
        writer.key("extensions")
        body.write(extensions, end: end, to: &writer)
        writer.endObject()
        return writer.bytes
    }
}

/// Writes the sections of a response in the words of its dialect.
struct SlidingSyncWriter {
    let dialect: SlidingSyncDialect
    let format: EventFormat
    let interest: SlidingSyncRequest.Interest

    func write(_ room: SlidingRoom, to writer: inout JSONWriter) {
        writer.key(room.room.id.rawValue)
        writer.beginObject()
        writer.field("bump_stamp", room.room.bumpStamp.value)
        if dialect == .accepted {
            writer.field("membership", room.room.membership)
            if !room.lists.isEmpty { writer.field("lists", .array(room.lists.map { .string($0) })) }
        }
        if room.isInitial { writer.field("initial", true) }
        if room.isExpanded { writer.field(dialect.expandedTimeline, true) }
        write(room.name, as: "name", to: &writer)
        write(room.avatar, as: "avatar", to: &writer)
        if let isDirect = room.isDirect { writer.field("is_dm", isDirect) }
        writeHeroes(room.heroes, to: &writer)
        if let state = room.strippedState {
            writer.key(dialect.strippedState)
            writer.beginArray()
            for event in state { StrippedState.write(event, to: &writer) }
            writer.endArray()
        }
        if !room.requiredState.isEmpty {
            writer.key("required_state")
            format.write(room.requiredState, to: &writer)
        }
        if let timeline = room.timeline {
            writer.key("timeline")
            var format = format
            format.aggregations = room.aggregations
            format.write(timeline.events, to: &writer)
            writer.field("limited", timeline.isLimited)
            writer.field("prev_batch", StreamToken(timeline.previousBatch).description)
            writer.field("num_live", room.liveCount)
        }
        if let count = room.joinedCount { writer.field("joined_count", count) }
        if let count = room.invitedCount { writer.field("invited_count", count) }
        // MSC4186 leaves counting to the clients.
        if dialect == .field, let unread = room.unread {
            writer.field("notification_count", unread.notifications)
            writer.field("highlight_count", unread.highlights)
        }
        writer.endObject()
    }

    private func write(_ text: SlidingRoom.Text?, as name: String, to writer: inout JSONWriter) {
        switch text {
        case .text(let text): writer.field(name, text)
        case .removed: writer.field(name, JSONValue.null)
        case nil: break
        }
    }

    private func writeHeroes(_ heroes: [SlidingRoom.Hero], to writer: inout JSONWriter) {
        guard !heroes.isEmpty else { return }
        writer.key("heroes")
        writer.beginArray()
        for hero in heroes {
            var object: JSONObject = ["user_id": .string(hero.userID.rawValue)]
            if let name = hero.displayName { object["displayname"] = .string(name) }
            if let url = hero.avatarURL { object["avatar_url"] = .string(url) }
            writer.object(object)
        }
        writer.endArray()
    }

    // MARK: Extensions

    /// What was not asked for is not there; what was asked for is there even if it is empty.
    func write(_ extensions: SlidingExtensions, end: Position, to writer: inout JSONWriter) {
        writer.beginObject()
        if let toDevice = extensions.toDevice {
            writer.key("to_device")
            writer.beginObject()
            writer.field("next_batch", (toDevice.resumesAfter ?? end).description)
            writer.key("events")
            writer.beginArray()
            for message in toDevice.messages { writer.raw(message) }
            writer.endArray()
            writer.endObject()
        }
        if let encryption = extensions.encryption { write(encryption, to: &writer) }
        if interest.accountData != nil { writeAccountData(extensions, to: &writer) }
        if interest.receipts != nil {
            writeRooms("receipts", extensions.receipts, to: &writer) { receipts, writer in
                writer.object(["type": "m.receipt", "content": .object(ReceiptContent.content(of: receipts))])
            }
        }
        if interest.typing != nil {
            writeRooms("typing", extensions.typists, to: &writer) { typists, writer in
                writer.object(["type": "m.typing", "content": ["user_ids": .array(typists.map { .string($0.rawValue) })]])
            }
        }
        writer.endObject()
    }

    private func write(_ encryption: SlidingExtensions.Encryption, to writer: inout JSONWriter) {
        writer.key("e2ee")
        writer.beginObject()
        writer.key("device_one_time_keys_count")
        writer.object(OneTimeKeyCounts.json(encryption.keyCounts.oneTimeKeys))
        writer.field("device_unused_fallback_key_types", .array(encryption.keyCounts.unusedFallbackAlgorithms.map { .string($0) }))
        if let lists = encryption.lists {
            writer.key("device_lists")
            writer.object([
                "changed": .array(lists.changed.map { .string($0.rawValue) }), "left": .array(lists.left.map { .string($0.rawValue) }),
            ])
        }
        writer.endObject()
    }

    private func writeAccountData(_ extensions: SlidingExtensions, to writer: inout JSONWriter) {
        writer.key("account_data")
        writer.beginObject()
        writer.key("global")
        writer.accountData(extensions.globalAccountData)
        writer.key("rooms")
        writer.beginObject()
        for (room, records) in extensions.accountData.sorted(by: { $0.key < $1.key }) {
            writer.key(room.rawValue)
            writer.accountData(records)
        }
        writer.endObject()
        writer.endObject()
    }

    private func writeRooms<Value>(_ name: String, _ rooms: [RoomID: Value], to writer: inout JSONWriter, each: (Value, inout JSONWriter) -> Void) {
        writer.key(name)
        writer.beginObject()
        writer.key("rooms")
        writer.beginObject()
        for (room, value) in rooms.sorted(by: { $0.key < $1.key }) {
            writer.key(room.rawValue)
            each(value, &writer)
        }
        writer.endObject()
        writer.endObject()
    }
}

/// Receipts as the one event that a room has for them here.
enum ReceiptContent {
    /// There is a single place for a user's receipt of an event. One that is for no thread says more than one that is.
    ///
    /// spec: client-server-api/#mreceipt
    static func content(of receipts: [Receipt]) -> JSONObject {
        var content: JSONObject = [:]
        for receipt in receipts.sorted(by: { $0.threadID != nil && $1.threadID == nil }) {
            var types = content.object(receipt.eventID.rawValue) ?? [:]
            var users = types.object(receipt.type) ?? [:]
            var data: JSONObject = ["ts": .integer(receipt.timestamp)]
            if let thread = receipt.threadID { data["thread_id"] = .string(thread) }
            users[receipt.userID.rawValue] = .object(data)
            types[receipt.type] = .object(users)
            content[receipt.eventID.rawValue] = .object(types)
        }
        return content
    }
}
