import MatrixCore
import Storage

/// The answer of one `/sync`, before it is written as JSON.
struct SyncResponse {
    struct JoinedRoom {
        let roomID: RoomID
        var timeline: [TimelineEvent] = []
        var isLimited = false
        var aggregations = Aggregations()
        var previousBatch: Position
        var state: [TimelineEvent] = []
        var summary: RoomSummary?
        var unread: ThreadedUnreadCounts?
        /// Whether `unread` is news by itself.
        var changesCounts = false
        var typists: [UserID]?
        var receipts: [Receipt] = []
        var accountData: [AccountDataRecord] = []
        /// What the user was in the room.
        var memberships = MembershipHistory.joined

        var isEmpty: Bool {
            timeline.isEmpty && state.isEmpty && summary == nil && typists == nil && receipts.isEmpty && accountData.isEmpty && !changesCounts
        }
    }

    struct InvitedRoom {
        let roomID: RoomID
        /// Stripped state and the invitation itself.
        let state: [Event]
    }

    var joined: [JoinedRoom] = []
    var invited: [InvitedRoom] = []
    var knocked: [InvitedRoom] = []
    var left: [JoinedRoom] = []
    /// Of the events of all timelines.
    var aggregations = Aggregations()
    var accountData: [AccountDataRecord] = []
    /// The events of the rooms as other servers would get them, if the filter asks for that.
    var pdus: [Position: [UInt8]] = [:]
    var presence: [UserID] = []
    var deviceLists = DeviceLists.Changes()
    var toDevice = ToDevice.Delivery()
    var keyCounts = KeyCounts()
    /// Whether the device has to act on its `keyCounts`.
    var needsKeys = false

    var isEmpty: Bool {
        joined.isEmpty && invited.isEmpty && knocked.isEmpty && left.isEmpty && accountData.isEmpty && presence.isEmpty
            && deviceLists.isEmpty && toDevice.messages.isEmpty && !needsKeys
    }
}

/// What a client needs to show a room whose members it has not loaded.
struct RoomSummary {
    let heroes: [UserID]
    let joinedCount: Int
    let invitedCount: Int
}

extension SyncResponse {
    func json(nextBatch: StreamToken, request: SyncRequest, presence: Presence) -> [UInt8] {
        var format = EventFormat(for: request.session)
        format.includesRoomID = false
        format.fields = request.filter.eventFields
        format.pdus = pdus
        format.aggregations = aggregations
        let body = SyncResponseWriter(
            format: format, placement: request.statePlacement, threadNotifications: request.filter.room.timeline.unreadThreadNotifications)
        var writer = JSONWriter(reservingCapacity: 1_024)
        writer.beginObject()
        writer.field("next_batch", nextBatch.description)
        body.writeAccountData(accountData, to: &writer)
        writer.key("presence")
        writer.beginObject()
        writer.key("events")
        writer.beginArray()
        for user in self.presence { presence.write(user, to: &writer) }
        writer.endArray()
        writer.endObject()
        body.writeEncryption(self, to: &writer)
        writer.key("rooms")
        writer.beginObject()
        body.writeRooms("join", joined, to: &writer) { body.writeJoined($0, to: &$1) }
        body.writeRooms("leave", left, to: &writer) { body.writeJoined($0, to: &$1) }
        body.writeRooms("invite", invited, to: &writer) { body.writeInvited($0, under: "invite_state", to: &$1) }
        body.writeRooms("knock", knocked, to: &writer) { body.writeInvited($0, under: "knock_state", to: &$1) }
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}

/// Writes the sections of a sync response.
struct SyncResponseWriter {
    let format: EventFormat
    let placement: SyncRequest.StatePlacement
    let threadNotifications: ThreadNotifications?

    func writeRooms<Room>(_ section: String, _ rooms: [Room], to writer: inout JSONWriter, each: (Room, inout JSONWriter) -> Void) {
        guard !rooms.isEmpty else { return }
        writer.key(section)
        writer.beginObject()
        for room in rooms { each(room, &writer) }
        writer.endObject()
    }

