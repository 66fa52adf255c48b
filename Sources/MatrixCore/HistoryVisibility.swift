/// Which events of one room one user may see.
///
/// Positions are those of the room's straight line of events. A change counts from its own event on;
/// that event itself is judged by what was before it and by what it sets.
///
/// spec: client-server-api/#server-behaviour-5
public struct HistoryVisibility: Sendable {
    private typealias Change = (position: Int64, value: String)

    private let visibilityChanges: [Change]
    private let membershipChanges: [Change]
    private let lastJoin: Int64?

    /// - Parameters:
    ///   - visibilityChanges: every `m.room.history_visibility` event of the room.
    ///   - membershipChanges: every `m.room.member` event about the user.
    public init(
        visibilityChanges: [(position: Int64, value: String)], membershipChanges: [(position: Int64, membership: String)]
    ) {
        self.visibilityChanges = visibilityChanges.sorted { $0.position < $1.position }
        self.membershipChanges = membershipChanges.map { ($0.position, $0.membership) }.sorted { $0.position < $1.position }
        lastJoin = self.membershipChanges.last { $0.value == "join" }?.position
    }

    public func canSee(eventAt position: Int64) -> Bool {
        let (visibilityBefore, visibilityAfter) = Self.values(visibilityChanges, at: position)
        let (membershipBefore, membershipAfter) = Self.values(membershipChanges, at: position)
        for visibility in [visibilityBefore, visibilityAfter] {
            for membership in [membershipBefore, membershipAfter] {
                if allows(visibility ?? "shared", membership ?? "leave", position) { return true }
            }
        }
        return false
    }

    /// Whether the user was in the room when the event was sent, or came or went by it.
    public func wasJoined(at position: Int64) -> Bool {
        let membership = Self.values(membershipChanges, at: position)
        return membership.before == "join" || membership.after == "join"
    }

    private func allows(_ visibility: String, _ membership: String, _ position: Int64) -> Bool {
        if visibility == "world_readable" || membership == "join" { return true }
        switch visibility {
        case "joined": return false
        case "invited": return membership == "invite"
        // "shared", and every value that is not understood.
        default: return lastJoin.map { $0 > position } ?? false
        }
    }

    /// The values before and after the event at `position`; they differ only if that event is a change.
    private static func values(_ changes: [Change], at position: Int64) -> (before: String?, after: String?) {
        var low = 0
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].position < position { low = middle + 1 } else { high = middle }
        }
        let before = low > 0 ? changes[low - 1].value : nil
        let after = low < changes.count && changes[low].position == position ? changes[low].value : before
        return (before, after)
    }
}
