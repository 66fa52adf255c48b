import MatrixCore
import Storage

/// What one user may see of one room.
struct RoomAccess {
    let room: RoomRecord
    let user: UserID
    /// `join`, `leave`, … or `nil` for somebody who was never in the room.
    let membership: String?
    /// The newest event that the user may see: where they left, or the room's end.
    let end: Position
    /// Whether the user sees the room only because it is world-readable.
    let isPeeking: Bool

    private let visibility: HistoryVisibility

    /// Throws `forbidden` unless the user is, or was, in the room, or the room is world-readable.
    ///
    /// spec: client-server-api/#room-history-visibility
    init(to roomID: RoomID, for user: UserID, upTo newest: Position, in transaction: ReadTransaction) throws {
        guard let room = try transaction.room(roomID) else { throw Self.notInRoom }
        try self.init(to: room, for: user, upTo: newest, in: transaction)
    }

    init(to room: RoomRecord, for user: UserID, upTo newest: Position, in transaction: ReadTransaction) throws {
        let record = try transaction.membership(of: user, in: room.key)
        let visibilityChanges = try transaction.history(
            of: room.key, type: "m.room.history_visibility", stateKey: "", member: "history_visibility")
        let membershipChanges = try transaction.history(of: room.key, type: "m.room.member", stateKey: user.rawValue, member: "membership")
        let isWorldReadable = visibilityChanges.last?.value == "world_readable"
        let wasJoined = membershipChanges.contains { $0.value == "join" }
        switch record?.membership {
        case "join":
            (end, isPeeking) = (newest, false)
        // Who has left, and may be invited again, sees what they could see when they left.
        case _ where wasJoined && record?.isForgotten == false:
            end = isWorldReadable ? newest : min(newest, record?.position ?? newest)
            isPeeking = isWorldReadable
        default:
            guard isWorldReadable else { throw Self.notInRoom }
            (end, isPeeking) = (newest, true)
        }
        self.room = room
        self.user = user
        membership = record?.membership
        visibility = HistoryVisibility(visibilityChanges: visibilityChanges, membershipChanges: membershipChanges.map { ($0.position, $0.value) })
    }

    static let notInRoom = MatrixError(.forbidden, "You are not in this room.")

    func canSee(_ event: TimelineEvent) -> Bool {
        event.position <= end && visibility.canSee(eventAt: event.position.value)
    }
}
