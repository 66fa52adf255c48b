public import MatrixCore
import Storage
import Synchronization

/// Who is there. Kept in memory only: after a start everyone is offline until they sync.
///
/// spec: client-server-api/#presence
public final class Presence: Sendable {
    public enum State: String, Sendable, Comparable {
        case offline, unavailable, online

        private var rank: Int {
            switch self {
            case .offline: 0
            case .unavailable: 1
            case .online: 2
            }
        }

        public static func < (left: State, right: State) -> Bool { left.rank < right.rank }
    }

    public struct Status: Sendable {
        public var state: State = .offline
        public var message: String?
        var lastActiveMilliseconds: Int64?
        var position: Position = .zero
    }

    private struct User {
        var status = Status()
        /// Syncs that are open now, by what they ask for.
        var openSyncs: [State: Int] = [:]
        /// When something last asked for a state.
        var lastSeenMilliseconds: [State: Int64] = [:]

        /// What the devices of the user ask for together: the one that is most there counts.
        func asked(at now: Int64) -> State {
            for state in [State.online, .unavailable] {
                if openSyncs[state, default: 0] > 0 { return state }
                if let seen = lastSeenMilliseconds[state], now - seen <= Presence.offlineAfterMilliseconds { return state }
            }
            return .offline
        }
    }

    private struct Tracked {
        /// Bounded by the number of accounts.
        var users: [UserID: User] = [:]
        var watch: Task<Void, Never>?
    }

    private let database: Database
    private let feed: ChangeFeed
    private let clock: MonotonicClock
    private let tracked = Mutex(Tracked())

    /// A user without a sync for this long is offline.
    static let offlineAfterMilliseconds: Int64 = 35_000
    private static let checkInterval = Duration.seconds(10)
    public static let maxMessageBytes = 1_024

    init(database: Database, feed: ChangeFeed, clock: MonotonicClock = .system) {
        self.database = database
        self.feed = feed
        self.clock = clock
    }

    public func status(of user: UserID) -> Status { tracked.withLock { $0.users[user]?.status ?? Status() } }

    /// Sets what the user says of themselves. It holds until a sync says something else.
    public func set(_ state: State, message: String?, of user: UserID) async throws {
        guard (message?.utf8.count ?? 0) <= Self.maxMessageBytes else { throw MatrixError(.tooLarge, "The status message is too long.") }
        try await update(user) { user, now in
            user.status.message = message
            user.status.state = state
            user.status.lastActiveMilliseconds = now
            user.lastSeenMilliseconds[state] = now
            return true
        }
    }

    /// Notes that the user did something. Nobody is told by that alone: who is online counts as active.
    ///
    /// spec: client-server-api/#last-active-ago
    public func noteActivity(of user: UserID) {
        tracked.withLock { $0.users[user]?.status.lastActiveMilliseconds = clock.nowMilliseconds }
    }

    // MARK: Syncs

    /// Notes that a sync begins; `asked` is the request's `set_presence`. `syncEnds` has to follow.
    func syncBegins(of user: UserID, asked: State) {
        tracked.withLock { $0.users[user, default: User()].openSyncs[asked, default: 0] += 1 }
    }

    /// Shows the user as their syncs ask for.
    func show(_ user: UserID, asked: State) async throws {
        guard asked != .offline, tracked.withLock({ $0.users[user].map { $0.asked(at: clock.nowMilliseconds) != $0.status.state } ?? false })
        else { return }
        try await update(user) { user, now in
            let state = user.asked(at: now)
            guard state != user.status.state else { return false }
            user.status.state = state
            if state == .online { user.status.lastActiveMilliseconds = now }
            return true
        }
    }

    func syncEnds(of user: UserID, asked: State) {
        tracked.withLock { tracked in
            tracked.users[user]?.openSyncs[asked, default: 0] -= 1
            tracked.users[user]?.lastSeenMilliseconds[asked] = clock.nowMilliseconds
        }
    }

    // MARK: Who sees it

    /// Only users who share a room with `user`, and the user.
    public func canSee(_ other: UserID, as user: UserID) async throws -> Bool {
        if other == user { return true }
        return try await database.read { try $0.shareRoom(user, other) }
    }

    /// Those whose presence changed after `position`.
    func users(changedAfter position: Position) -> [UserID] {
        tracked.withLock { $0.users.filter { $0.value.status.position > position }.map(\.key) }
    }

    /// Those who are not offline.
    func usersThere() -> [UserID] { tracked.withLock { $0.users.filter { $0.value.status.state != .offline }.map(\.key) } }

    // MARK: Changes

    /// Publishes a change, if `change` says that there is one.
    private func update(_ user: UserID, _ change: @escaping @Sendable (inout User, _ now: Int64) -> Bool) async throws {
        try await database.write { [self] transaction in
            let audience = try transaction.usersSharingRooms(with: user) + [user]
            let position = transaction.nextPosition()
            let changed = tracked.withLock { tracked in
                guard change(&tracked.users[user, default: User()], clock.nowMilliseconds) else { return false }
                tracked.users[user]?.status.position = position
                return true
            }
            if changed { transaction.record(.presence(user, audience: Audience(audience)), at: position, in: feed) }
        }
        watch()
    }

    /// Runs while somebody is not offline, so that an unused box sleeps.
    private func watch() {
        tracked.withLock { tracked in
            guard tracked.watch == nil, tracked.users.values.contains(where: { $0.status.state != .offline }) else { return }
            tracked.watch = Task { [weak self] in
                while (try? await Task.sleep(for: Self.checkInterval)) != nil {
                    guard let self, await check() else { return }
                }
            }
        }
    }

    /// Shows who has gone. Returns whether somebody is left to watch.
    func check() async -> Bool {
        let now = clock.nowMilliseconds
        let gone = tracked.withLock { $0.users.filter { $0.value.asked(at: now) < $0.value.status.state }.map(\.key) }
        for user in gone {
            // A box that is shutting down tells nobody.
            try? await update(user) { user, now in
                // They may have come back meanwhile.
                let state = user.asked(at: now)
                guard state < user.status.state else { return false }
                user.status.state = state
                return true
            }
        }
        return tracked.withLock { tracked in
            let someoneIsLeft = tracked.users.values.contains { $0.status.state != .offline }
            if !someoneIsLeft { tracked.watch = nil }
            return someoneIsLeft
        }
    }

    // MARK: Format

    /// Presence in the form of an `m.presence` event.
    func write(_ user: UserID, to writer: inout JSONWriter) {
        let status = status(of: user)
        writer.beginObject()
        writer.field("type", "m.presence")
        writer.field("sender", user.rawValue)
        writer.key("content")
        writer.object(content(of: status))
        writer.endObject()
    }

    public func content(of status: Status) -> JSONObject {
        var content: JSONObject = ["presence": .string(status.state.rawValue), "currently_active": .bool(status.state == .online)]
        if let last = status.lastActiveMilliseconds { content["last_active_ago"] = .integer(max(0, clock.nowMilliseconds - last)) }
        if let message = status.message { content["status_msg"] = .string(message) }
        return content
    }
}
