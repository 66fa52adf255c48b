import Cryptography
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import Synchronization

/// Prepares the channel of each new connection, and knows all that are open.
final class ConnectionSetup: ServerChildChannel {
    private let http: HTTP1Channel
    private let responder: Responder
    private let tls: TLSContext?
    private let state = Mutex(State())

    private struct State {
        var open: [ObjectIdentifier: Connection] = [:]
        var isStopping = false
    }

    init(responder: Responder, tls: TLSContext?) {
        self.responder = responder
        self.tls = tls
        var configuration = HTTP1Channel.Configuration(idleTimeout: Limits.idleTimeout)
        configuration.httpDecoder = .init(
            maxHeaderFieldSize: Limits.maxHeaderBytes, maxHeaderListSize: Limits.maxHeaderBytes, maxHeaderFieldCount: Limits.maxHeaderCount)
        // Only its pipeline is used: `Connection` answers.
        http = HTTP1Channel(responder: { _, _, _ in }, configuration: configuration)
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Connection> {
        if let tls {
            do {
                try channel.pipeline.syncOperations.addHandler(TLSHandler(server: tls))
            } catch {
                return channel.eventLoop.makeFailedFuture(error)
            }
        }
        // An upload arrives in large pieces, each of which costs a change between threads; a connection that sends little gets small buffers.
        let allocator = AdaptiveRecvByteBufferAllocator(minimum: 1_024, initial: 2_048, maximum: Limits.maxReceiveBytes)
        return channel.setOption(.recvAllocator, value: allocator).flatMap { [http] in http.setup(channel: channel, logger: logger) }.flatMapThrowing
        { http in
            let connection = Connection(http)
            try channel.pipeline.syncOperations.addHandler(DisconnectHandler(connection), position: .first)
            return connection
        }
    }

    func handle(value connection: Connection, logger: Logger) async {
        let isStopping = state.withLock { state in
            state.open[ObjectIdentifier(connection)] = connection
            return state.isStopping
        }
        if isStopping { connection.cancel() }
        await withTaskCancellationHandler {
            do {
                try await withTaskExecutorPreference(connection.executor) { try await connection.serve(responder) }
            } catch {
                logger.trace("connection ended: \(error)")
            }
        } onCancel: {
            connection.cancel()
            connection.channel.close(promise: nil)
        }
        _ = state.withLock { $0.open.removeValue(forKey: ObjectIdentifier(connection)) }
    }

    var answeringConnections: Int { state.withLock { $0.open.values.count(where: \.isAnswering) } }

    /// Ends all waiting handlers. What they answer is still sent.
    func cancelHandlers() {
        let open = state.withLock { state in
            state.isStopping = true
            return Array(state.open.values)
        }
        for connection in open { connection.cancel() }
    }
}

/// Sees first when the other end goes away.
private final class DisconnectHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: Connection

    init(_ connection: Connection) { self.connection = connection }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { connection.cancel() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.cancel()
        context.fireChannelInactive()
    }
}
