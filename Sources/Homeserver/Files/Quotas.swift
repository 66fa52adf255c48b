public import MatrixCore
import Storage
import Synchronization

/// How many bytes an account may have.
public enum Quota: Sendable {
    /// What the box's owner has decided for all.
    case standard
    case unlimited
    case bytes(Int64)
}

/// How much each account may keep on the box: its media and its files, each as often as it refers to them.
///
/// Whoever takes bytes in asks `left` before and while they come, and `check` again in the write that stores them.
public final class Quotas: Sendable {
    private let database: Database
    /// For accounts without a quota of their own; `nil` for any number of bytes.
    private let standard: Int64?
    /// On a box without quotas nothing is looked up.
    private let hasQuotas: Mutex<Bool>

    init(database: Database, standard: Int64?) async throws {
        self.database = database
        self.standard = standard
        let hasOwn = try await database.read { try $0.hasQuotas() }
        hasQuotas = Mutex(standard != nil || hasOwn)
    }

    /// What the bytes are for, by which the refusal differs.
    enum Purpose: Sendable {
        /// An upload of Matrix.
        case media
        case file
    }

    /// How many bytes the account may have; `nil` for any number.
    public func limit(of user: UserID) async throws -> Int64? {
        guard hasQuotas.withLock({ $0 }) else { return nil }
        return try await database.read { [self] in try limit(of: user, in: $0) }
    }

    /// How many bytes more the account may take in; `nil` for any number.
    func left(for user: UserID) async throws -> Int64? {
        guard hasQuotas.withLock({ $0 }) else { return nil }
        return try await database.read { [self] in try left(for: user, in: $0) }
    }

    /// Throws where the account would have more than it may.
    ///
    /// - Parameter byteCount: what comes, less what is replaced by it.
    func check(adding byteCount: Int64, by user: UserID, for purpose: Purpose, in transaction: ReadTransaction) throws {
        guard byteCount > 0, hasQuotas.withLock({ $0 }), let left = try left(for: user, in: transaction), byteCount > left else { return }
        throw Self.exceeded(purpose)
    }

    /// - Parameter left: from `left(for:)`.
    static func check(_ byteCount: Int64, fits left: Int64?, for purpose: Purpose) throws(MatrixError) {
        if let left, byteCount > 0, byteCount > left { throw exceeded(purpose) }
    }

    /// For the owner.
    public func set(_ quota: Quota, of user: UserID) async throws {
        let stored: Int64? =
            switch quota {
            case .standard: nil
            case .unlimited: -1
            case .bytes(let bytes): bytes
            }
        if case .bytes(..<0) = quota { throw MatrixError(.invalidParameter, "A quota is a number of bytes, 0 or more.") }
        try await database.write { [self] transaction in
            try transaction.setQuota(stored, of: user)
            let hasOwn = try transaction.hasQuotas()
            // Before the commit, so that whoever begins after it is checked.
            hasQuotas.withLock { $0 = $0 || hasOwn }
        }
    }

    private func limit(of user: UserID, in transaction: ReadTransaction) throws -> Int64? {
        guard let own = try transaction.quota(of: user) else { return standard }
        return own < 0 ? nil : own
    }

    private func left(for user: UserID, in transaction: ReadTransaction) throws -> Int64? {
        guard let limit = try limit(of: user, in: transaction) else { return nil }
        return try limit - transaction.storageUsage(of: user)
    }

    private static let remedy =
        "Delete files that you no longer need and empty the bin, or ask the box's owner to give you more with “landline user quota”."

    private static func exceeded(_ purpose: Purpose) -> MatrixError {
        switch purpose {
        // spec: client-server-api/#post_matrixmediav3upload
        case .media: MatrixError(.forbidden, "You have used up your space on this box. \(remedy)")
        case .file: MatrixError(.quotaExceeded, "You have used up your space on this box. \(remedy)")
        }
    }
}
