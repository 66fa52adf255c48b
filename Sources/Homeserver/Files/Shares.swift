import Cryptography
public import MatrixCore
import Storage
import Synchronization

/// A link for guests, as the one who made it sees it.
public struct Share: Sendable {
    public let token: String
    public let userID: UserID
    /// Where the file or folder is now.
    public let path: FilePath
    public let isFolder: Bool
    public let createdTimestamp: Int64
    public let expiresTimestamp: Int64
    public let hasPIN: Bool
    /// Whether guests put files into it, and see none.
    public let takesUploads: Bool
    public let maxBytes: Int64
    public let uploadedFiles: Int64
    public let uploadedBytes: Int64

    /// As whom the file store is asked.
    public var caller: FileCaller { FileCaller(userID) }
}

/// Links with which people without an account fetch a file or a folder, or put files into one.
///
/// A link shows what the one who made it sees at that moment, and ends with its time, with the file and with the account.
public final class Shares: Sendable {
    static let maxSharesOfUser = 200
    static let maxLifetimeSeconds: Int64 = 366 * 24 * 3_600
    static let defaultLifetimeSeconds: Int64 = 7 * 24 * 3_600
    static let maxUploadedFiles: Int64 = 2_000
    static let defaultMaxBytes: Int64 = 10 << 30
    static let pinCharacters = 4...32
    static let maxTokenBytes = 64
    /// 192 bits.
    private static let tokenBytes = 24

    private let database: Database
    private let files: Files
    private let blobs: BlobStore
    private let passwords: Passwords
    private let limiter: RateLimiter
    private let clock: Clock
    private let monotonicClock: MonotonicClock
    private let state = Mutex(State())

    private struct State {
        /// When the links of this start expire. The time of day decides only about older ones, as it may be set.
        var deadlines: [String: Int64] = [:]
        /// Bytes that are on their way, by link.
        var incoming: [String: Int64] = [:]
    }

    init(
        database: Database, files: Files, blobs: BlobStore, passwords: Passwords, limiter: RateLimiter, clock: Clock,
        monotonicClock: MonotonicClock = .system
    ) {
        self.database = database
        self.files = files
        self.blobs = blobs
        self.passwords = passwords
        self.limiter = limiter
        self.clock = clock
        self.monotonicClock = monotonicClock
    }

    // MARK: For those who share

    /// - Parameters:
    ///   - lifetimeSeconds: `nil` for a week.
    ///   - takesUploads: for a folder: guests put files into it, and see none.
    ///   - maxBytes: what they may upload in all; `nil` for 10 GiB.
    public func create(
        _ path: FilePath, lifetimeSeconds: Int64?, pin: String?, takesUploads: Bool, maxBytes: Int64?, by user: UserID
    ) async throws -> Share {
        let lifetimeSeconds = lifetimeSeconds ?? Self.defaultLifetimeSeconds
        guard (1...Self.maxLifetimeSeconds).contains(lifetimeSeconds) else {
            throw MatrixError(.invalidParameter, "expires_seconds must be between 1 and \(Self.maxLifetimeSeconds).")
        }
        if let pin, !Self.pinCharacters.contains(pin.count) || pin.utf8.count > 4 * Self.pinCharacters.upperBound {
            throw MatrixError(.invalidParameter, "A PIN has \(Self.pinCharacters.lowerBound) to \(Self.pinCharacters.upperBound) characters.")
        }
        if let maxBytes, maxBytes < 1 { throw MatrixError(.invalidParameter, "max_bytes must be at least 1.") }
        let node = try await files.node(at: path, for: FileCaller(user))
        guard path.components.count > 1 else { throw MatrixError(.forbidden, "Share a folder or a file that is in this one.") }
        if takesUploads, !node.isFolder || !node.abilities.contains(.write) || node.roomID != nil {
            throw MatrixError(.forbidden, "Guests can put files only into a folder that you may write to.")
        }
        let now = clock.nowMilliseconds
        let record = StoredShare(
            token: SecureRandom.token(bytes: Self.tokenBytes), userID: user, fileID: try Self.fileID(node),
            path: try Self.pathInChat(node)?.description, createdTimestamp: now, expiresTimestamp: now + lifetimeSeconds * 1_000,
            pinHash: try await hash(pin), takesUploads: takesUploads, maxBytes: maxBytes ?? Self.defaultMaxBytes)
        state.withLock { $0.deadlines[record.token] = monotonicClock.nowMilliseconds + lifetimeSeconds * 1_000 }
        return try await database.write { [self] transaction in
            let existing = try transaction.shares(of: user)
            for old in existing where try share(old, in: transaction) == nil { try end(old, in: transaction) }
            guard try transaction.shares(of: user).count < Self.maxSharesOfUser else {
                throw MatrixError(.limitExceeded, "You have \(Self.maxSharesOfUser) links already. Revoke some first.")
            }
            guard let share = try share(record, in: transaction) else { throw MatrixError.fileNotFound }
            try transaction.insertShare(record)
            return share
        }
    }

