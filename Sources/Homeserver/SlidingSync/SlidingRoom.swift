import MatrixCore
import Storage

/// What a response says of one room. What is `nil` or empty has not changed.
struct SlidingRoom: Sendable {
    /// A text that may have been taken away.
    enum Text: Sendable {
        case removed
        case text(String)

        init(_ text: String?) {
            if let text, !text.isEmpty { self = .text(text) } else { self = .removed }
        }
    }

    struct Hero: Sendable {
        let userID: UserID
        let displayName: String?
        let avatarURL: String?
    }

    struct Timeline: Sendable {
        var events: [TimelineEvent]
        var isLimited = false
        /// Where the history before the events begins.
        var previousBatch: Position
    }

    let room: UserRoom
    /// The lists whose windows show the room.
    var lists: [String] = []
    var isInitial = false
    var isExpanded = false
    var name: Text?
    var avatar: Text?
    var heroes: [Hero] = []
    var isDirect: Bool?
    var requiredState: [TimelineEvent] = []
    var timeline: Timeline?
    var liveCount = 0
    var joinedCount: Int?
    var invitedCount: Int?
    var unread: UnreadCounts?
    /// For rooms that the user is not in yet.
    var strippedState: [Event]?
}

/// What has to be found out about one room.
struct RoomWork: Sendable {
    let shown: RoomWindows.Shown
    let sent: SentRoom?
    /// Whether there are events that the client has not.
    var hasNews = false
    /// Whether the client now wants more of the events that it has been told the end of.
    var expandsTimeline = false
    var expandsState = false
    var changesDirect = false
    /// Whether the user has read something.
    var changesCounts = false

    var room: UserRoom { shown.room }

    var isNothing: Bool { !hasNews && !expandsTimeline && !expandsState && !changesDirect && !changesCounts }
}

extension RoomWork {
    /// - Parameter ownReceipts: the rooms where the user has read something since the last response.
    init(_ shown: RoomWindows.Shown, sent: SentRoom?, states: [RequiredStateSet], rooms: UserRooms, ownReceipts: Set<RoomID>) {
        self.shown = shown
        self.sent = sent
        guard let sent else {
            hasNews = true
            return
        }
        hasNews = shown.room.lastEvent > sent.upTo || shown.room.membershipPosition > sent.upTo
        guard shown.room.membership == "join", sent.kind == .joined else { return }
        expandsTimeline = shown.config.timelineLimit > Int(sent.eventCount)
        expandsState = !shown.config.requiredState.isContained(in: states[Int(sent.stateIndex)])
        changesDirect = sent.flags.contains(.direct) != rooms.directRooms.contains(shown.room.id)
        changesCounts = ownReceipts.contains(shown.room.id)
    }
}
