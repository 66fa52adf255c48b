public import MatrixCore
import Storage

/// What has been read: receipts that others see, private ones, and the fully-read marker.
///
/// spec: client-server-api/#receipts, client-server-api/#fully-read-markers
public struct Receipts: Sendable {
    let database: Database
    let feed: ChangeFeed
    let clock: Clock
    let notifications: Notifications
    let pushes: PushDelivery

    public func set(_ type: String, to eventID: EventID, threadID: String?, in roomID: RoomID, by user: UserID) async throws {
        try await set([type: eventID], threadID: threadID, in: roomID, by: user)
    }

    /// Sets several markers at once, as `read_markers` does.
    public func set(_ markers: [String: EventID], threadID: String? = nil, in roomID: RoomID, by user: UserID) async throws {
        for type in markers.keys where !["m.read", "m.read.private", "m.fully_read"].contains(type) {
            throw MatrixError(.invalidParameter, "There is no receipt of the type \(type).")
        }
        if let threadID, threadID.isEmpty || threadID.utf8.count > maxIdentifierBytes {
            throw MatrixError(.invalidParameter, "thread_id is main or the ID of a thread's first event.")
        }
        if threadID != nil, markers["m.fully_read"] != nil {
            throw MatrixError(.invalidParameter, "What is fully read has no threads.")
        }
        try await database.write { transaction in
            let room = try Membership.room(roomID, in: transaction)
            guard try transaction.membership(of: user, in: room.key)?.membership == "join" else { throw RoomAccess.notInRoom }
            for (type, eventID) in markers {
                if type == "m.fully_read" {
                    try setFullyRead(eventID, in: roomID, by: user, transaction)
                } else {
                    try setReceipt(type, eventID, threadID, room: room, by: user, transaction)
                }
            }
        }
    }

    private func setReceipt(
        _ type: String, _ eventID: EventID, _ threadID: String?, room: RoomRecord, by user: UserID, _ transaction: WriteTransaction
    ) throws {
        // A receipt for an event that is not here moves nothing; clients send it for their local echo.
        guard let event = try transaction.event(eventID), event.roomID == room.id else { return }
        if let threadID, threadID != "main" {
            // A receipt is kept for each thread. So what is none must not count as one.
            guard try transaction.event(EventID(trusted: threadID))?.roomID == room.id else {
                throw MatrixError(.invalidParameter, "There is no thread \(threadID) in this room.")
            }
        }
        let receipt = Receipt(
            roomID: room.id, userID: user, type: type, threadID: threadID, eventID: eventID, timestamp: clock.nowMilliseconds)
        let position = transaction.nextPosition()
        guard try transaction.setReceipt(receipt, room: room.key, eventPosition: event.position, at: position) else { return }
        let isPrivate = type == "m.read.private"
        let audience = isPrivate ? [user] : try transaction.users(in: room.key, membership: "join")
        transaction.record(.receipt(receipt, audience: Audience(audience)), at: position, in: feed)
        notifications.forgetCounts(of: user, in: room.id, after: transaction)
        pushes.readMoved(of: user, after: transaction)
    }

    private func setFullyRead(_ eventID: EventID, in roomID: RoomID, by user: UserID, _ transaction: WriteTransaction) throws {
        let content = JSONObject([("event_id", .string(eventID.rawValue))]).serialized()
        guard try transaction.accountData("m.fully_read", of: user, room: roomID) != content else { return }
        let position = transaction.nextPosition()
        try transaction.setAccountData("m.fully_read", of: user, room: roomID, to: content, at: position)
        transaction.record(.accountData(user, room: roomID, type: "m.fully_read"), at: position, in: feed)
    }
}
