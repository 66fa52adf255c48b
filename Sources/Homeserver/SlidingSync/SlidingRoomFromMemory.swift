import MatrixCore
import Storage

/// Tells of a room by the change feed alone, which is how nearly all is told: somebody wrote, and everyone waits.
struct SlidingRoomFromMemory {
    let user: UserID
    /// Where the connection stood.
    let start: Position
    let end: Position
    let notifications: Notifications
    /// Whom the user ignores.
    let ignored: Set<UserID>

    private static let summaryTypes: Set<String> = ["m.room.member", "m.room.name", "m.room.avatar"]

    /// - Parameter events: all of the room's since the connection's last response.
    /// - Returns: `nil` where the database has to be asked; else what there is to say, if there is anything.
    func room(_ work: RoomWork, events all: [TimelineEvent], stateIndex: Int32) -> (room: SlidingRoom?, sent: SentRoom)? {
        let events = ignored.isEmpty ? all : all.filter { $0.stateKey != nil || !ignored.contains($0.sender) }
        guard var sent = work.sent, sent.kind == .joined, work.room.membership == "join", !sent.flags.contains(.stale) else { return nil }
        guard !work.expandsTimeline, !work.expandsState, !work.changesDirect else { return nil }
        let config = work.shown.config
        guard events.count <= config.timelineLimit, let unread = notifications.knownCounts(of: user, in: work.room.id) else { return nil }
        // How a room is called and who is in it takes more than the event.
        guard !events.contains(where: { $0.stateKey != nil && Self.summaryTypes.contains($0.type) }) else { return nil }
        if config.requiredState.hasLazyMembers, !events.allSatisfy({ sent.members.contains($0.sender) }) { return nil }

        var room = SlidingRoom(room: work.room, lists: work.shown.lists)
        room.unread = unread
        guard !events.isEmpty || work.changesCounts else {
            sent.upTo = end
            return (nil, sent)
        }
        if let first = events.first {
            room.timeline = SlidingRoom.Timeline(events: events, previousBatch: Position(first.position.value - 1))
            room.liveCount = events.count
            for event in events {
                guard let key = event.stateKey, config.requiredState.matches(event.type, key) else { continue }
                room.requiredState.removeAll { $0.type == event.type && $0.stateKey == key }
                room.requiredState.append(event)
            }
            sent.addEvents(events.count)
            sent.upTo = end
            sent.stateIndex = stateIndex
        }
        return (room, sent)
    }
}
