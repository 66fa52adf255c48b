import Logging
import MatrixCore
import Storage

/// Tells one application service what happens, in order: one transaction at a time, again and again until it is acknowledged.
///
/// The queue is the timeline itself. Kept are the position up to which everything was told, and before a transaction is sent for the first
/// time the positions of its events: so the same transaction goes out again after a lost answer, also one that was lost with the power.
/// Events that were redacted meanwhile go out redacted.
///
/// A transaction is called by the position of its last event, as positions are never given out twice.
///
/// spec: application-service-api/#pushing-events
final class ServiceSender: Sendable {
    private let connection: ServiceConnection
    private let database: Database
    private let feed: ChangeFeed
    private let ephemera: ServiceEphemera
    private let firstRetry: Duration
    private let logger: Logger
    private let pause = Pause()

    private var service: ApplicationService { connection.service }

    private static let longestRetry = Duration.seconds(300)
    /// However loudly a service knocks.
    private static let shortestRetry = Duration.seconds(1)
    /// How much the stored position may be behind where nothing had to be sent.
    private static let maxUnstoredPositions: Int64 = 10_000

    init(
        _ connection: ServiceConnection, database: Database, feed: ChangeFeed, typing: Typing, presence: Presence, logger: Logger,
        firstRetry: Duration = .seconds(1)
    ) {
        self.connection = connection
        self.database = database
        self.feed = feed
        self.firstRetry = firstRetry
        self.logger = logger
        ephemera = ServiceEphemera(service: connection.service, typing: typing, presence: presence)
    }

    /// The service was heard of: what waits is tried again.
    func serviceIsThere() { pause.end() }

    /// Returns when the task is cancelled, or when the box is closed.
    ///
    /// - Parameter start: what was typed, read and so on before is not told.
    func run(from start: Position) async {
        do {
            try await tell(from: start)
        } catch is CancellationError {
            // The box is shutting down.
        } catch {
            if !Task.isCancelled { logger.error("The application service \(service.id) is told nothing more until the next start: \(error)") }
        }
    }

    private func tell(from start: Position) async throws {
        let id = service.id
        var progress = try await database.read { try $0.progress(ofService: id) } ?? ServiceProgress(position: start)
        var stored = progress
        var ephemeralEnd = start
        while true {
            try Task.checkCancellation()
            if let last = progress.sending.last {
                let positions = progress.sending
                let events = try await database.read { transaction in try positions.compactMap { try transaction.event(at: $0) } }
                try await deliver(last, ServiceEvents.body(of: events))
                progress = ServiceProgress(position: max(progress.position, last))
            }
            let (start, end) = (progress.position, feed.position)
            if start < end {
                let next = try await database.read { [service] in try ServiceEvents(for: service, after: start, upTo: end, in: $0) }
                progress = ServiceProgress(position: next.scannedTo, sending: next.events.map(\.position))
            }
            // One write acknowledges the last transaction and notes the next one.
            let isDue = !progress.sending.isEmpty || !stored.sending.isEmpty
            if isDue || progress.position.value - stored.position.value > Self.maxUnstoredPositions { stored = try await store(progress) }
            guard progress.sending.isEmpty, progress.position >= end else { continue }
            if service.registration.receivesEphemeral, ephemeralEnd < end {
                try await tellEphemeral(after: ephemeralEnd, upTo: end)
                ephemeralEnd = end
            }
            await feed.waitForChange(after: end)
        }
    }

    private func store(_ progress: ServiceProgress) async throws -> ServiceProgress {
        let id = service.id
        try await database.write { try $0.setProgress(progress, ofService: id) }
        return progress
    }

    /// What was too much to be kept while the service was away is no longer true anyway.
    private func tellEphemeral(after start: Position, upTo end: Position) async throws {
        guard let changes = feed.changes(after: start, upTo: end), !changes.isEmpty else { return }
        let ephemera = ephemera
        guard let transaction = try await database.read({ try ephemera.transaction(of: changes, in: $0) }) else { return }
        try await deliver(transaction.id, transaction.body)
    }

    /// Returns when the service has the transaction.
    private func deliver(_ id: Position, _ body: [UInt8]) async throws {
        let path = ["transactions", id.description]
        var delay = firstRetry
        var hasFailed = false
        while true {
            let reason: String
            do {
                let response = try await connection.send(.put, path, body: body, legacyPath: path)
                if response.isSuccess {
                    if hasFailed { logger.notice("The application service \(service.id) answers again.") }
                    return
                }
                reason = "it answers with status \(response.status)"
            } catch {
                reason = "\(error)"
            }
            try Task.checkCancellation()
            if !hasFailed {
                logger.warning(
                    "The application service \(service.id) does not take what happens (\(reason)). It is tried again until it does; nothing is lost.")
            }
            hasFailed = true
            let shortest = min(delay, Self.shortestRetry)
            try await Task.sleep(for: shortest)
            if delay > shortest { await pause.wait(delay - shortest) }
            try Task.checkCancellation()
            delay = min(delay * 2, Self.longestRetry)
        }
    }
}
