import Cryptography
public import MatrixCore
import Storage
import Synchronization

/// An upload that can be continued, as its owner sees it.
public struct Upload: Sendable {
    public let uploadID: String
    /// `nil` while nobody has said it.
    public let byteCount: Int64?
    /// How many bytes are on the disk.
    public let offset: Int64
    /// As the client sent it.
    public let metadata: String
    public let expiresTimestamp: Int64
    /// What it became, one of the two; `nil` until it is complete.
    public let contentURI: String?
    public let path: String?

    init(_ stored: StoredUpload) {
        uploadID = stored.uploadID
        byteCount = stored.byteCount
        offset = stored.offset
        metadata = stored.metadata
        expiresTimestamp = stored.expiresTimestamp
        contentURI = stored.contentURI
        path = stored.path
    }
}

/// Uploads that go on after a broken connection, a phone that slept, or a restart of the box.
///
/// What is acknowledged is on the disk: bytes are flushed in slices, and after each the row says how far they are. When all are there,
/// the upload becomes media of Matrix, or a file of a folder.
public final class Uploads: Sendable {
    static let maxUnfinishedOfUser = 256
    /// Of those completed within a day, the newest.
    static let maxResultsOfUser = 1_000
    /// What the unfinished uploads of one user may come to together, unless a single file may be larger.
    static let maxUnfinishedBytesOfUser: Int64 = 64 << 30
    static let maxOpenUploads = 64
    static let bytesPerSlice: Int64 = 16 << 20
    static let bytesPerWrite = 512 << 10
    static let lifetimeMilliseconds: Int64 = 7 * 24 * 3_600 * 1_000
    /// How long a complete upload can be asked what it became.
    static let lifetimeOfResultMilliseconds: Int64 = 24 * 3_600 * 1_000
    private static let sweepInterval = Duration.seconds(3_600)

    public let maxUploadBytes: Int64

    private let database: Database
    private let blobs: BlobStore
    private let clock: Clock
    private let monotonicClock: MonotonicClock
    private let target: UploadTarget
    private let turns = Turns()
    private let sweeping = Mutex<Task<Void, Never>?>(nil)
    private let state = Mutex(State())

    private struct State {
        /// Hashed as far as they are, so that the next request need not read them again.
        var open = BoundedCache<String, PartialUpload>(capacity: maxOpenUploads)
        /// When the uploads that were worked on since the start expire. The time of day decides only about others, as it may be set.
        var deadlines: [String: Int64] = [:]
    }

    init(
        database: Database, blobs: BlobStore, target: UploadTarget, maxUploadBytes: Int64, clock: Clock, monotonicClock: MonotonicClock = .system
    ) {
        self.database = database
        self.blobs = blobs
        self.target = target
        self.maxUploadBytes = maxUploadBytes
        self.clock = clock
        self.monotonicClock = monotonicClock
    }

    // MARK: Calls

    /// - Parameter byteCount: `nil` where it is said later.
    public func create(byteCount: Int64?, metadata: String, by user: UserID) async throws -> Upload {
        let parsed = try UploadMetadata(parsing: metadata)
        if let byteCount, byteCount > maxUploadBytes { throw tooLarge }
        try await target.check(parsed, byteCount: byteCount, by: user)
        try await blobs.requireSpace(byteCount ?? 0)
        let record = StoredUpload(
            uploadID: SecureRandom.token(bytes: 18), userID: user, byteCount: byteCount, metadata: metadata,
            expiresTimestamp: clock.nowMilliseconds + Self.lifetimeMilliseconds)
        let maxBytes = max(Self.maxUnfinishedBytesOfUser, maxUploadBytes)
        try await database.write { transaction in
            let totals = try transaction.unfinishedUploadTotals(of: user)
            guard totals.count < Self.maxUnfinishedOfUser, totals.bytes + (byteCount ?? 0) <= maxBytes else {
                throw MatrixError(.tooManyUploads, "Too many uploads are not finished. Finish or delete some of them first.")
            }
            try transaction.insertUpload(record)
        }
        live(record, Self.lifetimeMilliseconds)
        return Upload(record)
    }

    /// How far an upload is. A request that sends to it is interrupted first, so that nothing is on its way to the disk.
    public func status(of uploadID: String, for user: UserID) async throws -> Upload {
        try await turns.take(uploadID) { [self] in
            var record = try await find(uploadID, of: user)
            // All bytes came, but what was to follow failed, or was cut off.
            if !record.isComplete, record.offset == record.byteCount { try await finish(&record, open(record)) }
            return Upload(record)
        }
    }

