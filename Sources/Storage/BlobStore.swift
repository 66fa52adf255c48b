import Glibc

/// The contents of files, each kept once, under the SHA-256 of its bytes: `blobs/ab/cd/abcd...`.
///
/// A content is in the store only whole: it is written to a staging file, flushed, and renamed.
public final class BlobStore: Sendable {
    /// The name of a content.
    public typealias Hash = [UInt8]

    private let directory: String
    private let staging: String
    private let threads = FileThreads()

    /// What files may not take, so that messages still find room on a nearly full disk.
    static let reservedBytes: Int64 = 64 << 20

    /// Opens the store, and deletes what uploads that never ended have left.
    public init(directory: DataDirectory) throws(StorageError) {
        self.directory = directory.blobs
        staging = directory.staging
        try UploadStaging.removeLeftovers(in: staging)
    }

    // MARK: Writing

    /// Begins to take in a content. Throws `full` where `expectedBytes` would not fit.
    public func stage(expectedBytes: Int64?) async throws -> UploadStaging {
        let (staging, threads) = (staging, threads)
        return try await threads.run { try UploadStaging(directory: staging, expectedBytes: expectedBytes, threads: threads) }
    }

    /// Keeps a staged content. When this returns, it is on disk with its directory entries.
    public func keep(_ upload: UploadStaging) async throws -> (hash: Hash, byteCount: Int64) {
        let directory = directory
        return try await threads.run {
            let hash = try upload.flush()
            let path = Self.path(of: hash, in: directory)
            let (first, second) = Self.parents(of: path)
            try Self.makeDirectory(first, in: directory)
            try Self.makeDirectory(second, in: first)
            // A content that is there already is replaced by itself.
            try upload.move(to: path)
            try Self.flushDirectory(second)
            return (hash, upload.byteCount)
        }
    }

    // MARK: Reading

    /// `nil` if there is no such content.
    public func open(_ hash: Hash) async throws -> BlobReader? {
        let (path, threads) = (Self.path(of: hash, in: directory), threads)
        return try await threads.run {
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                if errno == ENOENT { return nil }
                throw StorageError.file(path)
            }
            var status = stat()
            guard fstat(descriptor, &status) == 0 else {
                Glibc.close(descriptor)
                throw StorageError.file(path)
            }
            return BlobReader(descriptor: descriptor, byteCount: Int64(status.st_size), path: path, threads: threads)
        }
    }

    /// Finishes what is being written, and ends the threads.
    public func close() { threads.close() }

    // MARK: Paths

    static func path(of hash: Hash, in directory: String) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var name: [UInt8] = []
        for byte in hash { name += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        let text = String(decoding: name, as: UTF8.self)
        return "\(directory)/\(text.prefix(2))/\(text.dropFirst(2).prefix(2))/\(text)"
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
    private static func flushDirectory(_ path: String) throws(StorageError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(path) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .file(path) }
    }
}
