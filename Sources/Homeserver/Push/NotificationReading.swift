import MatrixCore
import Storage

/// What a notification is about, as one transaction sees it.
struct NotificationReading {
    let user: UserID
    let pushRules: PushRuleSettings
    let transaction: ReadTransaction

    /// The event, unless it is none of the user's any more: from before they came, from a room that they left, or redacted.
    func event(_ notification: NotificationRecord) throws -> TimelineEvent? {
        guard let membership = try transaction.membership(of: user, in: notification.roomKey),
            let event = try transaction.event(at: notification.position), event.redactedBecause == nil
        else { return nil }
        switch membership.membership {
        case "join":
            return try event.position > transaction.joinPosition(of: user, in: notification.roomKey, upTo: Position(.max)) ? event : nil
        case "invite": return event.type == "m.room.member" && event.stateKey == user.rawValue ? event : nil
        default: return nil
        }
    }

    func isRead(_ notification: NotificationRecord) throws -> Bool {
        try notification.position <= transaction.readPosition(of: user, in: notification.roomKey)
    }

    /// What the user's rules say of the event now.
    func outcome(of event: TimelineEvent, in room: RoomRecord) throws -> PushOutcome {
        let state = CurrentState(room: room, transaction: transaction)
        let context = PushContext(
            userID: user, displayName: try state["m.room.member", user.rawValue]?.content.string("displayname"),
            memberCount: try transaction.memberCount(of: room.key, membership: "join"), powerLevels: try state.powerLevels)
        let seen = Event(
            eventID: event.eventID, roomID: event.roomID, type: event.type, stateKey: event.stateKey, sender: event.sender,
            originServerTimestamp: event.originServerTimestamp, content: try JSONObject(parsing: event.content))
        return try pushRules.rules(of: user, in: transaction).evaluate(event: seen, context: context)
    }
}
