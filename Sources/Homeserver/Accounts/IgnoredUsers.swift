import MatrixCore
import Storage
import Synchronization

/// Who ignores whom. Every way in which events reach a client asks here.
///
/// All lists are in memory, so that a question costs a look into a dictionary that is nearly always empty.
/// They take effect with the commit that stores them, also for events that were sent before.
///
/// spec: client-server-api/#ignoring-users
final class IgnoredUsers: Sendable {
    static let type = "m.ignored_user_list"
    /// Bounds the memory, together with the number of accounts.
    static let maxIgnoredByUser = 1_000

    private struct State {
        var ignored: [UserID: Set<UserID>] = [:]
        /// The same, the other way round.
        var ignorers: [UserID: Set<UserID>] = [:]

        mutating func set(_ users: Set<UserID>, ignoredBy user: UserID) {
            for former in ignored[user] ?? [] {
                ignorers[former]?.remove(user)
                if ignorers[former]?.isEmpty == true { ignorers[former] = nil }
            }
            ignored[user] = users.isEmpty ? nil : users
            for other in users { ignorers[other, default: []].insert(user) }
        }
    }

    private let state: Mutex<State>

    init(database: Database) async throws {
        let lists = try await database.read { try $0.ignoredUserLists() }
        var stored = State()
        for (user, content) in lists {
            // What is stored was checked; a list of an earlier version may be too long, and then its end does not count.
            stored.set(Set(Self.users(in: try JSONObject(parsing: content), of: user).prefix(Self.maxIgnoredByUser)), ignoredBy: user)
        }
        state = Mutex(stored)
    }

    /// Nearly always empty.
    func ignored(by user: UserID) -> Set<UserID> { state.withLock { $0.ignored[user] ?? [] } }

    /// Who ignores this sender; they are not notified of what it sends. Nearly always empty.
    func ignorers(of sender: UserID) -> Set<UserID> { state.withLock { $0.ignorers[sender] ?? [] } }

    /// Whether an event is kept from a user. State always comes: without it the room would look different.
    func hides(_ event: TimelineEvent, from user: UserID) -> Bool {
        event.stateKey == nil && state.withLock { $0.ignored[user]?.contains(event.sender) ?? false }
    }

    /// Takes over a list that this transaction stores. Throws `tooLarge`.
    func set(_ content: JSONObject, of user: UserID, after transaction: WriteTransaction) throws {
        let users = Set(Self.users(in: content, of: user))
        guard users.count <= Self.maxIgnoredByUser else {
            throw MatrixError(.tooLarge, "At most \(Self.maxIgnoredByUser) people can be ignored.")
        }
        transaction.afterCommit { [self] in
            state.withLock { $0.set(users, ignoredBy: user) }
        }
    }

    /// Drops the list of an account that ended.
    func forget(_ user: UserID) { state.withLock { $0.set([], ignoredBy: user) } }

    /// Nobody can ignore themselves.
    private static func users(in content: JSONObject, of user: UserID) -> [UserID] {
        (content.object("ignored_users")?.members ?? []).compactMap { UserID($0.key) }.filter { $0 != user }
    }
}
