public import MatrixCore
import Storage
import Synchronization

/// Who is there. Kept in memory only: after a start everyone is offline until they sync.
///
/// spec: client-server-api/#presence
public final class Presence: Sendable {
    public enum State: String, Sendable {
        case online, unavailable, offline
    }

    public struct Status: Sendable {
        public var state: State = .offline
        public var message: String?
        var lastActive: ContinuousClock.Instant?
        var position: Position = .zero
        /// Syncs that are open now.
        var openSyncs = 0
        /// When the last sync ended.
        var lastSync: ContinuousClock.Instant?

        public var lastActiveAgoMilliseconds: Int64? {
            lastActive.map { Int64((ContinuousClock.now - $0) / .milliseconds(1)) }
        }
    }

    private struct Tracked {
        var users: [UserID: Status] = [:]
        var watch: Task<Void, Never>?
    }

    private let database: Database
    private let feed: ChangeFeed
    private let tracked = Mutex(Tracked())

    /// A user without a sync for this long is offline.
    private static let offlineAfter = Duration.seconds(35)
    private static let checkInterval = Duration.seconds(10)
    public static let maxMessageBytes = 1_024

    init(database: Database, feed: ChangeFeed) {
        self.database = database
        self.feed = feed
    }

    public func status(of user: UserID) -> Status { tracked.withLock { $0.users[user] ?? Status() } }

    /// Sets what the user says of themselves.
    public func set(_ state: State, message: String?, of user: UserID) async throws {
        guard (message?.utf8.count ?? 0) <= Self.maxMessageBytes else { throw MatrixError(.tooLarge, "The status message is too long.") }
        try await update(user) { status in
            status.message = message
            status.state = state
            status.lastActive = .now
        }
        startWatching()
    }

    /// Notes that a sync of the user begins; `asked` is the request's `set_presence`.
    func syncBegins(of user: UserID, asked: State) async throws {
        let changes = tracked.withLock { tracked -> Bool in
            tracked.users[user, default: Status()].openSyncs += 1
            guard asked != .offline else { return false }
            return tracked.users[user]?.state != asked
        }
        if changes {
            try await update(user) { status in
                status.state = asked
                if asked == .online { status.lastActive = .now }
            }
            startWatching()
        }
    }

    func syncEnds(of user: UserID) {
        tracked.withLock { tracked in
            tracked.users[user]?.openSyncs -= 1
            tracked.users[user]?.lastSync = .now
        }
    }

    /// Only users who share a room with `user`, and the user.
    public func canSee(_ other: UserID, as user: UserID) async throws -> Bool {
        if other == user { return true }
        return try await database.read { try $0.shareRoom(user, other) }
    }

    private func update(_ user: UserID, _ change: @escaping @Sendable (inout Status) -> Void) async throws {
        try await database.write { [self] transaction in
            let audience = try transaction.usersSharingRooms(with: user) + [user]
            let position = transaction.nextPosition()
            tracked.withLock { tracked in
                change(&tracked.users[user, default: Status()])
                tracked.users[user]?.position = position
            }
            transaction.record(.presence(user, audience: Audience(audience)), at: position, in: feed)
        }
    }

    /// Runs while somebody is not offline, so that an unused box sleeps.
    private func startWatching() {
        tracked.withLock { tracked in
            guard tracked.watch == nil else { return }
            tracked.watch = Task { [weak self] in
                while (try? await Task.sleep(for: Self.checkInterval)) != nil {
                    guard let self else { return }
                    guard await goOffline() else { return }
                }
            }
        }
    }

    /// Returns whether there is somebody left to watch.
    private func goOffline() async -> Bool {
        let (gone, someoneLeft) = tracked.withLock { tracked -> ([UserID], Bool) in
            let now = ContinuousClock.now
            let gone = tracked.users.filter { _, status in
                status.state != .offline && status.openSyncs <= 0 && status.lastSync.map { now - $0 > Self.offlineAfter } ?? false
            }
            let someoneLeft = tracked.users.values.contains { $0.state != .offline } && gone.count < tracked.users.count
            if !someoneLeft { tracked.watch = nil }
            return (Array(gone.keys), someoneLeft)
        }
        for user in gone { try? await update(user) { $0.state = .offline } }
        return someoneLeft
    }

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
        if let ago = status.lastActiveAgoMilliseconds { content["last_active_ago"] = .integer(ago) }
        if let message = status.message { content["status_msg"] = .string(message) }
        return content
    }

    /// Everyone who was ever seen since the start, for an initial sync.
    func knownUsers() -> [UserID] { tracked.withLock { Array($0.users.keys) } }
}