    /// Those that still lead somewhere, newest first.
    public func list(of user: UserID) async throws -> [Share] {
        try await database.read { [self] transaction in try transaction.shares(of: user).compactMap { try share($0, in: transaction) } }
    }

    public func revoke(_ token: String, by user: UserID) async throws {
        guard token.utf8.count <= Self.maxTokenBytes, try await database.write({ try $0.deleteShare(token, of: user) }) else {
            throw MatrixError(.notFound, "You have no such link.")
        }
        state.withLock { $0.deadlines[token] = nil }
    }

    // MARK: For guests

    /// Throws `notFound` for a link that has ended, and `pinNeeded` where `proof` does not show that its PIN is known.
    ///
    /// - Parameter proof: what `proof(of:)` gave.
    public func open(_ token: String, proof: String?) async throws -> Share {
        let (record, share) = try await find(token)
        if let pinHash = record.pinHash {
            guard let proof, constantTimeEqual(proof, Self.proof(record.token, pinHash)) else {
                throw MatrixError(.pinNeeded, "This link needs its PIN.")
            }
        }
        return share
    }

    /// Throws `pinNeeded` for a wrong PIN, and `limitExceeded` for too many of them.
    public func proof(of pin: String, for token: String, address: String?) async throws -> String {
        let record = try await find(token).record
        guard let pinHash = record.pinHash else { return "" }
        var subjects: [RateLimiter.Subject] = [.pinFailuresOfShare(record.token)]
        if let address { subjects.append(.loginFailuresFromAddress(address)) }
        for subject in subjects { try limiter.take(subject) }
        guard try await passwords.verify(pin, against: pinHash) else { throw MatrixError(.pinNeeded, "This is not the PIN.") }
        for subject in subjects { limiter.giveBack(subject) }
        return Self.proof(record.token, pinHash)
    }

    /// Runs `body` if so many bytes more may come by this link, and holds that much free meanwhile.
    public func reserving<Result>(_ byteCount: Int64, for share: Share, _ body: () async throws -> Result) async throws -> Result {
        guard share.takesUploads else { throw MatrixError(.forbidden, "This link takes no files.") }
        let fits = state.withLock { state in
            let incoming = state.incoming[share.token] ?? 0
            // The boundaries of the form come on top of the files.
            guard byteCount <= share.maxBytes + Self.boundaryBytes - share.uploadedBytes - incoming else { return false }
            state.incoming[share.token] = incoming + byteCount
            return true
        }
        guard fits else { throw Self.full }
        defer {
            state.withLock { state in
                let rest = (state.incoming[share.token] ?? 0) - byteCount
                state.incoming[share.token] = rest > 0 ? rest : nil
            }
        }
        return try await body()
    }

    /// Takes in a file of a guest. It belongs to whoever made the link, and gets a name of its own where the name is taken.
    ///
    /// - Parameter next: the next piece, `nil` at the end.
    public func receive(_ fileName: String, contentType: String?, to token: String, next: () async throws -> Media.Piece?) async throws {
        let share = try await find(token).share
        guard share.uploadedFiles < Self.maxUploadedFiles else { throw Self.full }
        let path = try share.path.appending(GuestFileName.safe(fileName))
        _ = try await files.check(path, byteCount: nil, by: share.caller)
        let staged = blobs.stage(expectedBytes: nil)
        while let piece = try await next() {
            try await staged.write(piece)
            guard staged.byteCount <= files.maxFileBytes else { throw Self.full }
        }
        let kept = try await blobs.keep(staged)
        // It may have been revoked meanwhile.
        _ = try await find(token)
        _ = try await files.adoptUnderFreeName(
            kept, at: path, FileDescription(contentType: contentType, byteCount: kept.byteCount), by: share.caller)
        try await database.write { try $0.countUpload(kept.byteCount, to: token) }
    }

