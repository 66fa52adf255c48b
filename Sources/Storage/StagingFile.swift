import CFiles
import Cryptography
import Glibc

/// A file of the staging directory. Unless it is moved away, it is deleted with this object.
///
/// Proof for `@unchecked Sendable`: belongs to one `UploadStaging`, which calls it from one thread at a time.
final class StagingFile: @unchecked Sendable {
    private let path: String
    private let descriptor: Int32
    private let threads: FileThreads
    private var byteCount: Int64 = 0
    private var isMoved = false

    /// The disk begins to write after so many bytes, and the upload waits for it where it is so many behind: a gigabyte flushed at the end
    /// would hold up every message for as long.
    private static let bytesBetweenWrites: Int64 = 4 << 20
    private static let maxBytesBehind: Int64 = 32 << 20

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

    func append(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
        var written = 0
        while written < bytes.count {
            let result = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
            if result < 0 && errno == EINTR { continue }
            guard result >= 0 else { throw .file(path) }
            written += result
        }
        let before = byteCount
        byteCount += Int64(bytes.count)
        if byteCount / Self.bytesBetweenWrites > before / Self.bytesBetweenWrites { try keepDiskBusy() }
    }

    /// No flush yet (sync_file_range(2)): that comes once, at the end.
    private func keepDiskBusy() throws(StorageError) {
        let end = byteCount / Self.bytesBetweenWrites * Self.bytesBetweenWrites
        let start = end - Self.bytesBetweenWrites
        guard landline_begin_writing(descriptor, start, Self.bytesBetweenWrites) == 0 else { throw .file(path) }
        let behind = end - Self.maxBytesBehind
        guard behind >= 0 else { return }
        guard landline_await_written(descriptor, behind, Self.bytesBetweenWrites) == 0 else { throw .file(path) }
        try Self.requireSpace(in: path, 0)
    }

    func flush() throws(StorageError) {
        guard fdatasync(descriptor) == 0 else { throw .file(path) }
    }

    func move(to destination: String) throws(StorageError) {
        guard rename(path, destination) == 0 else { throw .file(destination) }
        isMoved = true
    }

    /// Throws `full` where `bytes` more would leave messages too little.
    static func requireSpace(in path: String, _ bytes: Int64) throws(StorageError) {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw .file(path) }
        let available = Int64(status.f_bavail) * Int64(status.f_frsize)
        guard available - bytes >= BlobStore.reservedBytes else {
            throw StorageError(
                .full, "The disk has too little space for this file.", hint: "Delete something from this disk; messages still find room.")
        }
    }
}
