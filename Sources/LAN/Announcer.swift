public import Logging
internal import Synchronization

/// Tells the local network that the box is here, for as long as it runs.
///
/// Avahi's daemon does the talking. Without one the box works all the same: the announcer says so once in the log, waits, and
/// announces as soon as a daemon appears, and again after the daemon or the message bus was restarted.
/// If the name is taken on this network, the box takes the next free one and keeps it.
public final class Announcer: Sendable {
    private let configuration: Announcement
    private let logger: Logger
    private let name: Mutex<String>
    private let publisher = Mutex<DaemonPublisher?>(nil)

    public init(configuration: Announcement, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        self.name = Mutex(ServiceName.normalized(configuration.serviceName))
    }

    deinit {
        stop()
    }

    /// The name under which the box is (or will be) announced; another than the configured one after a collision.
    public var currentServiceName: String {
        name.withLock { $0 }
    }

    /// Starts announcing and returns at once: the work is done on a thread of its own. Does nothing when already started.
    public func start() {
        publisher.withLock { publisher in
            guard publisher == nil else { return }
            publisher = DaemonPublisher(
                services: configuration.services,
                name: currentServiceName,
                logger: logger,
                nameChanged: { [weak self] name in self?.remember(name) })
            if publisher == nil {
                logger.error("The box is not announced on the network: the system has no thread or memory for it.")
            }
        }
    }

    /// Withdraws everything that was announced. Waits for the daemon to confirm, at most two seconds: not for the concurrency
    /// thread pool.
    public func stop() {
        let stopping = publisher.withLock { publisher in
            defer { publisher = nil }
            return publisher
        }
        stopping?.withdraw()
    }

    private func remember(_ newName: String) {
        name.withLock { $0 = newName }
    }
}
