import Glibc

/// The loop of the writer's thread.
final class GroupCommitWriter {
    private let connection: Connection
    private let queue: WorkQueue<Database.WriteWork>
    private let transaction: WriteTransaction
    private let stream: PositionStream
    private let onCommit: @Sendable (Position) -> Void
    private var previousGroupSize = 1
    /// The log's length at the last checkpoint: until something is written there is nothing more to move.
    private var checkpointedLogPages = 0

    private static let maxGroupSize = 256
    /// Where several writers are active, one more may be under way: waiting this long for it saves it a flush of its own.
    /// A message that comes alone never waits.
    private static let gatherMicroseconds = 1_000
    /// The log is moved into the database when it is this large and the box is quiet for a while, or else when it is four times as large.
    /// Moving it seldom spares the disk: pages that changed often are written once, and starting a new log costs a flush.
    private static let logPagesBeforeCheckpoint = 1_024
    private static let quietBeforeCheckpointMicroseconds = 2_000_000

    init(
        connection: Connection, stream: PositionStream, queue: WorkQueue<Database.WriteWork>, onCommit: @escaping @Sendable (Position) -> Void
    ) {
        self.connection = connection
        self.stream = stream
        self.queue = queue
        self.onCommit = onCommit
        transaction = WriteTransaction(connection: connection, stream: stream)
        connection.countLogPages()
    }

    func runUntilClosed() {
        while let first = nextWork() { commitGroup(startingWith: first) }
        connection.checkpoint(truncate: true)
    }

    private func nextWork() -> Database.WriteWork? {
        if connection.logPages > Self.logPagesBeforeCheckpoint, connection.logPages != checkpointedLogPages {
            if let work = queue.take(withinMicroseconds: Self.quietBeforeCheckpointMicroseconds) { return work }
            checkpoint()
        }
        return queue.take()
    }

    private func commitGroup(startingWith first: Database.WriteWork) {
        var finished: [(Database.WriteWork, (any Error)?)] = []
        do {
            try connection.execute("BEGIN IMMEDIATE")
            var next: Database.WriteWork? = first
            while let work = next {
                finished.append((work, try runInSavepoint(work)))
                guard finished.count < Self.maxGroupSize else { break }
                let mayWait = previousGroupSize > 1 && finished.count <= previousGroupSize
                next = queue.take(withinMicroseconds: mayWait ? Self.gatherMicroseconds : 0)
            }
            try stream.persistCeiling(connection)
            try connection.execute("COMMIT")
            stream.committed()
        } catch {
            if connection.isInTransaction { try? connection.execute("ROLLBACK") }
            transaction.discardActions()
            for (work, _) in finished { work.finish(error) }
            if finished.isEmpty { first.finish(error) }
            return
        }
        previousGroupSize = finished.count
        transaction.performActions()
        onCommit(stream.last)
        for (work, error) in finished { work.finish(error) }
        if connection.logPages > 4 * Self.logPagesBeforeCheckpoint, connection.logPages != checkpointedLogPages { checkpoint() }
    }

    /// The error of the work itself; throws only when the database fails.
    private func runInSavepoint(_ work: Database.WriteWork) throws -> (any Error)? {
        try connection.execute("SAVEPOINT work")
        transaction.beginWork()
        do {
            try work.run(transaction)
            try connection.execute("RELEASE work")
            return nil
        } catch {
            transaction.abandonWork()
            // A full disk or an I/O error may have ended the whole transaction already.
            guard connection.isInTransaction else { throw error }
            try connection.execute("ROLLBACK TO work")
            try connection.execute("RELEASE work")
            return error
        }
    }

    private func checkpoint() {
        connection.checkpoint(truncate: false)
        checkpointedLogPages = connection.logPages
    }
}