    private static let boundaryBytes: Int64 = 64 << 10
    private static let full = MatrixError(.tooLarge, "That is more than this link takes.")

    // MARK: Rows

    private func find(_ token: String) async throws -> (record: StoredShare, share: Share) {
        guard token.utf8.count <= Self.maxTokenBytes else { throw Self.ended }
        return try await database.read { [self] transaction in
            guard let record = try transaction.share(token), let share = try share(record, in: transaction) else { throw Self.ended }
            return (record, share)
        }
    }

    /// `nil` for a link that leads nowhere any more.
    private func share(_ record: StoredShare, in transaction: ReadTransaction) throws -> Share? {
        guard !isExpired(record), let account = try transaction.account(of: record.userID), !account.isDeactivated, !account.isLocked else {
            return nil
        }
        let (path, isFolder): (FilePath, Bool)
        if let text = record.path {
            (path, isFolder) = (try FilePath(text), false)
        } else {
            let shared = try transaction.rootFolder(of: "")?.id
            let own = try transaction.rootFolder(of: record.userID.rawValue)?.id
            guard let file = try record.fileID.flatMap({ try transaction.file($0) }), file.rootID == shared || file.rootID == own,
                let found = try FileSearch.path(of: file, shared: shared, in: transaction)
            else { return nil }
            (path, isFolder) = (found, file.isFolder)
        }
        return Share(
            token: record.token, userID: record.userID, path: path, isFolder: isFolder, createdTimestamp: record.createdTimestamp,
            expiresTimestamp: record.expiresTimestamp, hasPIN: record.pinHash != nil, takesUploads: record.takesUploads,
            maxBytes: record.maxBytes, uploadedFiles: record.uploadedFiles, uploadedBytes: record.uploadedBytes)
    }

    private func end(_ record: StoredShare, in transaction: WriteTransaction) throws {
        _ = try transaction.deleteShare(record.token, of: record.userID)
        state.withLock { $0.deadlines[record.token] = nil }
    }

    private func isExpired(_ record: StoredShare) -> Bool {
        if let deadline = state.withLock({ $0.deadlines[record.token] }) { return monotonicClock.nowMilliseconds >= deadline }
        return clock.nowMilliseconds >= record.expiresTimestamp
    }

    private func hash(_ pin: String?) async throws -> String? {
        guard let pin else { return nil }
        return try await passwords.hash(pin)
    }

    /// Ends with the PIN, and can be made only by whoever knows its hash.
    private static func proof(_ token: String, _ pinHash: String) -> String {
        Base64.encodeURLSafe(Digest.hmacSHA256(key: [UInt8](pinHash.utf8), [UInt8](token.utf8)))
    }

    private static func fileID(_ node: FileNode) throws(MatrixError) -> Int64? {
        guard node.roomID == nil else { return nil }
        guard node.id.hasPrefix("f"), let id = Int64(node.id.dropFirst()) else { throw notShareable }
        return id
    }

    /// A name in a chat may come to mean another file; the event does not.
    private static func pathInChat(_ node: FileNode) throws(MatrixError) -> FilePath? {
        guard let room = node.roomID else { return nil }
        guard let event = node.eventID, !node.isFolder else { throw notShareable }
        return try FilePath([FileVolumeName.chats.rawValue, room.rawValue, event.rawValue])
    }

    private static let notShareable = MatrixError(.forbidden, "A whole chat cannot be shared. Share its files, or copy them into a folder.")
    private static let ended = MatrixError(.notFound, "This link is not good any more. Ask for a new one.")
}

extension MatrixError.Code {
    public static let pinNeeded = Self("LANDLINE_PIN", status: 403)
}
