/// The database of the box: one writer that commits in groups, and a few readers that never wait for it.
///
/// SQLite allows one writer at a time and, in WAL mode, readers beside it (sqlite.org/wal.html). All writes that wait
/// go into one transaction and one `fdatasync`; each is answered after it.
public final class Database: Sendable {
    private let writerQueue = WorkQueue<WriteWork>()
    private let readerQueue = WorkQueue<ReadWork>()
    private let threads: [WorkerThread]

    /// A unit of writing. `run` is called inside the transaction, `finish` after the commit or its failure.
    struct WriteWork: Sendable {
        let run: @Sendable (WriteTransaction) throws -> Void
        let finish: @Sendable ((any Error)?) -> Void
    }

    typealias ReadWork = @Sendable (Connection) -> Void

    public static let readerCount = 2

    /// Opens or creates the database and brings its schema up to date.
    ///
    /// - Parameter onCommit: called on the writer's thread after each group commit, and after the actions that the
    ///   group's transactions asked for, with the newest position that readers may now see.
    public init(path: String, onCommit: @escaping @Sendable (Position) -> Void = { _ in }) throws {
        let connection = try Connection(path: path, mode: .readWrite)
        try Migrations.prepare(connection)
        let stream = try PositionStream(connection: connection)
        startPosition = stream.last

        // Each connection is handed to its thread here and touched by no other from then on.
        let (writes, reads) = (writerQueue, readerQueue)
        nonisolated(unsafe) let writer = GroupCommitWriter(connection: connection, stream: stream, queue: writes, onCommit: onCommit)
        var readers: [Connection] = []
        for _ in 0..<Self.readerCount { readers.append(try Connection(path: path, mode: .readOnly)) }
        var threads = [WorkerThread { writer.runUntilClosed() }]
        for reader in readers {
            nonisolated(unsafe) let reader = reader
            threads.append(WorkerThread { while let work = reads.take() { work(reader) } })
        }
        self.threads = threads
    }

    /// Where the stream of this start begins: nothing that the database holds is newer.
    public let startPosition: Position

    /// Runs `body` in the next group commit. What it returns, or throws, is answered after the commit is on disk.
    ///
    /// If `body` throws, its changes are rolled back; those of its neighbours in the group are not.
    public func write<Result: Sendable>(_ body: @escaping @Sendable (WriteTransaction) throws -> Result) async throws -> Result {
        try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Result, any Error>) in
            let outcome = WriteOutcome<Result>()
            let work = WriteWork(
                run: { transaction in outcome.value = try body(transaction) },
                finish: { error in
                    if let error {
                        continuation.resume(throwing: error)
                    } else if let value = outcome.value {
                        continuation.resume(returning: value)
                    } else {
                        continuation.resume(throwing: StorageError(.other, "The write gave no result."))
                    }
                })
            if !writerQueue.put(work) { continuation.resume(throwing: Self.closedError) }
        }
    }

    /// Runs `body` on a reader, in one consistent snapshot.
    public func read<Result: Sendable>(_ body: @escaping @Sendable (ReadTransaction) throws -> Result) async throws -> Result {
        try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Result, any Error>) in
            let accepted = readerQueue.put { connection in
                let result = Swift.Result<Result, any Error> {
                    try connection.execute("BEGIN")
                    defer { try? connection.execute("COMMIT") }
                    return try body(ReadTransaction(connection: connection))
                }
                continuation.resume(with: result)
            }
            if !accepted { continuation.resume(throwing: Self.closedError) }
        }
    }

    /// Finishes all work that waits, empties the write-ahead log and ends the threads.
    public func close() {
        writerQueue.close()
        readerQueue.close()
        for thread in threads { thread.join() }
    }

    private static let closedError = StorageError(.other, "The server is shutting down.")
}

/// Proof for `@unchecked Sendable`: written and read only on the writer's thread, first by `run`, then by `finish`.
private final class WriteOutcome<Value>: @unchecked Sendable {
    var value: Value?
}
