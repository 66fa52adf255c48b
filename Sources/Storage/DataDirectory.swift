import Glibc

/// The directory that holds everything, locked for one process.
///
/// Proof for `@unchecked Sendable`: immutable after `init`; the descriptor is only closed in `deinit`.
public final class DataDirectory: @unchecked Sendable {
    public let path: String
    private let lock: Int32

    public var database: String { path + "/landline.db" }
    public var blobs: String { path + "/blobs" }
    public var staging: String { path + "/staging" }
    public var uploads: String { path + "/uploads" }
    public var controlSocket: String { path + "/control.sock" }

    /// Makes the directory if it is missing and takes its lock.
    public init(path: String) throws(StorageError) {
        try Self.makeDirectories(path)
        try Self.makeDirectories(path + "/blobs")
        try Self.makeDirectories(path + "/staging")
        try Self.makeDirectories(path + "/uploads")
        let descriptor = open(path + "/landline.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.notAccessible(path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            Glibc.close(descriptor)
            throw StorageError(
                .inUse, "Another Landline is running on the data directory \(path).",
                hint: "Stop it first, or choose another directory with --data.")
        }
        self.path = path
        lock = descriptor
    }

    deinit { Glibc.close(lock) }

    private static func makeDirectories(_ path: String) throws(StorageError) {
        var partial = path.hasPrefix("/") ? "" : "."
        for component in path.split(separator: "/") {
            partial += "/" + component
            if mkdir(partial, 0o700) != 0 && errno != EEXIST { throw notAccessible(path) }
        }
        guard access(path, W_OK | X_OK) == 0 else { throw notAccessible(path) }
    }

    private static func notAccessible(_ path: String) -> StorageError {
        StorageError(
            .notAccessible, "The data directory \(path) cannot be written: \(String(cString: strerror(errno))).",
            hint: "Check its rights, or choose another directory with --data.")
    }
}
