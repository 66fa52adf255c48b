import Glibc
import Synchronization

/// The contents of files, each kept once, under the SHA-256 of its bytes.
///
/// Small ones are rows of the database: a file of its own would cost a flush more for its bytes and one for its name, and a row shares the
/// group commit's. Larger ones are files, `blobs/ab/cd/abcd...`, and there only whole: written to a staging file, flushed, and renamed.
///
/// A file that is no longer referred to is taken away by the writer's thread, after the commit that removed its row, unless it is pinned:
/// whoever keeps a content pins it before the file gets its name, until its row is committed. So no order of the two loses a file.
public final class BlobStore: Sendable {
    /// The name of a content.
    public typealias Hash = [UInt8]

    private let directory: String
    private let staging: String
    let uploads: String
    let threads = FileThreads()
    private let pins = Mutex<[Hash: Int]>([:])

    /// What files may not take, so that messages still find room on a nearly full disk.
    static let reservedBytes: Int64 = 64 << 20
    /// The largest content that the database holds.
    static let maxSmallBytes = 32 << 10

    /// Opens the store, and deletes what uploads that never ended have left.
    public init(directory: DataDirectory) throws(StorageError) {
        self.directory = directory.blobs
        staging = directory.staging
        uploads = directory.uploads
        try UploadStaging.removeLeftovers(in: staging)
    }

    // MARK: Writing

    /// Begins to take in a content. Writing its first bytes throws `full` where `expectedBytes` would not fit.
    public func stage(expectedBytes: Int64?) -> UploadStaging {
        UploadStaging(directory: staging, expectedBytes: expectedBytes, threads: threads)
    }

    /// Keeps a staged content. When this returns, it is on disk with its directory entries, unless it is small: then it goes to the disk
    /// with `WriteTransaction.record`.
    public func keep(_ upload: UploadStaging) async throws -> KeptContent {
        if let bytes = upload.smallBytes {
            return KeptContent(StoredContent(hash: upload.finishSmall(), byteCount: upload.byteCount, bytes: bytes), unpin: {})
        }
        // A content that is there already is replaced by itself.
        return try await threads.run { [self] in try keepFile(upload.flush(), upload.byteCount) { try upload.move(to: $0) } }
    }

    /// - Parameter place: gives the file, which is on disk, its name in the store.
    func keepFile(_ hash: Hash, _ byteCount: Int64, place: (String) throws -> Void) throws -> KeptContent {
        let pinned = pin(StoredContent(hash: hash, byteCount: byteCount, bytes: nil))
        let path = Self.path(of: hash, in: directory)
        let (first, second) = Self.parents(of: path)
        try Self.makeDirectory(first, in: directory)
        try Self.makeDirectory(second, in: first)
        try place(path)
        try Self.flushDirectory(second)
        return pinned
    }

    /// For a further reference to a content that is in the store: it stays until that is committed.
    public func pin(_ content: StoredContent) -> KeptContent {
        let hash = content.hash
        pins.withLock { $0[hash, default: 0] += 1 }
        return KeptContent(content) { [self] in
            pins.withLock { pins in
                let count = (pins[hash] ?? 1) - 1
                pins[hash] = count > 0 ? count : nil
            }
        }
    }

    // MARK: Removing

    /// Deletes a content if nothing refers to it any more, and its thumbnails. To be called where a reference was removed.
    public func release(_ hash: Hash, in transaction: WriteTransaction) throws {
        guard try !transaction.isReferredTo(hash), let wasFile = try transaction.deleteContent(hash) else { return }
        if wasFile { transaction.afterCommit { self.discard(hash) } }
        for thumbnail in try transaction.removeThumbnails(of: hash) { try release(thumbnail, in: transaction) }
    }

    /// On the writer's thread, so that no row for the content can be committed meanwhile.
    private func discard(_ hash: Hash) {
        pins.withLock { pins in
            guard pins[hash] == nil else { return }
            // Deleting a large file takes its time; another name is quick. What a crash leaves there is deleted at the next start.
            let discarded = "\(staging)/\(Self.name(of: hash)).discarded"
            guard rename(Self.path(of: hash, in: directory), discarded) == 0 else { return }
            threads.runLater { unlink(discarded) }
        }
    }

    /// Deletes files that the database knows nothing of: a crash can leave one between its renaming and the commit of its row.
    public func removeOrphans(_ database: Database) async throws {
        for first in try await names(in: directory) {
            for second in try await names(in: "\(directory)/\(first)") {
                for name in try await names(in: "\(directory)/\(first)/\(second)") {
                    guard let hash = Self.hash(ofName: name), try await !database.read({ try $0.hasContent(hash) }) else { continue }
                    try await database.write { [self] transaction in
                        if try !transaction.hasContent(hash) { transaction.afterCommit { self.discard(hash) } }
                    }
                }
            }
        }
    }

    private func names(in directory: String) async throws -> [String] {
        try await threads.run { try DirectoryListing.names(in: directory) }
    }

    /// The disk's space, without what files may not take.
    public func diskSpace() async throws -> (freeBytes: Int64, totalBytes: Int64) {
        let directory = directory
        return try await threads.run {
            var status = statvfs()
            guard statvfs(directory, &status) == 0 else { throw StorageError.file(directory) }
            let blockBytes = Int64(status.f_frsize)
            return (max(0, Int64(status.f_bavail) * blockBytes - Self.reservedBytes), Int64(status.f_blocks) * blockBytes)
        }
    }

    // MARK: Reading

    /// `nil` if its file is lost.
    public func open(_ content: StoredContent) async throws -> BlobReader? {
        if let bytes = content.bytes { return BlobReader(bytes: bytes) }
        let (path, threads) = (Self.path(of: content.hash, in: directory), threads)
        return try await threads.run { try BlobReader(path: path, threads: threads) }
    }

    /// Finishes what is being written, and ends the threads.
    public func close() { threads.close() }

    // MARK: Paths

    static func path(of hash: Hash, in directory: String) -> String {
        let name = name(of: hash)
        return "\(directory)/\(name.prefix(2))/\(name.dropFirst(2).prefix(2))/\(name)"
    }

    private static func name(of hash: Hash) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var name: [UInt8] = []
        for byte in hash { name += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: name, as: UTF8.self)
    }

    static func hash(ofName name: String) -> Hash? {
        guard name.utf8.count == 64 else { return nil }
        var hash: Hash = []
        var digits = name.utf8.makeIterator()
        while let high = digits.next(), let low = digits.next() {
            guard let byte = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16) else { return nil }
            hash.append(byte)
        }
        return hash
    }

    private static func parents(of path: String) -> (String, String) {
        let second = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        let first = second[..<(second.lastIndex(of: "/") ?? second.startIndex)]
        return (String(first), String(second))
    }

    private static func makeDirectory(_ path: String, in parent: String) throws(StorageError) {
        if mkdir(path, 0o700) == 0 { return try flushDirectory(parent) }
        guard errno == EEXIST else { throw .file(path) }
    }

    /// A file's name is on disk only when its directory is.
    static func flushDirectory(_ path: String) throws(StorageError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(path) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .file(path) }
    }
}
