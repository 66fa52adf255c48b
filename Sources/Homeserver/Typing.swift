public import MatrixCore
import Storage
import Synchronization

/// Who is typing where. Kept in memory only.
///
/// spec: client-server-api/#typing-notifications
public final class Typing: Sendable {
    private let database: Database
    private let feed: ChangeFeed

    private struct Entry {
        let expiry: Task<Void, Never>
    }
    /// Bounded by the joined members of rooms, each for at most `maxTimeoutMilliseconds`.
    private let typists = Mutex<[RoomID: [UserID: Entry]]>([:])

    public static let maxTimeoutMilliseconds = 120_000
    public static let defaultTimeoutMilliseconds = 30_000

    init(database: Database, feed: ChangeFeed) {
        self.database = database
        self.feed = feed
    }

    public func set(_ isTyping: Bool, timeoutMilliseconds: Int?, in roomID: RoomID, by user: UserID) async throws {
        let timeout = min(max(timeoutMilliseconds ?? Self.defaultTimeoutMilliseconds, 0), Self.maxTimeoutMilliseconds)
        try await database.write { [self] transaction in
            let room = try Membership.room(roomID, in: transaction)
            guard try transaction.membership(of: user, in: room.key)?.membership == "join" else { throw RoomAccess.notInRoom }
            guard try change(user, in: roomID, isTyping: isTyping, timeoutMilliseconds: timeout) else { return }
            try announce(room, transaction)
        }
    }

    public func typists(in room: RoomID) -> [UserID] { typists.withLock { $0[room].map { $0.keys.sorted() } ?? [] } }

    /// Returns whether the set of typists changed.
    private func change(_ user: UserID, in room: RoomID, isTyping: Bool, timeoutMilliseconds: Int) throws -> Bool {
        typists.withLock { typists in
            let old = typists[room]?.removeValue(forKey: user)
            old?.expiry.cancel()
            if isTyping {
                let expiry = Task { [weak self] in
                    guard (try? await Task.sleep(for: .milliseconds(timeoutMilliseconds))) != nil else { return }
                    await self?.expire(user, in: room)
                }
                typists[room, default: [:]][user] = Entry(expiry: expiry)
            } else if typists[room]?.isEmpty == true {
                typists[room] = nil
            }
            return (old != nil) != isTyping
        }
    }

    private func expire(_ user: UserID, in roomID: RoomID) async {
        // A box that is shutting down tells nobody.
        try? await database.write { [self] transaction in
            guard try change(user, in: roomID, isTyping: false, timeoutMilliseconds: 0), let room = try transaction.room(roomID) else { return }
            try announce(room, transaction)
        }
    }

    private func announce(_ room: RoomRecord, _ transaction: WriteTransaction) throws {
        let audience = Audience(try transaction.users(in: room.key, membership: "join"))
        transaction.record(.typing(room.id, audience: audience), at: transaction.nextPosition(), in: feed)
    }
}
