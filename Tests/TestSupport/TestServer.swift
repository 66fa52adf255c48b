import Glibc
public import HTTPAPI
public import Homeserver
import Logging

/// The real server on a free port of the loopback interface, with a data directory of its own.
public final class TestServer: Sendable {
    public let homeserver: Homeserver
    public let port: Int
    public let directory: TemporaryDirectory

    /// What handlers get, for another server over the same box.
    public let context: ServerContext

    private let server: HTTPServer

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    public var url: String { "http://127.0.0.1:\(port)" }

    /// Opens a box: registration is open, and nothing happens by itself, unless `configure` says otherwise.
    ///
    /// - Parameter directory: the data directory of a server that was stopped, to start again on it.
    public init(
        on directory: TemporaryDirectory? = nil, clock: Clock = .system, configure: (inout HomeserverConfiguration) -> Void = { _ in }
    ) async throws {
        let directory = try directory ?? TemporaryDirectory()
        var configuration = HomeserverConfiguration(
            dataDirectory: directory.path + "/data", serverName: "test.example", registration: .open, hasHomeRoom: false, hasRateLimits: false)
        configuration.thumbnailExecutable = Self.executable
        configure(&configuration)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let homeserver = try await Homeserver(configuration: configuration, http: NetworkHTTPClient(), clock: clock, logger: logger)
        try await homeserver.start()
        let context = ServerContext(homeserver: homeserver, boxName: "Test box", logger: logger) { text in
            text.utf8.count > 100 ? nil : "<svg>\(text)</svg>"
        }
        let server = HTTPServer(context: context, endpoint: .network(address: "127.0.0.1", port: 0))
        port = try await server.start()
        try await homeserver.applicationServices.start()
        self.homeserver = homeserver
        self.server = server
        self.context = context
        self.directory = directory
    }

    /// The program itself, which the build of the tests makes too.
    public static var executable: String {
        if let path = getenv("LANDLINE_EXECUTABLE") { return String(cString: path) }
        let repository = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return "/\(repository)/.build/debug/landline"
    }

    /// How many requests are being answered now.
    public var requestsInProgress: Int { server.requestsInProgress }

    public func stop() async {
        await server.stop()
        await homeserver.close()
    }

    /// A client that nobody is logged in with.
    public var client: MatrixClient { MatrixClient(url: url) }

    /// Makes an account, and gives a client that is logged in with it.
    public func register(_ name: String) async throws -> MatrixClient { try await client.registered(name) }

    /// The same for a guest.
    public func guest() async throws -> MatrixClient { try await client.asGuest() }

    /// Runs `body` with a server that is stopped afterwards.
    public static func run<Result>(
        on directory: TemporaryDirectory? = nil, clock: Clock = .system, configure: (inout HomeserverConfiguration) -> Void = { _ in },
        _ body: (TestServer) async throws -> Result
    ) async throws -> Result {
        let server = try await TestServer(on: directory, clock: clock, configure: configure)
        do {
            let result = try await body(server)
            await server.stop()
            return result
        } catch {
            await server.stop()
            throw error
        }
    }
}
