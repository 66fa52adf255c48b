public import MatrixCore
import Storage

/// The snapshots that clients of before `/sync` begin with, and room previews too.
///
/// spec: client-server-api/#get_matrixclientv3initialsync
public struct InitialSync: Sendable {
    let sync: Sync

    /// Everything of a user, as JSON: what a first `/sync` has, in the older words.
    ///
    /// - Parameter limit: how many events of each room.
    public func snapshot(for session: Session, limit: Int, includesLeft: Bool) async throws -> [UInt8] {
        let user = session.userID
        sync.presence.syncBegins(of: user, asked: .online)
        defer { sync.presence.syncEnds(of: user, asked: .online) }
        try await sync.presence.show(user, asked: .online)
        let end = sync.feed.position
        return try await sync.database.read { transaction in
            var request = SyncRequest(session: session)
            request.filter.room.timeline.events.limit = limit
            request.filter.room.includeLeave = includesLeft
            request.statePlacement = .afterTimeline
            let response = try SyncFromDatabase(request: request, end: end, sync: sync, transaction: transaction).response()
            var snapshot = SnapshotWriter(format: EventFormat(for: session))
            var writer = JSONWriter(reservingCapacity: 4_096)
            writer.beginObject()
            writer.field("end", StreamToken(end).description)
            writer.key("presence")
            writer.beginArray()
            for other in Set(response.presence).union([user]).sorted() { writer.object(sync.presence.legacyEvent(of: other)) }
            writer.endArray()
            // Push rules have a call of their own.
            snapshot.writeAccountData(response.accountData.filter { $0.type != PushRuleSettings.type }, to: &writer)
            writer.key("receipts")
            writer.beginArray()
            for receipt in response.joined.flatMap(\.receipts) { writer.object(receipt.legacyEvent) }
            writer.endArray()
            writer.key("rooms")
            writer.beginArray()
            for room in response.joined + response.left {
                guard let record = try transaction.room(room.roomID) else { continue }
                snapshot.format.memberships = room.memberships
                writer.beginObject()
                snapshot.writeHead(record, membership: try transaction.membership(of: user, in: record.key)?.membership, to: &writer)
                snapshot.writeTimeline(room.timeline, end: end, start: room.previousBatch, to: &writer)
                snapshot.writeState(room.state, to: &writer)
                snapshot.writeAccountData(room.accountData, to: &writer)
                writer.endObject()
            }
            for room in response.invited {
                guard let record = try transaction.room(room.roomID), let position = try transaction.membership(of: user, in: record.key)?.position,
                    let invitation = try transaction.event(at: position)
                else { continue }
                snapshot.format.memberships = nil
                writer.beginObject()
                snapshot.writeHead(record, membership: "invite", to: &writer)
                writer.field("inviter", invitation.sender.rawValue)
                writer.key("invite")
                snapshot.format.write(invitation, to: &writer)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
            return writer.bytes
        }
    }

    /// One room, also for those who only look into it, as JSON.
    ///
    /// spec: client-server-api/#get_matrixclientv3roomsroomidinitialsync
    public func room(_ roomID: RoomID, for session: Session, limit: Int) async throws -> [UInt8] {
        let (user, newest) = (session.userID, sync.feed.position)
        return try await sync.database.read { transaction in
            let access = try RoomAccess(to: roomID, for: user, upTo: newest, in: transaction)
            let (key, isThere) = (access.room.key, access.membership == "join" || access.isPeeking)
            let timeline = try transaction.timeline(
                of: key, after: .zero, upTo: access.end, limit: limit, direction: .backwards,
                accepting: { access.canSee($0) && !sync.ignoredUsers.hides($0, from: user) }
            ).slice.events.map(access.shown)
            var snapshot = SnapshotWriter(format: EventFormat(for: session))
            snapshot.format.memberships = try transaction.membershipHistory(of: user, in: key)
            var writer = JSONWriter(reservingCapacity: 4_096)
            writer.beginObject()
            snapshot.writeHead(access.room, membership: access.membership, to: &writer)
            let start = timeline.last.map { Position($0.position.value - 1) } ?? access.end
            snapshot.writeTimeline(timeline.reversed(), end: access.end, start: start, to: &writer)
            snapshot.writeState(try transaction.state(of: key, at: access.end), to: &writer)
            snapshot.writeAccountData(try transaction.accountData(of: user).filter { $0.roomID == roomID }, to: &writer)
            let members = isThere ? Set(try transaction.users(in: key, membership: "join")) : []
            writer.key("presence")
            writer.beginArray()
            for member in members.sorted() { writer.object(sync.presence.legacyEvent(of: member)) }
            writer.endArray()
            writer.key("receipts")
            writer.beginArray()
            if isThere {
                for receipt in try transaction.receipts(of: key, roomID: roomID, after: .zero, upTo: newest, visibleTo: user) {
                    writer.object(receipt.legacyEvent)
                }
            }
            writer.endArray()
            writer.endObject()
            return writer.bytes
        }
    }
}

/// Writes the parts of a room's snapshot.
private struct SnapshotWriter {
    var format: EventFormat

    init(format: EventFormat) {
        self.format = format
        self.format.namesSenderTwice = true
    }

    func writeHead(_ room: RoomRecord, membership: String?, to writer: inout JSONWriter) {
        writer.field("room_id", room.id.rawValue)
        if let membership { writer.field("membership", membership) }
        writer.field("visibility", room.isListed ? "public" : "private")
    }

    func writeTimeline(_ events: [TimelineEvent], end: Position, start: Position, to writer: inout JSONWriter) {
        writer.key("messages")
        writer.beginObject()
        writer.key("chunk")
        format.write(events, to: &writer)
        writer.field("start", StreamToken(start).description)
        writer.field("end", StreamToken(end).description)
        writer.endObject()
    }

    func writeState(_ events: [TimelineEvent], to writer: inout JSONWriter) {
        writer.key("state")
        format.write(events, to: &writer)
    }

    func writeAccountData(_ pieces: [AccountDataRecord], to writer: inout JSONWriter) {
        writer.key("account_data")
        writer.accountData(pieces)
    }
}
