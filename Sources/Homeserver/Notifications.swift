import MatrixCore
import Storage
import Synchronization

/// Whom an event notifies, and how many unread notifications everyone has.
///
/// Most members have the default push rules and are not mentioned: for them one outcome is kept with the event.
/// Only those for whom the rules say something else get a row of their own.
final class Notifications: Sendable {
    struct Outcome: Sendable {
        /// 0 nothing, 1 notify, 2 highlight.
        var byDefault: Int
        var exceptions: [(user: UserID, notifies: Int)]
    }

    private let pushRules: PushRuleSettings

    /// Counts that are known, so that a message to fifty waiting clients asks the disk nothing.
    private struct RoomCounts {
        var lastEvent: Position
        var users: [UserID: UnreadCounts] = [:]
    }
    private let known = Mutex<[RoomID: RoomCounts]>([:])
    private static let maxKnownRooms = 256

    init(pushRules: PushRuleSettings) { self.pushRules = pushRules }

    /// Evaluates the push rules of everyone in the room.
    ///
    /// spec: client-server-api/#push-rules
    func outcome(of event: Event, room: RoomRecord, joined: [UserID], state: CurrentState, in transaction: ReadTransaction) throws -> Outcome {
        guard joined.contains(where: { $0 != event.sender }) else { return Outcome(byDefault: 0, exceptions: []) }
        let prepared = PushEvent(event)
        var context = PushContext(userID: Self.nobody, displayName: nil, memberCount: joined.count, powerLevels: try state.powerLevels)
        let byDefault = Self.level(Self.defaultRules.evaluate(prepared, context: context))
        let mentioned = Set(event.content.object("m.mentions")?.array("user_ids")?.compactMap(\.stringValue) ?? [])
        var exceptions: [(user: UserID, notifies: Int)] = []
        for user in joined where user != event.sender {
            let changed = try pushRules.changedRules(of: user, in: transaction)
            if changed == nil, !mentioned.contains(user.rawValue) { continue }
            context.userID = user
            if changed != nil { context.displayName = try state["m.room.member", user.rawValue]?.content.string("displayname") }
            let notifies = Self.level((changed ?? PushRuleset(userID: user)).evaluate(prepared, context: context))
            if notifies != byDefault { exceptions.append((user, notifies)) }
        }
        return Outcome(byDefault: byDefault, exceptions: exceptions)
    }

    /// Adds an event to the counts that are known, when it is on disk.
    func count(_ outcome: Outcome, sender: UserID, roomID: RoomID, joined: [UserID], after transaction: WriteTransaction) {
        let position = transaction.lastPosition
        transaction.afterCommit { [self] in
            known.withLock { known in
                if known[roomID] == nil, known.count >= Self.maxKnownRooms { known.removeAll() }
                var counts = known[roomID] ?? RoomCounts(lastEvent: position)
                counts.lastEvent = position
                let levels = Dictionary(outcome.exceptions.map { ($0.user, $0.notifies) }, uniquingKeysWith: { $1 })
                for user in Array(counts.users.keys) where user != sender {
                    let notifies = levels[user] ?? outcome.byDefault
                    if notifies > 0 { counts.users[user]?.notifications += 1 }
                    if notifies > 1 { counts.users[user]?.highlights += 1 }
                }
                known[roomID] = counts
            }
        }
    }

    /// The counts of one user, if they are known without the database.
    func knownCounts(of user: UserID, in room: RoomID) -> UnreadCounts? { known.withLock { $0[room]?.users[user] } }

    /// The counts of one user, who is joined.
    func counts(of user: UserID, in room: MembershipRecord, upTo end: Position, _ transaction: ReadTransaction) throws -> UnreadCounts {
        if let counts = knownCounts(of: user, in: room.roomID) { return counts }
        let joined = try transaction.joinPosition(of: user, in: room.roomKey)
        let read = try transaction.readPosition(of: user, in: room.roomKey) ?? .zero
        let counts = try transaction.unreadCounts(of: user, in: room.roomKey, after: max(joined, read), upTo: end)
        known.withLock { known in
            if known[room.roomID] == nil, known.count >= Self.maxKnownRooms { known.removeAll() }
            var entry = known[room.roomID] ?? RoomCounts(lastEvent: end)
            // An event that came meanwhile would be missing from what was just counted.
            guard entry.lastEvent <= end else { return }
            entry.users[user] = counts
            known[room.roomID] = entry
        }
        return counts
    }

    func forgetCounts(of user: UserID, in room: RoomID, after transaction: WriteTransaction) {
        transaction.afterCommit { [self] in known.withLock { $0[room]?.users[user] = nil } }
    }

    func forgetCounts(of room: RoomID, after transaction: WriteTransaction) {
        transaction.afterCommit { [self] in known.withLock { $0[room]?.users = [:] } }
    }

    private static let nobody = UserID(trusted: "@:")
    private static let defaultRules = PushRuleset(userID: nobody)

    private static func level(_ outcome: PushOutcome) -> Int { outcome.notify ? (outcome.highlight ? 2 : 1) : 0 }
}
