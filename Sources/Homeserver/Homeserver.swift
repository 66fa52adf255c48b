public import MatrixCore
public import Storage
public import Logging

/// The services of the box, put together over one database.
public final class Homeserver: Sendable {
    public let serverName: String
    public let configuration: HomeserverConfiguration

    let database: Database
    let feed: ChangeFeed

    /// Opens the data directory. Throws `StorageError` when it is in use, damaged or from a newer version.
    public init(configuration: HomeserverConfiguration, clock: Clock = .system, logger: Logger) throws {
        fatalError("in work")
    }
}
