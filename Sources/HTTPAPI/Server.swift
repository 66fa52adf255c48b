public import Cryptography
import Glibc
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The HTTP server of the box, on one address.
public final class HTTPServer: Sendable {
    public enum Endpoint: Sendable {
        /// What devices use. `address` is `nil` for all addresses of the machine; a port of 0 takes any free one.
        /// With `tls` it speaks HTTPS, and nothing else.
        case network(address: String?, port: Int, tls: TLSContext? = nil)
        /// What the command line uses: a socket in the data directory. Whoever can open it owns the box.
        case control(path: String)
    }

    private let context: ServerContext
    private let endpoint: Endpoint
    private let setup: ConnectionSetup
    private let group: MultiThreadedEventLoopGroup
    private let running = Mutex<Running?>(nil)

    private struct Running {
        let server: Server<ConnectionSetup>
        let task: Task<Void, Never>
    }

    /// Handlers run on them too, so one long answer leaves another thread for the other clients.
    private static let networkThreads = 2
    private static let timeForLastAnswers = Duration.milliseconds(1_500)

    public init(context: ServerContext, endpoint: Endpoint) {
        var context = context
        self.endpoint = endpoint
        let (routes, threads, tls): ([Route], Int, TLSContext?) =
            switch endpoint {
            case .network(_, _, let tls): (Routes.all, Self.networkThreads, tls)
            case .control: (Routes.control, 1, nil)
            }
        if tls != nil { context.scheme = "https" }
        self.context = context
        setup = ConnectionSetup(responder: Responder(server: context, routes: routes), tls: tls)
        group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    }

    /// Begins to listen, and returns the port, 0 for a control socket. Throws `ListenError` when the address cannot be had.
    @discardableResult
    public func start() async throws -> Int {
        switch endpoint {
        case .control(let path):
            // One that was left by a crash. The lock of the data directory says that nobody listens there.
            unlink(path)
            return try await listen(on: .unixDomainSocket(path: path)) { ListenError(socket: path, $0) }
        case .network(let address?, let port, _):
            return try await listen(on: address, port)
        case .network(nil, let port, _):
            do {
                // IPv6 with IPv4 in it.
                return try await listen(on: "::", port)
            } catch let error as ListenError where error.isAddressUnknown {
                return try await listen(on: "0.0.0.0", port)
            }
        }
    }

    private func listen(on address: String, _ port: Int) async throws -> Int {
        try await listen(on: .hostname(address, port: port)) { ListenError($0, address, port) }
    }

    private func listen(on address: BindAddress, failure: @escaping @Sendable (any Error) -> ListenError) async throws -> Int {
        // One line of its own for each start and stop is more than a quiet log wants.
        var logger = context.logger
        if logger.logLevel > .debug { logger.logLevel = .critical }
        let (ports, reportPort) = AsyncThrowingStream<Int, any Error>.makeStream()
        let server = Server(
            childChannelSetup: setup,
            configuration: ServerConfiguration(
                address: address, availableConnectionsDelegate: .maximum(Limits.maxConnections, logger: logger)),
            onServerRunning: { channel in reportPort.yield(channel.localAddress?.port ?? 0) },
            eventLoopGroup: group, logger: logger)
        // Detached from the service that starts it: at that one's end it would shut itself down too, beside `stop`,
        // and use an event loop that `stop` has ended.
        let task = Task.detached {
            do {
                try await server.run()
                reportPort.finish()
            } catch {
                reportPort.finish(throwing: failure(error))
            }
        }
        for try await port in ports {
            running.withLock { $0 = Running(server: server, task: task) }
            return port
        }
        throw CancellationError()
    }

    /// How many requests are being answered now; most of them are syncs that wait.
    public var requestsInProgress: Int { setup.answeringConnections }

    /// Takes no more connections, ends the waiting syncs, gives other answers a moment, and closes.
    public func stop() async {
        if let running = running.withLock({ $0.take() }) {
            let quiescing = Task { try? await running.server.shutdownGracefully() }
            setup.cancelHandlers()
            let deadline = Task {
                try? await Task.sleep(for: Self.timeForLastAnswers)
                if !Task.isCancelled { running.task.cancel() }
            }
            await running.task.value
            deadline.cancel()
            await quiescing.value
        }
        await finishClosing()
        try? await group.shutdownGracefully()
        if case .control(let path) = endpoint { unlink(path) }
    }

    /// Lets every event loop do what is scheduled on it. A channel that closes, also one that never got to listen, lets go of what
    /// then reports to another loop, which must still be there: hence twice.
    private func finishClosing() async {
        for _ in 0..<2 {
            for eventLoop in group.makeIterator() { try? await eventLoop.submit {}.get() }
        }
    }
}
