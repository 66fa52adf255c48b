import MatrixCore
import Storage

/// One of a user's rooms, as lists are sorted by it.
final class UserRoom: Sendable {
    let key: Int64
    let id: RoomID
    let membership: String
    /// Of the user's own member event.
    let membershipPosition: Position
    /// The newest event that the user may see: where they left, or the newest of all.
    let lastEvent: Position
    /// The newest event that counts as activity.
    let bumpStamp: Position
    /// Whether lists show it though the user is neither in it nor asked to come: they were removed by somebody.
    let showsRemoval: Bool

    init(
        key: Int64, id: RoomID, membership: String, membershipPosition: Position, lastEvent: Position, bumpStamp: Position, showsRemoval: Bool
    ) {
        self.key = key
        self.id = id
        self.membership = membership
        self.membershipPosition = membershipPosition
        self.lastEvent = lastEvent
        self.bumpStamp = bumpStamp
        self.showsRemoval = showsRemoval
    }

    var isInvited: Bool { membership == "invite" }
    var isStripped: Bool { membership == "invite" || membership == "knock" }
    var isEnded: Bool { membership != "join" && !isStripped }

    /// What counts as activity. spec: MSC4186 (`bump_stamp`)
    static let bumpTypes: Set<String> = [
        "m.room.create", "m.room.message", "m.room.encrypted", "m.sticker", "m.call.invite", "m.poll.start", "m.beacon_info",
        "org.matrix.msc3381.poll.start", "org.matrix.msc3672.beacon_info",
    ]

    fileprivate func with(_ event: TimelineEvent) -> UserRoom {
        UserRoom(
            key: key, id: id, membership: membership, membershipPosition: membershipPosition, lastEvent: max(lastEvent, event.position),
            bumpStamp: Self.bumpTypes.contains(event.type) ? max(bumpStamp, event.position) : bumpStamp, showsRemoval: showsRemoval)
    }
}

/// What filters ask of a room.
struct RoomDetails: Sendable {
    var isEncrypted = false
    var type: String?
    var name = ""
    var tags: Set<String> = []
}

/// All rooms of one user at a position, the one with the newest event first.
///
/// Kept in memory and brought forward by the change feed, so that a waiting sync asks the database nothing about order.
struct UserRooms: Sendable {
    private(set) var position: Position
    private(set) var sorted: [UserRoom]
    private(set) var byID: [RoomID: UserRoom]
    /// The rooms of `m.direct`.
    let directRooms: Set<RoomID>
    /// Loaded when a filter asks for them.
    var details: [RoomID: RoomDetails] = [:]
    /// The rooms of spaces that a filter asked for.
    var spaceChildren: [RoomID: Set<RoomID>] = [:]

    init(position: Position, rooms: [UserRoom], directRooms: Set<RoomID>) {
        self.position = position
        sorted = rooms.sorted { $0.lastEvent > $1.lastEvent }
        byID = Dictionary(rooms.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        self.directRooms = directRooms
    }

    /// Brings the list to `end`. Returns false where the database has to be asked.
    mutating func advance(by changes: [Change], of user: UserID, to end: Position) -> Bool {
        for change in changes {
            switch change.kind {
            case .event(let event, _):
                if event.type == "m.room.member", event.stateKey == user.rawValue {
                    if event.isChangeOfMembership { return false }
                }
                guard let room = byID[event.roomID] else { return false }
                // Somebody who is not in the room is told of it only by their own member event.
                if room.membership == "join" || event.position == room.membershipPosition { move(room, room.with(event)) }
                if event.stateKey != nil {
                    details[event.roomID] = nil
                    spaceChildren[event.roomID] = nil
                }
            case .accountData(_, let room, let type):
                if room == nil, type == "m.direct" { return false }
                if let room, type == "m.tag" { details[room] = nil }
            case .forgotten: return false
            default: break
            }
        }
        position = end
        return true
    }

    private mutating func move(_ old: UserRoom, _ new: UserRoom) {
        byID[new.id] = new
        guard let index = index(of: old) else { return }
        if index == 0 || sorted[index - 1].lastEvent > new.lastEvent {
            sorted[index] = new
        } else {
            sorted.remove(at: index)
            let target = sorted.firstIndex { $0.lastEvent < new.lastEvent } ?? sorted.endIndex
            sorted.insert(new, at: target)
        }
    }

    private func index(of room: UserRoom) -> Int? {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle].lastEvent > room.lastEvent { low = middle + 1 } else { high = middle }
        }
        return low < sorted.count && sorted[low].id == room.id ? low : nil
    }
}

extension TimelineEvent {
    /// Whether a member event changes more than name and picture.
    var isChangeOfMembership: Bool {
        func membership(_ content: [UInt8]?) -> String? { content.flatMap { try? JSONObject(parsing: $0) }?.string("membership") }
        return membership(content) != membership(previousContent)
    }
}
