public import MatrixCore
public import Storage

/// What a user was notified of.
///
/// spec: client-server-api/#listing-notifications
public struct NotificationList: Sendable {
    let database: Database
    let pushRules: PushRuleSettings

    public static let maxPageNotifications = 100
    public static let defaultPageNotifications = 20

    struct Item: Sendable {
        let event: TimelineEvent
        let isRead: Bool
        let actions: [JSONValue]
    }

    /// A page, newest first.
    public struct Page: Sendable {
        let items: [Item]
        /// Where the next page begins; `nil` after the last one.
        let next: Position?

        /// The response.
        public func write(to writer: inout JSONWriter, as format: EventFormat) {
            var format = format
            format.includesRoomID = false
            writer.beginObject()
            if let next { writer.field("next_token", StreamToken(next).description) }
            writer.key("notifications")
            writer.beginArray()
            for item in items {
                writer.beginObject()
                writer.field("actions", .array(item.actions))
                writer.key("event")
                format.write(item.event, to: &writer)
                // Rules belong to no device here.
                writer.field("profile_tag", "")
                writer.field("read", item.isRead)
                writer.field("room_id", item.event.roomID.rawValue)
                writer.field("ts", item.event.originServerTimestamp)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }

    /// spec: client-server-api/#get_matrixclientv3notifications
    public func page(of user: UserID, before start: Position?, limit: Int, highlightsOnly: Bool) async throws -> Page {
        let limit = min(limit, Self.maxPageNotifications)
        return try await database.read { [pushRules] transaction in
            let reading = NotificationReading(user: user, pushRules: pushRules, transaction: transaction)
            var found: [NotificationRecord] = []
            for room in try transaction.memberships(of: user) where room.membership == "join" || room.membership == "invite" {
                found += try transaction.notifications(
                    of: user, in: room.roomKey, after: .zero, before: start ?? Position(.max), highlightsOnly: highlightsOnly, limit: limit + 1)
            }
            found.sort { $0.position > $1.position }
            let page = found.prefix(limit)
            let items = try page.compactMap { notification -> Item? in
                guard let event = try reading.event(notification), let room = try transaction.room(event.roomID) else { return nil }
                let outcome = try reading.outcome(of: event, in: room)
                return Item(
                    event: event, isRead: try reading.isRead(notification),
                    actions: outcome.notify ? outcome.actions : Self.actions(notification.notifies))
            }
            return Page(items: items, next: found.count > limit ? page.last?.position : nil)
        }
    }

    /// What is known of the actions when the rules have changed since then.
    private static func actions(_ notifies: Int) -> [JSONValue] {
        notifies > 1 ? ["notify", ["set_tweak": "highlight"]] : ["notify"]
    }
}
