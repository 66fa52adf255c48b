import Glibc

/// The threads on which files are read and written. A disk that is slow, or asleep, keeps nothing else waiting.
final class FileThreads: Sendable {
    private let queue = WorkQueue<@Sendable () -> Void>()
    private let threads: [WorkerThread]

    /// More than one, so that a file that is being flushed does not hold up all others.
    private static let count = 3

    init() {
        let queue = queue
        threads = (0..<Self.count).map { _ in WorkerThread { while let work = queue.take() { work() } } }
    }

    deinit { queue.close() }

    func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Result, any Error>) in
            let accepted = queue.put { continuation.resume(with: Swift.Result(catching: body)) }
            if !accepted { continuation.resume(throwing: StorageError(.other, "The server is shutting down.")) }
        }
    }

    /// Runs `body` after the work that waits now, if the threads still run; nobody waits for it.
    func runLater(_ body: @escaping @Sendable () -> Void) {
        if !queue.put(body) { body() }
    }

    /// Finishes what waits, and ends the threads.
    func close() {
        queue.close()
        for thread in threads { thread.join() }
    }
}

extension StorageError {
    /// The error of the last system call on a file.
    static func file(_ path: String) -> StorageError {
        let code = errno
        switch code {
        case ENOSPC, EDQUOT:
            return StorageError(.full, "The disk is full.", hint: "Delete something from this disk; Landline goes on by itself.")
        case EACCES, EPERM, EROFS:
            return StorageError(
                .notAccessible, "\(path) cannot be used: \(String(cString: strerror(code))).", hint: "Check the rights of the data directory.")
        default:
            return StorageError(.other, "\(path) cannot be used: \(String(cString: strerror(code))).")
        }
    }
}
