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
    /// What the user was in the room, over time.
    let memberships: MembershipHistory

    private let visibility: HistoryVisibility
    private let erasedSenders: ErasedSenders

    /// Throws `forbidden` unless the user is, or was, in the room, or the room is world-readable.
    ///
    /// spec: client-server-api/#room-history-visibility
    init(to roomID: RoomID, for user: UserID, upTo newest: Position, in transaction: ReadTransaction) throws {
        guard let room = try transaction.room(roomID) else { throw Self.notInRoom }
        try self.init(to: room, for: user, upTo: newest, in: transaction)
    }

    init(to room: RoomRecord, for user: UserID, upTo newest: Position, in transaction: ReadTransaction) throws {
        let record = try transaction.membership(of: user, in: room.key)
        let (visibilityChanges, membershipChanges) = try transaction.visibilityChanges(of: room.key, for: user)
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
        memberships = MembershipHistory(membershipChanges)
        visibility = HistoryVisibility(visibilityChanges: visibilityChanges, membershipChanges: membershipChanges.map { ($0.position, $0.value) })
        erasedSenders = try ErasedSenders(visibility: visibility, in: transaction)
    }

    static let notInRoom = MatrixError(.forbidden, "You are not in this room.")

    func canSee(_ event: TimelineEvent) -> Bool { canSee(eventAt: event.position) }

    func canSee(eventAt position: Position) -> Bool { position <= end && visibility.canSee(eventAt: position.value) }

    /// An event that the user may see, in the form in which they may: without its content if its sender was erased.
    func shown(_ event: TimelineEvent) -> TimelineEvent { erasedSenders.shown(event) }

    /// Whether the user gets to see what a message says.
    func canRead(messageOf sender: UserID, at position: Position) -> Bool {
        canSee(eventAt: position) && !erasedSenders.prunes(messageOf: sender, at: position)
    }

    /// Whether the content of a match is kept from the user, so that it must not be found by it either.
    func prunes(_ match: SearchMatch) -> Bool { match.type == "m.room.message" && erasedSenders.prunes(messageOf: match.sender, at: match.position) }
}

extension ReadTransaction {
    /// What decides which events of a room a user may see.
    fileprivate func visibilityChanges(
        of room: Int64, for user: UserID
    ) throws -> (visibility: [(position: Int64, value: String)], membership: [(position: Int64, value: String)]) {
        (
            try history(of: room, type: "m.room.history_visibility", stateKey: "", member: "history_visibility"),
            try history(of: room, type: "m.room.member", stateKey: user.rawValue, member: "membership")
        )
    }

    /// Which events of a room a user may see, who may look at the room.
    func visibility(of room: Int64, for user: UserID) throws -> HistoryVisibility {
        let changes = try visibilityChanges(of: room, for: user)
        return HistoryVisibility(visibilityChanges: changes.visibility, membershipChanges: changes.membership.map { ($0.position, $0.value) })
    }
}
