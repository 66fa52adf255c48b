import Cryptography
public import MatrixCore
import Storage
import Synchronization

/// An invitation to make an account, as the owner sees it.
public struct Invitation: Sendable {
    public let token: String
    /// `nil` for any number.
    public let usesAllowed: Int64?
    public let uses: Int64
    /// `nil` for ever.
    public let expiresTimestamp: Int64?
    public let isValid: Bool

    public var usesRemaining: Int64? { usesAllowed.map { max(0, $0 - uses) } }
}

/// Registration tokens, which let people make accounts.
///
/// spec: client-server-api/#token-authenticated-registration
public final class Invites: Sendable {
    static let maxInvitations = 1_000
    static let maxTokenBytes = 64
    static let maxUses: Int64 = 100_000
    static let maxLifetimeSeconds: Int64 = 10 * 365 * 24 * 3_600
    /// What is left of letters and digits when nobody is to confuse two of them. It can be read out and typed.
    static let alphabet = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
    static let tokenLength = 10

    private let database: Database
    private let clock: Clock
    private let monotonicClock: MonotonicClock
    /// When the invitations of this start expire. The time of day decides only about older ones: it may have been wrong
    /// when an invitation was made, and an invitation must not die because somebody set the clock.
    private let deadlines = Mutex<[String: Int64]>([:])

    init(database: Database, clock: Clock, monotonicClock: MonotonicClock = .system) {
        self.database = database
        self.clock = clock
        self.monotonicClock = monotonicClock
    }

    /// - Parameters:
    ///   - uses: how many accounts can be made with it; `nil` for any number.
    ///   - lifetimeSeconds: `nil` for ever.
    public func create(uses: Int64?, lifetimeSeconds: Int64?, by creator: UserID?) async throws -> Invitation {
        if let uses, !(1...Self.maxUses).contains(uses) {
            throw MatrixError(.invalidParameter, "uses must be between 1 and \(Self.maxUses).")
        }
        if let lifetimeSeconds, !(1...Self.maxLifetimeSeconds).contains(lifetimeSeconds) {
            throw MatrixError(.invalidParameter, "expires_seconds must be between 1 and \(Self.maxLifetimeSeconds).")
        }
        let now = clock.nowMilliseconds
        let record = RegistrationToken(
            token: SecureRandom.string(length: Self.tokenLength, alphabet: Self.alphabet), usesAllowed: uses,
            expiresTimestamp: lifetimeSeconds.map { now + $0 * 1_000 }, createdBy: creator, createdTimestamp: now)
        let deadline = lifetimeSeconds.map { monotonicClock.nowMilliseconds + $0 * 1_000 }
        try await database.write { [self] transaction in
            try makeRoom(in: transaction)
            try transaction.insertRegistrationToken(record)
        }
        if let deadline { deadlines.withLock { $0[record.token] = deadline } }
        return invitation(record)
    }

    public func list() async throws -> [Invitation] {
        try await database.read { try $0.registrationTokens() }.map(invitation)
    }

    public func revoke(_ token: String) async throws {
        guard try await database.write({ try $0.deleteRegistrationToken(token) }) else {
            throw MatrixError(.notFound, "There is no such invitation.")
        }
        deadlines.withLock { $0[token] = nil }
    }

    /// Whether an account can be made with it now.
    public func isValid(_ token: String) async throws -> Bool {
        guard token.utf8.count <= Self.maxTokenBytes else { return false }
        return try await database.read { try $0.registrationToken(token) }.map { !$0.isUsedUp && !isExpired($0) } ?? false
    }

    /// Counts one use, together with what it is used for. Throws if none is left.
    func use(_ token: String, in transaction: WriteTransaction) throws {
        guard let record = try transaction.registrationToken(token), !isExpired(record), try transaction.useRegistrationToken(token) else {
            throw Self.notValid
        }
    }

    static let notValid = MatrixError(.forbidden, "This invitation is not valid, or not any more. Ask for a new one.")

    private func isExpired(_ record: RegistrationToken) -> Bool {
        guard let expires = record.expiresTimestamp else { return false }
        if let deadline = deadlines.withLock({ $0[record.token] }) { return monotonicClock.nowMilliseconds >= deadline }
        return clock.nowMilliseconds >= expires
    }

    private func makeRoom(in transaction: WriteTransaction) throws {
        let records = try transaction.registrationTokens()
        guard records.count >= Self.maxInvitations else { return }
        let useless = records.filter { $0.isUsedUp || isExpired($0) }
        guard !useless.isEmpty else {
            throw MatrixError(.tooLarge, "There are \(records.count) invitations already. Revoke some first.")
        }
        for record in useless {
            _ = try transaction.deleteRegistrationToken(record.token)
            deadlines.withLock { $0[record.token] = nil }
        }
    }

    private func invitation(_ record: RegistrationToken) -> Invitation {
        Invitation(
            token: record.token, usesAllowed: record.usesAllowed, uses: record.uses, expiresTimestamp: record.expiresTimestamp,
            isValid: !record.isUsedUp && !isExpired(record))
    }
}
