import MatrixCore
import Storage

/// Makes the requests to push gateways.
///
/// spec: push-gateway-api/#post_matrixpushv1notify
struct PushNotifications: Sendable {
    let notifications: Notifications
    let pushRules: PushRuleSettings

    struct Push: Sendable {
        let body: [UInt8]
        let unread: Int
    }

    /// `nil` if the user need not be told any more.
    func push(_ notification: NotificationRecord, to pusher: Pusher, upTo end: Position, _ transaction: ReadTransaction) throws -> Push? {
        let reading = NotificationReading(user: pusher.userID, pushRules: pushRules, transaction: transaction)
        guard let event = try reading.event(notification), try !reading.isRead(notification), let room = try transaction.room(event.roomID)
        else { return nil }
        let outcome = try reading.outcome(of: event, in: room)
        guard outcome.notify else { return nil }
        let unread = try unreadCount(of: pusher.userID, upTo: end, transaction)
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("notification")
        writer.beginObject()
        writer.field("event_id", event.eventID.rawValue)
        writer.field("room_id", event.roomID.rawValue)
        if !pusher.isEventIDOnly { try write(event, in: room, for: pusher.userID, to: &writer, transaction) }
        writer.field("prio", Self.isUrgent(event, outcome) ? "high" : "low")
        pusher.write(tweaks: outcome.tweaks, unread: unread, to: &writer)
        writer.endObject()
        writer.endObject()
        return Push(body: writer.bytes, unread: unread)
    }

    /// Tells of the number of unread messages alone.
    func badge(for pusher: Pusher, upTo end: Position, _ transaction: ReadTransaction) throws -> Push {
        let unread = try unreadCount(of: pusher.userID, upTo: end, transaction)
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("notification")
        writer.beginObject()
        pusher.write(tweaks: nil, unread: unread, to: &writer)
        writer.endObject()
        writer.endObject()
        return Push(body: writer.bytes, unread: unread)
    }

    private func write(
        _ event: TimelineEvent, in room: RoomRecord, for user: UserID, to writer: inout JSONWriter, _ transaction: ReadTransaction
    ) throws {
        // Not specified, but what Synapse sends, and SyTest asks for.
        writer.field("id", event.eventID.rawValue)
        writer.field("type", event.type)
        writer.field("sender", event.sender.rawValue)
        writer.key("content")
        writer.raw(event.content)
        let sender = try transaction.stateContent(of: room.key, type: "m.room.member", stateKey: event.sender.rawValue)
        if let name = sender?.string("displayname"), !name.isEmpty { writer.field("sender_display_name", name) }
        let alias = try transaction.stateContent(of: room.key, type: "m.room.canonical_alias")?.string("alias")
        let name = try transaction.stateContent(of: room.key, type: "m.room.name")?.string("name")
        if let name = [name, alias].compactMap({ $0 }).first(where: { !$0.isEmpty }) { writer.field("room_name", name) }
        if let alias, !alias.isEmpty { writer.field("room_alias", alias) }
        if event.type == "m.room.member" {
            writer.field("user_is_target", event.stateKey == user.rawValue)
            if let membership = try JSONObject(parsing: event.content).string("membership") { writer.field("membership", membership) }
        }
    }

    /// Whether a sleeping phone is worth waking. What an encrypted message says only the phone can tell.
    private static func isUrgent(_ event: TimelineEvent, _ outcome: PushOutcome) -> Bool {
        outcome.highlight || outcome.sound != nil || event.type == "m.room.encrypted"
    }

    func unreadCount(of user: UserID, upTo end: Position, _ transaction: ReadTransaction) throws -> Int {
        try transaction.memberships(of: user).reduce(0) { count, room in
            guard room.membership == "join" else { return count }
            return try count + notifications.counts(of: user, in: room, upTo: end, transaction).notifications
        }
    }
}
