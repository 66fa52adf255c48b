import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The HTTP server of the box, on one address.
public final class HTTPServer: Sendable {
    private let context: ServerContext
    private let address: String?
    private let port: Int
    private let setup: ConnectionSetup
    private let group: MultiThreadedEventLoopGroup
    private let running = Mutex<Running?>(nil)

    private struct Running {
        let server: Server<ConnectionSetup>
        let task: Task<Void, Never>
    }

    /// Sockets need little work beside the handlers, which run elsewhere.
    private static let eventLoopThreads = 1
    private static let timeForLastAnswers = Duration.milliseconds(1_500)

    /// - Parameters:
    ///   - address: where to listen; `nil` for all addresses of the machine.
    ///   - port: 0 takes any free port.
    public init(context: ServerContext, address: String?, port: Int) {
        self.context = context
        self.address = address
        self.port = port
        setup = ConnectionSetup(responder: Responder(server: context))
        group = MultiThreadedEventLoopGroup(numberOfThreads: Self.eventLoopThreads)
    }

    /// Begins to listen, and returns the port. Throws `ListenError` when the address cannot be had.
    public func start() async throws -> Int {
        if let address { return try await listen(on: address) }
        do {
            // IPv6 with IPv4 in it.
            return try await listen(on: "::")
        } catch let error as ListenError where error.isAddressUnknown {
            return try await listen(on: "0.0.0.0")
        }
    }

    private func listen(on address: String) async throws -> Int {
        // One line of its own for each start and stop is more than a quiet log wants.
        var logger = context.logger
        if logger.logLevel > .debug { logger.logLevel = .critical }
        let (ports, reportPort) = AsyncThrowingStream<Int, any Error>.makeStream()
        let server = Server(
            childChannelSetup: setup,
            configuration: ServerConfiguration(
                address: .hostname(address, port: port), availableConnectionsDelegate: .maximum(Limits.maxConnections, logger: logger)),
            onServerRunning: { channel in reportPort.yield(channel.localAddress?.port ?? 0) },
            eventLoopGroup: group, logger: logger)
        let task = Task {
            do {
                try await server.run()
                reportPort.finish()
            } catch {
                reportPort.finish(throwing: ListenError(error, address, self.port))
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
        try? await group.shutdownGracefully()
    }
}
