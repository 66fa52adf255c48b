import Cryptography
import Glibc

/// The file of an upload that can be continued: hashed while it is written, and kept when the connection or the box goes away.
///
/// Proof for `@unchecked Sendable`: the owner awaits each call before the next, and so each of them, on whatever thread,
/// sees what the one before has left.
public final class PartialUpload: @unchecked Sendable {
    /// How many bytes have been written.
    public private(set) var byteCount: Int64 = 0

    let path: String
    private let descriptor: Int32
    private let threads: FileThreads
    private var digest = SHA256Digest()
    private var isNameOnDisk: Bool

    /// What is read at a time when an upload is hashed again: others get their turn in between.
    private static let bytesPerRead = 1 << 20

    /// A place to go back to, if what follows turns out to be wrong.
    public struct Mark: Sendable {
        fileprivate let byteCount: Int64
        fileprivate let digest: SHA256Digest
    }

    /// - Parameter isNew: whether the file may be missing. One that is there is not trusted either way.
    init(path: String, isNew: Bool, threads: FileThreads) throws(StorageError) {
        self.path = path
        self.threads = threads
        isNameOnDisk = !isNew
        descriptor = open(path, isNew ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(path) }
    }

    deinit {
        let descriptor = descriptor
        threads.runLater { Glibc.close(descriptor) }
    }

    /// Takes up where `offset` bytes are known to be on the disk; what a crash has left behind them is cut off.
    func resume(at offset: Int64) async throws {
        try await threads.run { [self] in
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw StorageError.file(path) }
            guard Int64(status.st_size) >= offset else {
                throw StorageError(.corrupt, "\(path) is shorter than it was.", hint: "The disk may be failing. Send the file again.")
            }
            guard ftruncate(descriptor, off_t(offset)) == 0 else { throw StorageError.file(path) }
            posix_fadvise(descriptor, 0, off_t(offset), POSIX_FADV_SEQUENTIAL)
        }
        while byteCount < offset {
            let count = Int(min(Int64(Self.bytesPerRead), offset - byteCount))
            try await threads.run { [self] in try hashAgain(count) }
        }
    }

    private func hashAgain(_ count: Int) throws(StorageError) {
        let bytes = try read(at: byteCount, count: count)
        digest.update(bytes)
        byteCount += Int64(bytes.count)
    }

    private func read(at offset: Int64, count: Int) throws(StorageError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let result = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress?.advanced(by: filled), count - filled, off_t(offset) + filled)
            }
            if result < 0 && errno == EINTR { continue }
            guard result > 0 else { throw .file(path) }
            filled += result
        }
        return bytes
    }

    // MARK: Writing

    /// Appends pieces, unless the file would then have more than `limit` bytes: then nothing more is written, and it returns `false`.
    ///
    /// - Parameter pieces: each gives its bytes to the closure that takes them.
    public func write(
        _ pieces: [@Sendable ((UnsafeRawBufferPointer) throws -> Void) throws -> Void], upTo limit: Int64
    ) async throws -> Bool {
        try await threads.run { [self] in
            var fits = true
            for piece in pieces where fits {
                try piece { bytes in
                    fits = byteCount + Int64(bytes.count) <= limit
                    if fits { try append(bytes) }
                }
            }
            return fits
        }
    }

    /// What is written in part when the disk is full does not count, and is written over.
    private func append(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
        var written = 0
        while written < bytes.count {
            let result = pwrite(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written, off_t(byteCount) + written)
            if result < 0 && errno == EINTR { continue }
            guard result >= 0 else { throw .file(path) }
            written += result
        }
        digest.update(bytes)
        byteCount += Int64(bytes.count)
    }

    /// Brings everything to the disk, with the file's name.
    ///
    /// - Parameter needsSpace: whether to throw `full` where more would leave messages too little.
    public func flush(needsSpace: Bool) async throws {
        try await threads.run { [self] in
            guard fdatasync(descriptor) == 0 else { throw StorageError.file(path) }
            if !isNameOnDisk {
                try BlobStore.flushDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
                isNameOnDisk = true
            }
            if needsSpace { try StagingFile.requireSpace(in: path, 0) }
        }
    }

    public var mark: Mark { Mark(byteCount: byteCount, digest: digest) }

    /// Forgets what came after the mark.
    public func rewind(to mark: Mark) async throws {
        try await threads.run { [self] in
            byteCount = mark.byteCount
            digest = mark.digest
            guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw StorageError.file(path) }
        }
    }

    // MARK: The end

    /// The hash of everything so far. More can follow.
    var hash: BlobStore.Hash {
        var digest = digest
        return digest.finalize()
    }

    func allBytes() throws(StorageError) -> [UInt8] { try read(at: 0, count: Int(byteCount)) }

    /// One more name for the file, or this one instead of it where the disk knows no further names.
    func link(to destination: String) throws(StorageError) {
        if Glibc.link(path, destination) == 0 || errno == EEXIST { return }
        guard rename(path, destination) == 0 else { throw .file(destination) }
    }
}
