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
    private let ignoredUsers: IgnoredUsers

    /// Counts that are known, so that a message to fifty waiting clients asks the disk nothing.
    private struct Known {
        struct Room {
            /// The newest change of what there is to count.
            var lastChange: Position
            var users: [UserID: ThreadedUnreadCounts] = [:]
        }

        var rooms: [RoomID: Room] = [:]
        /// Rooms that are not in `rooms` may have changed up to here.
        var lastForgottenChange = Position.zero

        /// The room's counts, in a place that is made for them if need be.
        mutating func update(_ roomID: RoomID, _ change: (inout Room) -> Void) {
            if rooms[roomID] == nil, rooms.count >= Notifications.maxKnownRooms {
                lastForgottenChange = rooms.values.reduce(lastForgottenChange) { max($0, $1.lastChange) }
                rooms.removeAll()
            }
            change(&rooms[roomID, default: Room(lastChange: lastForgottenChange)])
        }
    }

    private let known = Mutex(Known())
    static let maxKnownRooms = 256
    /// Of one user in one room.
    static let maxKnownThreads = 200

    init(pushRules: PushRuleSettings, ignoredUsers: IgnoredUsers) {
        self.pushRules = pushRules
        self.ignoredUsers = ignoredUsers
    }

    /// Evaluates the push rules of everyone in the room.
    ///
    /// spec: client-server-api/#push-rules
    func outcome(of event: Event, room: RoomRecord, joined: [UserID], state: CurrentState, in transaction: ReadTransaction) throws -> Outcome {
        guard joined.contains(where: { $0 != event.sender }) else { return Outcome(byDefault: 0, exceptions: []) }
        let prepared = PushEvent(event)
        var context = PushContext(userID: Self.nobody, displayName: nil, memberCount: joined.count, powerLevels: try state.powerLevels)
        let byDefault = Self.level(Self.defaultRules.evaluate(prepared, context: context))
        let mentioned = Set(event.content.object("m.mentions")?.array("user_ids")?.compactMap(\.stringValue) ?? [])
        let ignorers = ignoredUsers.ignorers(of: event.sender)
        var exceptions: [(user: UserID, notifies: Int)] = []
        for user in joined where user != event.sender {
            if !ignorers.isEmpty, ignorers.contains(user) {
                if byDefault != 0 { exceptions.append((user, 0)) }
                continue
            }
            let changed = try pushRules.changedRules(of: user, in: transaction)
            if changed == nil, !mentioned.contains(user.rawValue) { continue }
            context.userID = user
            if changed != nil { context.displayName = try state["m.room.member", user.rawValue]?.content.string("displayname") }
            let notifies = Self.level((changed ?? PushRuleset(userID: user)).evaluate(prepared, context: context))
            if notifies != byDefault { exceptions.append((user, notifies)) }
        }
        return Outcome(byDefault: byDefault, exceptions: exceptions)
    }

    /// Evaluates the push rules of somebody who is invited, and so not yet in the room.
    ///
    /// spec: client-server-api/#predefined-rules
    func outcomeOfInvite(_ event: Event, for user: UserID, joined: [UserID], state: CurrentState, in transaction: ReadTransaction) throws -> Int {
        guard !ignoredUsers.ignorers(of: event.sender).contains(user) else { return 0 }
        let context = PushContext(userID: user, displayName: nil, memberCount: joined.count, powerLevels: try state.powerLevels)
        return Self.level(try pushRules.rules(of: user, in: transaction).evaluate(event: event, context: context))
    }

    /// Adds an event to the counts that are known, when it is on disk.
    ///
    /// Whoever sends something has read what was before it in that thread. Whoever comes or goes begins anew.
    ///
    /// - Parameter thread: the first event of the event's thread, `nil` for the main timeline.
    ///
    /// spec: client-server-api/#receiving-notifications
    func count(_ outcome: Outcome, of event: Event, thread: EventID?, at position: Position, after transaction: WriteTransaction) {
        let levels = Dictionary(outcome.exceptions.map { ($0.user, $0.notifies) }, uniquingKeysWith: { $1 })
        let member = event.type == "m.room.member" ? event.stateKey.map { UserID(trusted: $0) } : nil
        transaction.afterCommit { [self] in
            known.withLock { known in
                known.update(event.roomID) { room in
                    room.lastChange = position
                    for user in Array(room.users.keys) where user != event.sender {
                        let notifies = levels[user] ?? outcome.byDefault
                        if notifies > 0 { room.users[user]?[thread].notifications += 1 }
                        if notifies > 1 { room.users[user]?[thread].highlights += 1 }
                        if let threads = room.users[user]?.threads, threads.count > Self.maxKnownThreads { room.users[user] = nil }
                    }
                    if let member {
                        room.users[member] = nil
                    } else {
                        room.users[event.sender]?[thread] = UnreadCounts()
                    }
                }
            }
        }
    }

    /// The counts of one user, if they are known without the database.
    func knownCounts(of user: UserID, in room: RoomID) -> ThreadedUnreadCounts? { known.withLock { $0.rooms[room]?.users[user] } }

    /// The counts of one user, who is joined. The transaction began when `end` was already visible.
    func counts(of user: UserID, in room: MembershipRecord, upTo end: Position, _ transaction: ReadTransaction) throws -> ThreadedUnreadCounts {
        if let counts = knownCounts(of: user, in: room.roomID) { return counts }
        let joined = try transaction.joinPosition(of: user, in: room.roomKey, upTo: end)
        let counts = try transaction.unreadCounts(of: user, in: room.roomKey, after: joined, upTo: end)
        known.withLock { known in
            known.update(room.roomID) { known in
                // What changed after `end` may be missing from what was just counted, and the room has heard of it already.
                if known.lastChange <= end, counts.threads.count <= Self.maxKnownThreads { known.users[user] = counts }
            }
        }
        return counts
    }

    /// After a receipt of the user.
    func forgetCounts(of user: UserID, in room: RoomID, after transaction: WriteTransaction) {
        forget(room, after: transaction) { $0.users[user] = nil }
    }

    /// After a redaction.
    func forgetCounts(of room: RoomID, after transaction: WriteTransaction) {
        forget(room, after: transaction) { $0.users = [:] }
    }

    private func forget(_ room: RoomID, after transaction: WriteTransaction, _ change: @escaping @Sendable (inout Known.Room) -> Void) {
        let position = transaction.lastPosition
        transaction.afterCommit { [self] in
            known.withLock { known in
                known.update(room) { room in
                    room.lastChange = max(room.lastChange, position)
                    change(&room)
                }
            }
        }
    }

    /// How many rooms' counts are kept.
    var knownRoomCount: Int { known.withLock { $0.rooms.count } }

    private static let nobody = UserID(trusted: "@:")
    private static let defaultRules = PushRuleset(userID: nobody)

    private static func level(_ outcome: PushOutcome) -> Int { outcome.notify ? (outcome.highlight ? 2 : 1) : 0 }
}
