import Logging
import MatrixCore
import Storage
import Synchronization

/// The work on the search index that nobody waits for, in steps that a message hardly notices.
final class SearchIndexing: Sendable {
    private let database: Database
    private let logger: Logger
    private let task = Mutex<Task<Void, Never>?>(nil)

    private static let eventsPerStep = 100
    private static let pagesPerStep = 64
    private static let pauseBetweenSteps = Duration.milliseconds(50)
    /// Redactions come in bursts; wiping rewrites the whole index.
    private static let pauseBeforeWiping = Duration.seconds(60)

    init(database: Database, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    /// Goes on where an earlier start stopped.
    func start() { task.withLock { $0 = Task(priority: .background) { await run() } } }

    /// Ends the work. What redacted messages said is not left on the disk of a box that is off.
    func stop() async {
        let task = task.withLock { $0 }
        task?.cancel()
        await task?.value
        do {
            try await wipeDeletedWords(pause: .zero)
        } catch {
            logger.error("words of redacted messages are left in the search index until the next start: \(error)")
        }
    }

    private func run() async {
        do {
            try await wipeDeletedWords(pause: Self.pauseBetweenSteps)
            try await indexOlderEvents()
            while true {
                try await Task.sleep(for: Self.pauseBeforeWiping)
                try await wipeDeletedWords(pause: Self.pauseBetweenSteps)
            }
        } catch is CancellationError {
        } catch {
            logger.error("the search index is not complete: \(error)")
        }
    }

    /// Indexes what was written before there was an index.
    private func indexOlderEvents() async throws {
        while try await database.write({ try $0.indexOlderEvents(limit: Self.eventsPerStep) }) { try await Task.sleep(for: Self.pauseBetweenSteps) }
    }

    /// Removes the words of redacted messages from the disk.
    func wipeDeletedWords(pause: Duration) async throws {
        guard try await database.read({ try $0.searchIndexHasDeletedWords() }) else { return }
        var isFirst = true
        while true {
            let isWipingFirst = isFirst
            guard try await database.write({ try $0.wipeSearchIndex(pages: Self.pagesPerStep, isFirst: isWipingFirst) }) else { return }
            isFirst = false
            if pause > .zero { try await Task.sleep(for: pause) }
        }
    }
}
