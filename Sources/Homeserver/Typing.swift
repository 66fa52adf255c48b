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
        /// Tells this entry from a later one of the same user.
        let number: UInt64
        let expiry: Task<Void, Never>
    }

    private struct State {
        /// Bounded by the joined members of rooms, each for at most `maxTimeoutMilliseconds`.
        var typists: [RoomID: [UserID: Entry]] = [:]
        /// When the typists of a room last changed. Bounded by the number of rooms.
        var changes: [RoomID: Position] = [:]
        var nextNumber: UInt64 = 0
    }

    private let state = Mutex(State())

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
            let audience = Audience(try transaction.users(in: room.key, membership: "join"))
            if isTyping ? begin(user, in: roomID, timeoutMilliseconds: timeout) : end(user, in: roomID) { announce(roomID, audience, transaction) }
        }
    }

    public func typists(in room: RoomID) -> [UserID] { state.withLock { $0.typists[room].map { $0.keys.sorted() } ?? [] } }

    /// Whether the typists of a room changed after `position`. What was before the start of the box is not known, and counts as changed.
    func changed(in room: RoomID, after position: Position) -> Bool {
        position < database.startPosition || state.withLock { $0.changes[room].map { $0 > position } ?? false }
    }

    /// Somebody who leaves a room types there no longer.
    func left(_ room: RoomID, _ user: UserID, audience: Audience, in transaction: WriteTransaction) {
        if end(user, in: room) { announce(room, audience, transaction) }
    }

    /// Returns whether the user was not typing before.
    private func begin(_ user: UserID, in room: RoomID, timeoutMilliseconds: Int) -> Bool {
        state.withLock { state in
            state.nextNumber += 1
            let number = state.nextNumber
            let expiry = Task { [weak self] in
                guard (try? await Task.sleep(for: .milliseconds(timeoutMilliseconds))) != nil else { return }
                await self?.expire(user, in: room, number: number)
            }
            let old = state.typists[room, default: [:]].updateValue(Entry(number: number, expiry: expiry), forKey: user)
            old?.expiry.cancel()
            return old == nil
        }
    }

    /// Returns whether the user was typing before. With a `number`, only that entry ends.
    private func end(_ user: UserID, in room: RoomID, number: UInt64? = nil) -> Bool {
        state.withLock { state in
            guard let entry = state.typists[room]?[user], number == nil || number == entry.number else { return false }
            entry.expiry.cancel()
            state.typists[room]?[user] = nil
            if state.typists[room]?.isEmpty == true { state.typists[room] = nil }
            return true
        }
    }

    private func expire(_ user: UserID, in roomID: RoomID, number: UInt64) async {
        // A box that is shutting down tells nobody.
        try? await database.write { [self] transaction in
            guard end(user, in: roomID, number: number), let room = try transaction.room(roomID) else { return }
            announce(roomID, Audience(try transaction.users(in: room.key, membership: "join")), transaction)
        }
    }

    private func announce(_ room: RoomID, _ audience: Audience, _ transaction: WriteTransaction) {
        let position = transaction.nextPosition()
        state.withLock { $0.changes[room] = position }
        transaction.record(.typing(room, audience: audience), at: position, in: feed)
    }
}
