import MatrixCore
import Storage

/// Hides what erased users wrote from those who were not in the room when they wrote it.
///
/// spec: client-server-api/#post_matrixclientv3accountdeactivate
struct ErasedSenders {
    private let senders: Set<UserID>
    private let visibility: HistoryVisibility

    /// - Parameter visibility: of the reader.
    init(visibility: HistoryVisibility, in transaction: ReadTransaction) throws {
        senders = try transaction.erasedUsers()
        self.visibility = visibility
    }

    /// Whether the reader gets only what would be left of the event after a redaction.
    ///
    /// State stays, since the room goes on with it, but for the name and picture of the user.
    func prunes(_ event: TimelineEvent) -> Bool {
        guard event.stateKey == nil || (event.type == "m.room.member" && event.stateKey == event.sender.rawValue) else { return false }
        return prunes(messageOf: event.sender, at: event.position)
    }

    func prunes(messageOf sender: UserID, at position: Position) -> Bool {
        senders.contains(sender) && !visibility.wasJoined(at: position.value)
    }

    /// The event as the reader gets it.
    func shown(_ event: TimelineEvent) -> TimelineEvent { prunes(event) ? event.pruned : event }
}

extension TimelineEvent {
    fileprivate var pruned: TimelineEvent {
        var writer = JSONWriter()
        let content = (try? JSONObject(parsing: content)) ?? [:]
        writer.object(Redaction.redactedContent(type: type, content: content, version: .v11))
        return TimelineEvent(
            position: position, roomID: roomID, eventID: eventID, type: type, stateKey: stateKey, sender: sender,
            originServerTimestamp: originServerTimestamp, content: writer.bytes, redacts: redacts, replacesState: replacesState,
            redactedBecause: redactedBecause, transaction: transaction)
    }
}
