import Cryptography
public import MatrixCore
import Storage
import Synchronization

/// Passwords for programs that show the files as a drive: such a program keeps its password, and sends it with each request.
///
/// Each is random and for one program, can be taken back alone, and opens nothing but the files. It is known by its SHA-256 only.
/// Those in use stay in memory, so that a request costs no disk access.
public final class AppPasswords: Sendable {
    public struct AppPassword: Sendable {
        public let id: Int64
        public let name: String
        public let createdTimestamp: Int64
        /// About when it was used last.
        public let lastUsedTimestamp: Int64?
    }

    static let maxPasswordsOfUser = 50
    static let maxNameBytes = 100
    static let maxCachedPasswords = 256
    static let maxPasswordBytes = 256
    /// How old the stored time of the last use may be.
    static let useIntervalMilliseconds: Int64 = 60 * 60 * 1_000

    private struct Entry {
        let user: UserID
        let id: Int64
        var notedAtMilliseconds: Int64
    }

    private struct State {
        var entries = BoundedCache<[UInt8], Entry>(capacity: maxCachedPasswords)
        /// Counts what made entries invalid: a password that was read before must not be cached after.
        var epoch = 0
    }

    private let database: Database
    private let limiter: RateLimiter
    private let serverName: String
    private let clock: Clock
    private let monotonicClock: MonotonicClock
    private let state = Mutex(State())

    init(database: Database, limiter: RateLimiter, serverName: String, clock: Clock, monotonicClock: MonotonicClock = .system) {
        self.database = database
        self.limiter = limiter
        self.serverName = serverName
        self.clock = clock
        self.monotonicClock = monotonicClock
    }

    // MARK: Use

    /// The session of a program that names its user and the password it was given. Throws an error of status 401.
    public func session(name: String, password: String, address: String?) async throws -> Session {
        guard let user = Username.knownUserID(from: name, serverName: serverName), password.utf8.count <= Self.maxPasswordBytes else {
            throw Self.wrong
        }
        let hash = Self.hash(password)
        let (known, epoch) = state.withLock { ($0.entries[hash], $0.epoch) }
        if let known {
            guard known.user == user else { throw Self.wrong }
            noteUse(of: known, hash)
            return Session(ofFilesOf: user)
        }
        let attempt = RateLimiter.Subject.appPasswordFailuresFromAddress(address ?? "")
        try limiter.take(attempt)
        guard let owner = try await database.read({ try $0.ownerOfAppPassword(hash: hash) }), owner.user == user else { throw Self.wrong }
        limiter.giveBack(attempt)
        let entry = Entry(user: user, id: owner.id, notedAtMilliseconds: .min)
        state.withLock { state in
            if state.epoch == epoch { state.entries[hash] = entry }
        }
        noteUse(of: entry, hash)
        return Session(ofFilesOf: user)
    }

    /// Stores the time of use, at most once an hour.
    private func noteUse(of entry: Entry, _ hash: [UInt8]) {
        let now = monotonicClock.nowMilliseconds
        guard entry.notedAtMilliseconds == .min || now - entry.notedAtMilliseconds >= Self.useIntervalMilliseconds else { return }
        let isFirst = state.withLock { state in
            guard var current = state.entries[hash], current.notedAtMilliseconds == entry.notedAtMilliseconds else { return false }
            current.notedAtMilliseconds = now
            state.entries[hash] = current
            return true
        }
        guard isFirst else { return }
        let timestamp = clock.nowMilliseconds
        // The request does not wait for it, and nothing depends on it.
        Task { [database] in try? await database.write { try $0.setLastUsed(timestamp, ofAppPassword: entry.id) } }
    }

    // MARK: Management

    /// Makes a password. It is told this one time.
    public func create(_ name: String, for user: UserID) async throws -> (id: Int64, name: String, password: String) {
        let name = name.truncated(toBytes: Self.maxNameBytes)
        guard !name.isEmpty else { throw MatrixError(.invalidParameter, "The password needs a name, so that you know it again in the list.") }
        let password = Self.newPassword()
        let timestamp = clock.nowMilliseconds
        let id = try await database.write { transaction in
            guard try transaction.appPasswordCount(of: user) < Self.maxPasswordsOfUser else {
                throw MatrixError(.limitExceeded, "You have \(Self.maxPasswordsOfUser) app passwords. Delete some that are not used any more.")
            }
            return try transaction.insertAppPassword(name, hash: Self.hash(password), of: user, timestamp: timestamp)
        }
        return (id, name, password)
    }

    public func list(of user: UserID) async throws -> [AppPassword] {
        try await database.read { try $0.appPasswords(of: user) }.map { record in
            AppPassword(
                id: record.id, name: record.name, createdTimestamp: record.createdTimestamp, lastUsedTimestamp: record.lastUsedTimestamp)
        }
    }

    /// Throws `notFound`.
    public func revoke(_ id: Int64, of user: UserID) async throws {
        try await database.write { [self] transaction in
            guard try transaction.deleteAppPassword(id, of: user) else { throw MatrixError(.notFound, "There is no such app password.") }
            forget(user, after: transaction)
        }
    }

    /// Ends all of a user's, as when the account ends or gets another password.
    func endAll(of user: UserID, in transaction: WriteTransaction) throws {
        if try transaction.deleteAppPasswords(of: user) { forget(user, after: transaction) }
    }

    private func forget(_ user: UserID, after transaction: WriteTransaction) {
        transaction.afterCommit { [self] in
            state.withLock { state in
                state.epoch += 1
                state.entries.removeAll { $0.user == user }
            }
        }
    }

    // MARK: Form

    private static let alphabet = "23456789abcdefghjkmnpqrstuvwxyz"
    private static let groups = 5
    private static let groupLength = 4

    /// Nearly a hundred random bits, in groups since people type it on phones.
    private static func newPassword() -> String {
        (0..<groups).map { _ in SecureRandom.string(length: groupLength, alphabet: alphabet) }.joined(separator: "-")
    }

    /// Groups and case are for people only.
    private static func hash(_ password: String) -> [UInt8] {
        Digest.sha256([UInt8](password.lowercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: " ") }))
    }

    private static let wrong = MatrixError(.init("M_FORBIDDEN", status: 401), "The account name or the app password is wrong.")
}

extension Session {
    /// A program with an app password: no device, no administrator, nothing but files.
    fileprivate init(ofFilesOf user: UserID) {
        self.init(userID: user, deviceID: DeviceID(trusted: ""), deviceKey: 0, isAdministrator: false)
    }
}
