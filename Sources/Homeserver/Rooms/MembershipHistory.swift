import MatrixCore
import Storage

/// What a user was in a room, over time.
public struct MembershipHistory: Sendable {
    /// Oldest first.
    private let changes: [(position: Int64, value: String)]

    /// Of somebody who was in the room all the time that counts.
    static let joined = MembershipHistory([(0, "join")])

    init(_ changes: [(position: Int64, value: String)]) { self.changes = changes }

    /// After the event at `position`, if that is about the user.
    func membership(at position: Position) -> String { changes.last { $0.position <= position.value }?.value ?? "leave" }
}

extension ReadTransaction {
    func membershipHistory(of user: UserID, in room: Int64) throws -> MembershipHistory {
        MembershipHistory(try history(of: room, type: "m.room.member", stateKey: user.rawValue, member: "membership"))
    }
}
