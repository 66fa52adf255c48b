import Cryptography
import Glibc

/// A content that is being taken in: a staging file, hashed while it is written.
///
/// Without `BlobStore.keep` it is deleted with this object.
///
/// Proof for `@unchecked Sendable`: the owner awaits each call before the next, and so each of them, on whatever thread,
/// sees what the one before has left.
public final class UploadStaging: @unchecked Sendable {
    /// How many bytes have been written.
    public private(set) var byteCount: Int64 = 0

    private let path: String
    private let descriptor: Int32
    private let threads: FileThreads
    private var digest = SHA256Digest()
    private var flushedBytes: Int64 = 0
    private var isMoved = false

    /// An upload waits for the disk after so many bytes: a gigabyte flushed at the end would hold up every message for as long.
    private static let bytesBetweenFlushes: Int64 = 32 << 20

    init(directory: String, expectedBytes: Int64?, threads: FileThreads) throws(StorageError) {
        try Self.requireSpace(in: directory, expectedBytes ?? 0)
        path = "\(directory)/\(SecureRandom.string(length: 24, alphabet: "abcdefghijklmnopqrstuvwxyz0123456789"))"
        self.threads = threads
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(path) }
    }

    deinit {
        let (path, descriptor, isMoved) = (path, descriptor, isMoved)
        threads.runLater {
            Glibc.close(descriptor)
            if !isMoved { unlink(path) }
        }
    }

    /// Appends a piece.
    ///
    /// - Parameter withBytes: gives the piece's bytes to the closure that takes them.
    public func write(_ withBytes: @escaping @Sendable ((UnsafeRawBufferPointer) throws -> Void) throws -> Void) async throws {
        try await threads.run { [self] in
            try withBytes { try append($0) }
        }
    }

    private func append(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
        digest.update(bytes)
        var written = 0
        while written < bytes.count {
            let result = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
            if result < 0 && errno == EINTR { continue }
            guard result >= 0 else { throw .file(path) }
            written += result
        }
        byteCount += Int64(bytes.count)
        if byteCount - flushedBytes >= Self.bytesBetweenFlushes {
            guard fdatasync(descriptor) == 0 else { throw .file(path) }
            flushedBytes = byteCount
            try Self.requireSpace(in: path, 0)
        }
    }

    /// Brings the content to the disk, and gives its hash.
    func flush() throws(StorageError) -> BlobStore.Hash {
        guard fdatasync(descriptor) == 0 else { throw .file(path) }
        return digest.finalize()
    }

    func move(to destination: String) throws(StorageError) {
        guard rename(path, destination) == 0 else { throw .file(destination) }
        isMoved = true
    }

    private static func requireSpace(in path: String, _ bytes: Int64) throws(StorageError) {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw .file(path) }
        let available = Int64(status.f_bavail) * Int64(status.f_frsize)
        guard available - bytes >= BlobStore.reservedBytes else {
            throw StorageError(
                .full, "The disk has too little space for this file.", hint: "Delete something from this disk; messages still find room.")
        }
    }

    static func removeLeftovers(in directory: String) throws(StorageError) {
        guard let stream = opendir(directory) else { throw .file(directory) }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { unlink("\(directory)/\(name)") }
        }
    }
}
