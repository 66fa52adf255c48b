import Cryptography
import Glibc
import Logging
import MatrixCore
import Storage
import Synchronization

/// Small pictures of large ones: each made once, and kept as long as there is room.
///
/// spec: client-server-api/#thumbnails
public final class Thumbnails: Sendable {
    /// What stays as it is, and what there is no thumbnail of. Not worth a row: finding out again takes a moment.
    private enum Known: Sendable {
        case original(ThumbnailProcess.Format)
        case noPicture
        case tooLarge
    }

    private enum Result: Sendable {
        case thumbnail(hash: [UInt8], contentType: String, BlobReader)
        case known(Known)
    }

    private let database: Database
    private let blobs: BlobStore
    private let process: ThumbnailProcess
    private let logger: Logger
    private let queue = ThumbnailQueue()
    private let known = Mutex(BoundedCache<ThumbnailKey, Known>(capacity: maxKnown))
    private let making = Mutex<[ThumbnailKey: Task<Result, any Error>]>([:])
    /// Since the last one was made. Written with the next one, so that looking at pictures writes nothing.
    private let used = Mutex<Set<Int64>>([])

    /// What all thumbnails may take on the disk.
    static let maxBytes: Int64 = 64 << 20
    /// A larger picture is not even looked at.
    static let maxPictureBytes: Int64 = 128 << 20
    private static let maxKnown = 1_024
    private static let maxUsed = 4_096

    init(database: Database, blobs: BlobStore, process: ThumbnailProcess, logger: Logger) {
        self.database = database
        self.blobs = blobs
        self.process = process
        self.logger = logger
    }

    /// A thumbnail of a picture, or the picture itself where that is not larger. Its content type is what the bytes are, whatever the
    /// uploader said.
    ///
    /// Throws `unknown` if it is no picture that is known here, `tooLarge`, or `limitExceeded` where too many are waited for.
    ///
    /// - Parameter caller: who waits for it: everyone gets a turn.
    public func thumbnail(of file: OpenFile, _ wish: ThumbnailWish, for caller: String) async throws -> OpenFile {
        let key = ThumbnailKey(
            source: file.hash, width: wish.width, height: wish.height, crops: wish.crops, takesAnimation: wish.takesAnimation)
        switch try await find(key) {
        case let result?: return try open(result, of: file)
        case nil: return try open(try await make(key, file, wish, for: caller), of: file)
        }
    }

    private func open(_ result: Result, of file: OpenFile) throws -> OpenFile {
        switch result {
        case .thumbnail(let hash, let contentType, let contents):
            return OpenFile(
                name: contentType == ThumbnailProcess.Format.png.contentType ? "thumbnail.png" : "thumbnail.jpg", contentType: contentType,
                modifiedTimestamp: file.modifiedTimestamp, hash: hash, contents)
        case .known(.original(let format)):
            return OpenFile(
                name: file.name, contentType: format.contentType, modifiedTimestamp: file.modifiedTimestamp, hash: file.hash, file.contents)
        case .known(.noPicture): throw MatrixError(.unknown, "There is no thumbnail of this file: it is no picture that is known here.")
        case .known(.tooLarge): throw MatrixError(.tooLarge, "This picture is too large for a thumbnail.")
        }
    }

    private func find(_ key: ThumbnailKey) async throws -> Result? {
        if let known = known.withLock({ $0[key] }) { return .known(known) }
        let found = try await database.read { transaction in
            try transaction.thumbnail(key).map { ($0, try transaction.content($0.hash)) }
        }
        guard let (stored, content) = found, let content, let contents = try await blobs.open(content) else { return nil }
        used.withLock { if $0.count < Self.maxUsed { $0.insert(stored.id) } }
        return .thumbnail(hash: stored.hash, contentType: stored.contentType, contents)
    }

    // MARK: Making

    /// Who asks for one that is being made waits for the same.
    private func make(_ key: ThumbnailKey, _ file: OpenFile, _ wish: ThumbnailWish, for caller: String) async throws -> Result {
        guard file.byteCount <= Self.maxPictureBytes else { return .known(.tooLarge) }
        let task = making.withLock { making in
            if let task = making[key] { return task }
            let task = Task {
                defer { self.making.withLock { $0[key] = nil } }
                // It may have been finished after it was looked for.
                if let result = try await find(key) { return result }
                return try await run(key, file, wish, for: caller)
            }
            making[key] = task
            return task
        }
        return try await task.value
    }

    private func run(_ key: ThumbnailKey, _ file: OpenFile, _ wish: ThumbnailWish, for caller: String) async throws -> Result {
        let process = process
        let outcome = try await queue.run(for: caller) { () -> ThumbnailProcess.Outcome in
            if let bytes = file.smallBytes { return process.run(.bytes(bytes), wish) }
            do {
                guard let descriptor = try file.duplicateDescriptor() else { return .failed("The picture has no file.") }
                defer { close(descriptor) }
                return process.run(.descriptor(descriptor), wish)
            } catch {
                return .failed("\(error)")
            }
        }
        switch outcome {
        case .thumbnail(let bytes, let format): return try await keep(bytes, format, key)
        case .original(let format): return note(.original(format), key)
        case .noPicture: return note(.noPicture, key)
        case .tooLarge: return note(.tooLarge, key)
        case .failed(let reason):
            logger.error("a thumbnail could not be made: \(reason)")
            throw MatrixError(MatrixError.Code("M_UNKNOWN", status: 500), "The thumbnail could not be made.")
        }
    }

    private func note(_ what: Known, _ key: ThumbnailKey) -> Result {
        known.withLock { $0[key] = what }
        return .known(what)
    }

    /// Whoever waits gets the thumbnail even if there is no room to keep it.
    private func keep(_ bytes: [UInt8], _ format: ThumbnailProcess.Format, _ key: ThumbnailKey) async throws -> Result {
        let used = used.withLock { used in
            defer { used = [] }
            return used
        }
        do {
            let staged = blobs.stage(expectedBytes: Int64(bytes.count))
            try await staged.write { take in try bytes.withUnsafeBytes(take) }
            let kept = try await blobs.keep(staged)
            try await database.write { [blobs] transaction in
                try transaction.noteUse(ofThumbnails: used)
                try transaction.insertThumbnail(key, kept, contentType: format.contentType)
                try blobs.trimThumbnails(to: Self.maxBytes, in: transaction)
            }
        } catch {
            logger.warning("a thumbnail is not kept: \(error)")
        }
        return .thumbnail(hash: Digest.sha256(bytes), contentType: format.contentType, BlobReader(bytes: bytes))
    }
}
