import Logging
import Synchronization

/// A log that a test reads.
struct RecordedLog: LogHandler {
    private final class Lines: Sendable {
        let texts = Mutex<[String]>([])
    }

    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    private let lines = Lines()

    static func make() -> (RecordedLog, @Sendable () -> [String]) {
        let log = RecordedLog()
        return (log, { [lines = log.lines] in lines.texts.withLock { $0 } })
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.texts.withLock { $0.append("\(event.message)") } }
}