    func writeJoined(_ room: SyncResponse.JoinedRoom, to writer: inout JSONWriter) {
        var format = format
        format.memberships = room.memberships
        writer.key(room.roomID.rawValue)
        writer.beginObject()
        writer.key("timeline")
        writer.beginObject()
        writer.key("events")
        format.write(room.timeline, to: &writer)
        writer.field("limited", room.isLimited)
        writer.field("prev_batch", StreamToken(room.previousBatch).description)
        writer.endObject()
        writer.key(placement.rawValue)
        writer.beginObject()
        writer.key("events")
        format.write(room.state, to: &writer)
        writer.endObject()
        writeAccountData(room.accountData, to: &writer)
        writeEphemeral(of: room, to: &writer)
        if let unread = room.unread { writeUnread(unread, to: &writer) }
        if let summary = room.summary { write(summary, to: &writer) }
        writer.endObject()
    }

    private func write(_ summary: RoomSummary, to writer: inout JSONWriter) {
        writer.key("summary")
        writer.beginObject()
        if !summary.heroes.isEmpty {
            writer.key("m.heroes")
            writer.beginArray()
            for hero in summary.heroes { writer.string(hero.rawValue) }
            writer.endArray()
        }
        writer.field("m.joined_member_count", summary.joinedCount)
        writer.field("m.invited_member_count", summary.invitedCount)
        writer.endObject()
    }

    private func writeEphemeral(of room: SyncResponse.JoinedRoom, to writer: inout JSONWriter) {
        writer.key("ephemeral")
        writer.beginObject()
        writer.key("events")
        writer.beginArray()
        if let typists = room.typists {
            writer.object(["type": "m.typing", "content": ["user_ids": .array(typists.map { .string($0.rawValue) })]])
        }
        for content in Self.contents(of: room.receipts) { writer.object(["type": "m.receipt", "content": .object(content)]) }
        writer.endArray()
        writer.endObject()
    }

    /// Usually one content. A user who read an event in its thread and by itself needs two: one has a single place for them.
    ///
    /// spec: client-server-api/#mreceipt
    static func contents(of receipts: [Receipt]) -> [JSONObject] {
        var contents: [JSONObject] = []
        var rest = receipts
        while !rest.isEmpty {
            var content: JSONObject = [:]
            var doubles: [Receipt] = []
            for receipt in rest {
                var types = content.object(receipt.eventID.rawValue) ?? [:]
                var users = types.object(receipt.type) ?? [:]
                guard users[receipt.userID.rawValue] == nil else {
                    doubles.append(receipt)
                    continue
                }
                var data: JSONObject = ["ts": .integer(receipt.timestamp)]
                if let thread = receipt.threadID { data["thread_id"] = .string(thread) }
                users[receipt.userID.rawValue] = .object(data)
                types[receipt.type] = .object(users)
                content[receipt.eventID.rawValue] = .object(types)
            }
            contents.append(content)
            rest = doubles
        }
        return contents
    }

    func writeInvited(_ room: SyncResponse.InvitedRoom, under name: String, to writer: inout JSONWriter) {
        writer.key(room.roomID.rawValue)
        writer.beginObject()
        writer.key(name)
        writer.beginObject()
        writer.key("events")
        writer.beginArray()
        for event in room.state { StrippedState.write(event, to: &writer) }
        writer.endArray()
        writer.endObject()
        writer.endObject()
    }

    func writeAccountData(_ pieces: [AccountDataRecord], to writer: inout JSONWriter) {
        writer.key("account_data")
        writer.beginObject()
        writer.key("events")
        writer.accountData(pieces)
        writer.endObject()
    }
}

extension JSONWriter {
    /// Account data as a list of events, for every kind of sync.
    mutating func accountData(_ pieces: [AccountDataRecord]) {
        beginArray()
        for piece in pieces {
            beginObject()
            key("content")
            raw(piece.content)
            field("type", piece.type)
            endObject()
        }
        endArray()
    }
}