    /// Appends what comes.
    ///
    /// Throws `uploadOffset` unless `offset` is where the upload is. Whatever it throws, what came until then is on the disk and counts, but
    /// for the bytes of a request with a wrong checksum.
    ///
    /// - Parameters:
    ///   - byteCount: of the whole upload, where it was not said before.
    ///   - announcedBytes: how many bytes will come now, where that is known.
    ///   - next: the next piece, `nil` at the end.
    public func append(
        to uploadID: String, at offset: Int64, byteCount: Int64?, announcedBytes: Int64?, checksum: UploadChecksum?, by user: UserID,
        next: @escaping @Sendable () async throws -> UploadPiece?
    ) async throws -> Upload {
        try await turns.take(uploadID) { [self] in
            var record = try await find(uploadID, of: user)
            guard !record.isComplete, record.offset == offset else {
                throw MatrixError(.uploadOffset, "The upload is at \(record.offset), not at \(offset).")
            }
            try await setByteCount(byteCount, of: &record)
            guard announcedBytes.map({ $0 <= (record.byteCount ?? maxUploadBytes) - offset }) ?? true else { throw tooLarge }
            let partial = try await open(record)
            try await receive(&record, partial, checksum, next)
            if record.offset == record.byteCount { try await finish(&record, partial) }
            return Upload(record)
        }
    }

    public func delete(_ uploadID: String, by user: UserID) async throws {
        try await turns.take(uploadID) { [self] in
            _ = try await find(uploadID, of: user)
            try await remove([uploadID])
        }
    }

    /// Those that are not complete.
    public func list(of user: UserID) async throws -> [(upload: Upload, fileName: String?, path: String?)] {
        try await database.read { try $0.unfinishedUploads(of: user) }.filter { !isExpired($0.uploadID, $0.expiresTimestamp) }.map { record in
            let metadata = try? UploadMetadata(parsing: record.metadata)
            return (Upload(record), metadata?.fileName, metadata?.path)
        }
    }

    // MARK: Receiving

    private func setByteCount(_ byteCount: Int64?, of record: inout StoredUpload) async throws {
        guard let byteCount, byteCount != record.byteCount else { return }
        guard record.byteCount == nil, byteCount >= record.offset else {
            throw MatrixError(.invalidParameter, "Upload-Length is not what it was before.")
        }
        guard byteCount <= maxUploadBytes else { throw tooLarge }
        try await blobs.requireSpace(byteCount - record.offset)
        record.byteCount = byteCount
        try await store(record)
    }

    private func receive(
        _ record: inout StoredUpload, _ partial: PartialUpload, _ checksum: UploadChecksum?, _ next: () async throws -> UploadPiece?
    ) async throws {
        let start = partial.mark
        let limit = record.byteCount ?? maxUploadBytes
        let digest = checksum.map { ChecksumDigest($0.algorithm) }
        var failure: (any Error)?
        do {
            var batch: [UploadPiece] = []
            var isAtEnd = false
            while !isAtEnd {
                let piece = try await receivePiece(next, &failure)
                if let piece {
                    if let digest { try piece.withBytes { digest.update($0) } }
                    batch.append(piece)
                } else {
                    isAtEnd = true
                }
                guard isAtEnd || batch.reduce(0, { $0 + $1.byteCount }) >= Self.bytesPerWrite else { continue }
                guard try await partial.write(batch.map(\.withBytes), upTo: limit) else { throw tooLarge }
                batch = []
                if checksum == nil, partial.byteCount - record.offset >= Self.bytesPerSlice { try await flush(&record, partial, needsSpace: true) }
            }
        } catch {
            failure = error
        }
        if let checksum {
            guard failure == nil, digest?.finalize() == checksum.value else {
                try await partial.rewind(to: start)
                throw failure ?? MatrixError(.checksumMismatch, "The bytes are not those that were sent.")
            }
        }
        let isEnd = failure == nil && partial.byteCount == record.byteCount
        // The end has its own flush, with that of the result.
        if !isEnd, partial.byteCount > record.offset { try await flush(&record, partial, needsSpace: false) }
        if isEnd { record.offset = partial.byteCount }
        if let failure { throw failure }
    }

    /// A connection that breaks is the end of the request's bytes: those before it are kept.
    private func receivePiece(_ next: () async throws -> UploadPiece?, _ failure: inout (any Error)?) async throws -> UploadPiece? {
        do {
            return try await next()
        } catch {
            failure = error
            return nil
        }
    }

