import MatrixCore
import Storage

/// Something that a client can see has changed. The same changes feed every kind of sync.
struct Change: Sendable {
    let position: Position
    let kind: Kind

    enum Kind: Sendable {
        /// An event in a room, with the users who are told of it: the joined members and, for a membership event, its target.
        case event(TimelineEvent, audience: Audience)
        case receipt(Receipt, audience: Audience)
        /// Who is typing in a room has changed.
        case typing(RoomID, audience: Audience)
        case presence(UserID, audience: Audience)
        /// Account data, global (`room` is nil) or of a room. Push rules appear as `m.push_rules`.
        case accountData(UserID, room: RoomID?, type: String)
        /// Messages wait for these devices.
        case toDevice(Set<Int64>, audience: Audience)
        /// A user's devices or cross-signing keys have changed.
        case deviceList(UserID, audience: Audience)
        /// A device has run out of one-time keys, or has to replace a fallback key.
        case keyCounts(UserID, device: Int64)
        /// A user has forgotten a room that they had left.
        case forgotten(UserID, room: RoomID)
        /// A device was logged out: its waiting sync has to say so.
        case deviceEnded(UserID, device: Int64)
    }
}

/// A set of users, shared by the changes of one room.
final class Audience: Sendable {
    let users: [UserID]

    init(_ users: [UserID]) { self.users = users }

    func contains(_ user: UserID) -> Bool { users.contains(user) }
}

extension Change {
    func concerns(_ user: UserID) -> Bool {
        switch kind {
        case .event(_, let audience), .receipt(_, let audience), .typing(_, let audience), .presence(_, let audience),
            .toDevice(_, let audience), .deviceList(_, let audience):
            audience.contains(user)
        case .accountData(let owner, _, _), .keyCounts(let owner, _), .forgotten(let owner, _), .deviceEnded(let owner, _): owner == user
        }
    }
}
