public import MatrixCore
import Storage
import Synchronization

/// Accounts that an administrator has locked or suspended. Both can be taken back.
///
/// Nearly always there are none, so those there are stay in memory, and nothing that asks about them costs a look at the disk.
///
/// spec: client-server-api/#account-moderation
public final class Moderation: Sendable {
    private struct State {
        var locked: Set<UserID> = []
        var suspended: Set<UserID> = []
    }

    public enum Measure: Sendable {
        /// The account cannot be used at all.
        case lock
        /// The user can read, leave and take back what is theirs, and little else.
        case suspension
    }

    private let database: Database
    private let feed: ChangeFeed
    private let serverName: String
    private let state: Mutex<State>

    init(database: Database, feed: ChangeFeed, serverName: String) async throws {
        self.database = database
        self.feed = feed
        self.serverName = serverName
        var restricted = State()
        for account in try await database.read({ try $0.restrictedAccounts() }) {
            if account.isLocked { restricted.locked.insert(account.userID) }
            if account.isSuspended { restricted.suspended.insert(account.userID) }
        }
        state = Mutex(restricted)
    }

    // MARK: Effects

    /// Throws `userLocked`. The session stays: it works again when the lock is lifted.
    ///
    /// spec: client-server-api/#account-locking
    public func requireUnlocked(_ user: UserID) throws(MatrixError) {
        if state.withLock({ $0.locked.contains(user) }) { throw Self.locked }
    }

    /// spec: client-server-api/#account-suspension
    public func requireNotSuspended(_ user: UserID) throws(MatrixError) {
        if isSuspended(user) { throw Self.suspended }
    }

    /// Throws if a suspended user wants to add something to a room other than the end of a membership, or of a message, of their own.
    func requireMayAdd(_ draft: EventDraft, in transaction: ReadTransaction) throws {
        guard isSuspended(draft.sender) else { return }
        switch draft.type {
        case "m.room.member" where draft.stateKey == draft.sender.rawValue && draft.content.string("membership") == "leave": return
        case "m.room.redaction":
            if let target = draft.redacts, try transaction.event(target)?.sender == draft.sender { return }
            throw Self.suspended
        default: throw Self.suspended
        }
    }

    private func isSuspended(_ user: UserID) -> Bool { state.withLock { $0.suspended.contains(user) } }

    static let locked = MatrixError(
        .userLocked, "This account is locked. Talk to the owner of this box.", details: ["soft_logout": true])
    private static let suspended = MatrixError(userSuspended, "You cannot do this while your account is suspended.")
    private static let userSuspended = MatrixError.Code("M_USER_SUSPENDED", status: 403)

    // MARK: For administrators

    /// Whether the measure is in force. Throws `notFound` also for closed accounts.
    public func isInForce(_ measure: Measure, on user: UserID) async throws -> Bool {
        let account = try await database.read { [self] in try openAccount(of: user, in: $0) }
        return measure == .lock ? account.isLocked : account.isSuspended
    }

    /// - Parameter administrator: who asks; `nil` for the owner at the command line.
    public func set(_ measure: Measure, _ isInForce: Bool, on user: UserID, by administrator: UserID?) async throws {
        guard user != administrator else { throw MatrixError(.forbidden, "You cannot do this to your own account.") }
        try await database.write { [self] transaction in
            let account = try openAccount(of: user, in: transaction)
            guard !account.isAdministrator else { throw MatrixError(.forbidden, "\(user) is an administrator.") }
            switch measure {
            case .lock: try transaction.setLocked(isInForce, user)
            case .suspension: try transaction.setSuspended(isInForce, user)
            }
            transaction.afterCommit { [self] in
                state.withLock { state in
                    switch measure {
                    case .lock: if isInForce { state.locked.insert(user) } else { state.locked.remove(user) }
                    case .suspension: if isInForce { state.suspended.insert(user) } else { state.suspended.remove(user) }
                    }
                }
                if measure == .lock, isInForce { feed.wake(user) }
            }
        }
    }

    /// The account has ended.
    func forget(_ user: UserID) {
        state.withLock { state in
            state.locked.remove(user)
            state.suspended.remove(user)
        }
    }

    private func openAccount(of user: UserID, in transaction: ReadTransaction) throws -> AccountRecord {
        guard user.serverName == serverName else { throw MatrixError(.invalidParameter, "\(user) is not a user of this box.") }
        guard let account = try transaction.account(of: user), !account.isDeactivated else {
            throw MatrixError(.notFound, "There is no account \(user).")
        }
        return account
    }
}