    private func flush(_ record: inout StoredUpload, _ partial: PartialUpload, needsSpace: Bool) async throws {
        try await partial.flush(needsSpace: needsSpace)
        record.offset = partial.byteCount
        record.expiresTimestamp = clock.nowMilliseconds + Self.lifetimeMilliseconds
        try await store(record)
        live(record, Self.lifetimeMilliseconds)
    }

    private func finish(_ record: inout StoredUpload, _ partial: PartialUpload) async throws {
        do {
            let kept = try await blobs.keep(partial)
            switch try await target.take(kept, UploadMetadata(parsing: record.metadata), by: record.userID) {
            case .contentURI(let uri): record.contentURI = uri
            case .path(let path): record.path = path
            }
        } catch {
            // All bytes are there; what is missing can be asked for again.
            try await flush(&record, partial, needsSpace: false)
            throw error
        }
        record.expiresTimestamp = clock.nowMilliseconds + Self.lifetimeOfResultMilliseconds
        let completed = record
        let forgotten = try await database.write { transaction in
            try transaction.updateUpload(completed)
            return try transaction.deleteUploadResults(of: completed.userID, butNewest: Self.maxResultsOfUser)
        }
        live(record, Self.lifetimeOfResultMilliseconds)
        forget(forgotten)
        state.withLock { $0.open[completed.uploadID] = nil }
        blobs.deleteUploads([record.uploadID])
    }

    private func open(_ record: StoredUpload) async throws -> PartialUpload {
        if let known = state.withLock({ $0.open[record.uploadID] }), known.byteCount == record.offset { return known }
        let partial = try await blobs.openUpload(record.uploadID, at: record.offset)
        state.withLock { $0.open[record.uploadID] = partial }
        return partial
    }

    private func store(_ record: StoredUpload) async throws { try await database.write { try $0.updateUpload(record) } }

    private var tooLarge: MatrixError {
        MatrixError(.tooLarge, "The file is too large, or larger than was said: at most \(maxUploadBytes) bytes are taken.")
    }

    // MARK: Their end

    private func find(_ uploadID: String, of user: UserID) async throws -> StoredUpload {
        guard let record = try await database.read({ try $0.upload(uploadID) }), record.userID == user,
            !isExpired(record.uploadID, record.expiresTimestamp)
        else { throw MatrixError(.notFound, "There is no such upload, or not any more.") }
        return record
    }

    private func live(_ record: StoredUpload, _ milliseconds: Int64) {
        let deadline = monotonicClock.nowMilliseconds + milliseconds
        state.withLock { $0.deadlines[record.uploadID] = deadline }
    }

    private func isExpired(_ uploadID: String, _ expiresTimestamp: Int64) -> Bool {
        if let deadline = state.withLock({ $0.deadlines[uploadID] }) { return monotonicClock.nowMilliseconds >= deadline }
        return clock.nowMilliseconds >= expiresTimestamp
    }

    private func remove(_ uploadIDs: [String]) async throws {
        try await database.write { transaction in
            for uploadID in uploadIDs { try transaction.deleteUpload(uploadID) }
        }
        forget(uploadIDs)
        blobs.deleteUploads(uploadIDs)
    }

    private func forget(_ uploadIDs: [String]) {
        state.withLock { state in
            for uploadID in uploadIDs {
                state.open[uploadID] = nil
                state.deadlines[uploadID] = nil
            }
        }
    }

    /// Deletes what has expired.
    func sweep() async throws {
        let expired = try await database.read { try $0.uploadExpiries() }.filter { isExpired($0.uploadID, $0.expiresTimestamp) }.map(\.uploadID)
        for uploadID in expired {
            try await turns.take(uploadID) { [self] in
                // It may have been continued meanwhile.
                guard let record = try await database.read({ try $0.upload(uploadID) }), isExpired(uploadID, record.expiresTimestamp) else { return }
                try await remove([uploadID])
            }
        }
    }

    /// Deletes what a crash has left and what has expired, now and every hour.
    func start() async throws {
        let known = try await database.read { Set(try $0.uploadExpiries().map(\.uploadID)) }
        try await blobs.deleteUploads(except: known)
        let task = Task { [self] in
            while !Task.isCancelled {
                // The next hour is another chance.
                try? await sweep()
                try? await Task.sleep(for: Self.sweepInterval)
            }
        }
        sweeping.withLock { $0 = task }
    }

    func stop() async {
        let task = sweeping.withLock { $0.take() }
        task?.cancel()
        await task?.value
    }
}

extension MatrixError.Code {
    static let uploadOffset = Self("LANDLINE_OFFSET", status: 409)
    static let checksumMismatch = Self("LANDLINE_CHECKSUM", status: 460)
    static let tooManyUploads = Self("M_LIMIT_EXCEEDED", status: 429)
}
