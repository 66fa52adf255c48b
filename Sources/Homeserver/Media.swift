import Cryptography
public import MatrixCore
import Storage
import Synchronization

/// The content repository: uploads and their contents.
///
/// spec: client-server-api/#content-repository
public final class Media: Sendable {
    /// The most that one upload may have.
    public let maxUploadBytes: Int64

    private let serverName: String
    private let database: Database
    private let blobs: BlobStore
    private let quotas: Quotas
    private let unused: UnusedMedia
    private let clock: Clock
    /// Reserved by `create`, not uploaded yet. Forgotten by a restart, as it is by time elsewhere.
    private let reserved = Mutex<[String: UserID]>([:])

    static let maxFileNameBytes = 512
    static let maxContentTypeBytes = 255
    static let maxReservedUploads = 256
    private static let mediaIDLength = 24

    init(serverName: String, database: Database, blobs: BlobStore, quotas: Quotas, unused: UnusedMedia, clock: Clock, maxUploadBytes: Int64) {
        self.serverName = serverName
        self.database = database
        self.blobs = blobs
        self.quotas = quotas
        self.unused = unused
        self.clock = clock
        self.maxUploadBytes = maxUploadBytes
    }

    /// What is known of an upload before its bytes.
    public struct Description: Sendable {
        public var contentType: String?
        public var fileName: String?
        public var byteCount: Int64?

        public init(contentType: String?, fileName: String?, byteCount: Int64?) {
            self.contentType = contentType
            self.fileName = fileName
            self.byteCount = byteCount
        }
    }

    /// Gives the bytes of a piece of an upload to the closure that takes them.
    public typealias Piece = @Sendable ((UnsafeRawBufferPointer) throws -> Void) throws -> Void

    /// Takes an upload in. When this returns its `mxc://` URI, it is on disk.
    ///
    /// - Parameter next: the next piece, `nil` at the end.
    public func upload(_ description: Description, by user: UserID, next: () async throws -> Piece?) async throws -> String {
        try await store(description, Self.newID(), user, next)
    }

    /// Reserves a URI to upload to later.
    public func reserve(for user: UserID) throws(MatrixError) -> String {
        let mediaID = Self.newID()
        let isReserved = reserved.withLock { reserved in
            guard reserved.count < Self.maxReservedUploads else { return false }
            reserved[mediaID] = user
            return true
        }
        guard isReserved else { throw MatrixError(.limitExceeded, "Too many uploads are waiting to be sent.") }
        return uri(mediaID)
    }

    /// Takes in the content of a URI that was reserved.
    public func upload(
        _ description: Description, to serverName: String, _ mediaID: String, by user: UserID, next: () async throws -> Piece?
    ) async throws {
        let owner = serverName == self.serverName ? reserved.withLock { $0[mediaID] } : nil
        guard let owner else {
            if serverName == self.serverName, try await database.read({ try $0.media(mediaID) }) != nil {
                throw MatrixError(.cannotOverwriteMedia, "This file is uploaded already.")
            }
            throw MatrixError(.notFound, "There is no such upload.")
        }
        guard owner == user else { throw MatrixError(.forbidden, "This upload belongs to someone else.") }
        guard reserved.withLock({ $0.removeValue(forKey: mediaID) }) != nil else {
            throw MatrixError(.cannotOverwriteMedia, "This file is being uploaded already.")
        }
        do {
            _ = try await store(description, mediaID, user, next)
        } catch {
            reserved.withLock { $0[mediaID] = user }
            throw error
        }
    }

    /// Throws `notFound`, or `notYetUploaded` for a URI that is only reserved.
    public func open(_ serverName: String, _ mediaID: String) async throws -> OpenFile {
        let found = try await database.read { transaction in
            try transaction.media(mediaID).map { ($0, try transaction.content($0.hash)) }
        }
        guard serverName == self.serverName, let (media, content) = found else {
            if serverName == self.serverName, reserved.withLock({ $0[mediaID] }) != nil {
                throw MatrixError(.notYetUploaded, "This file is not uploaded yet.")
            }
            throw MatrixError(.notFound, "This box has no such file.")
        }
        guard let content, let contents = try await blobs.open(content) else {
            throw MatrixError(.notFound, "The contents of this file are lost.")
        }
        try await unused.noteUse(of: media)
        return OpenFile(name: media.fileName, contentType: media.contentType, modifiedTimestamp: nil, hash: media.hash, contents)
    }

    private func store(_ description: Description, _ mediaID: String, _ user: UserID, _ next: () async throws -> Piece?) async throws -> String {
        let left = try await check(description, by: user)
        let staged = blobs.stage(expectedBytes: description.byteCount)
        while let piece = try await next() {
            try await staged.write(piece)
            guard staged.byteCount <= maxUploadBytes else { throw tooLarge }
            try Quotas.check(staged.byteCount, fits: left, for: .media)
        }
        return try await adopt(blobs.keep(staged), description, mediaID, user)
    }

    /// Makes a content that is kept already an upload. Gives its URI.
    func adopt(_ kept: KeptContent, _ description: Description, by user: UserID) async throws -> String {
        try await adopt(kept, description, SecureRandom.string(length: Self.mediaIDLength, alphabet: Self.alphabet), user)
    }

    /// Refuses early what `adopt` would refuse. Gives how many bytes the account may have; `nil` for any number.
    @discardableResult
    func check(_ description: Description, by user: UserID) async throws -> Int64? {
        if let fileName = description.fileName, fileName.utf8.count > Self.maxFileNameBytes {
            throw MatrixError(.invalidParameter, "The file name is too long.")
        }
        if let byteCount = description.byteCount, byteCount > maxUploadBytes { throw tooLarge }
        let left = try await quotas.left(for: user)
        // Whoever has nothing left need not send anything to learn it.
        try Quotas.check(description.byteCount ?? 1, fits: left, for: .media)
        return left
    }

    private func adopt(_ kept: KeptContent, _ description: Description, _ mediaID: String, _ user: UserID) async throws -> String {
        let media = StoredMedia(
            mediaID: mediaID, hash: kept.hash, byteCount: kept.byteCount, contentType: description.contentType.flatMap(Self.checkedContentType),
            fileName: description.fileName, userID: user, createdTimestamp: clock.nowMilliseconds)
        try await database.write { [quotas] transaction in
            try quotas.check(adding: media.byteCount, by: user, for: .media, in: transaction)
            try transaction.record(kept)
            try transaction.insertMedia(media)
        }
        return uri(mediaID)
    }

    private var tooLarge: MatrixError { MatrixError(.tooLarge, "The file is too large: at most \(maxUploadBytes) bytes are taken.") }

    private func uri(_ mediaID: String) -> String { "mxc://\(serverName)/\(mediaID)" }

    /// It goes back into a header later, so it may have only what a header may have.
    static func checkedContentType(_ text: String) -> String? {
        let isPlain = text.utf8.count <= maxContentTypeBytes && text.contains("/") && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        return isPlain ? text : nil
    }

    static func newID() -> String { SecureRandom.string(length: mediaIDLength, alphabet: alphabet) }

    private static let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
}
