public import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A small real HTTP server, for what the box sends to others: it keeps the requests, and answers as the test says.
public final class HTTPReceiver: Sendable {
    public struct Request: Sendable {
        public let method: String
        /// The path and query.
        public let target: String
        /// By lower-case names.
        public let headers: [String: String]
        public let body: [UInt8]
    }

    public enum Answer: Sendable {
        case response(status: Int, body: [UInt8])
        /// These bytes, and then the connection is closed.
        case raw([UInt8])
        case silence

        public static func json(_ text: String, status: Int = 200) -> Self { .response(status: status, body: Array(text.utf8)) }
    }

    public let port: Int
    private let script: Script
    private let channel: any Channel

    fileprivate final class Script: Sendable {
        let requests = Awaited<Request>()
        let answer: Mutex<@Sendable (Request) -> Answer>

        init(_ answer: @escaping @Sendable (Request) -> Answer) { self.answer = Mutex(answer) }

        func take(_ request: Request) -> Answer {
            let answer = answer.withLock { $0 }
            requests.append(request)
            return answer(request)
        }
    }

    /// Listens on a free port of the loopback interface, or on the one that is given.
    ///
    /// - Parameter prepare: adds what stands before HTTP in each connection, such as TLS.
    public init(
        port: Int = 0, prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in },
        answer: @escaping @Sendable (Request) -> Answer = { _ in .json("{}") }
    ) async throws {
        let script = Script(answer)
        self.script = script
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try prepare(channel)
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(ReceivedExchange(script))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        self.port = channel.localAddress?.port ?? 0
    }

    /// Everything that was asked.
    public var requests: Awaited<Request> { script.requests }

    /// What is answered from now on.
    public func answer(_ answer: @escaping @Sendable (Request) -> Answer) { script.answer.withLock { $0 = answer } }

    public func stop() async { try? await channel.close().get() }
}

/// One connection. Belongs to its event loop.
private final class ReceivedExchange: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let script: HTTPReceiver.Script
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(_ script: HTTPReceiver.Script) { self.script = script }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let buffer): body.append(contentsOf: buffer.readableBytesView)
        case .end:
            guard let head else { return }
            var headers: [String: String] = [:]
            for (name, value) in head.headers { headers[name.lowercased()] = value }
            let request = HTTPReceiver.Request(method: head.method.rawValue, target: head.uri, headers: headers, body: body)
            answer(script.take(request), context)
        }
    }

    private func answer(_ answer: HTTPReceiver.Answer, _ context: ChannelHandlerContext) {
        switch answer {
        case .silence: break
        case .response(let status, let body):
            let headers = HTTPHeaders([("content-length", "\(body.count)"), ("content-type", "application/json")])
            context.write(
                wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        case .raw(let bytes):
            let channel = context.channel
            // The encoder would make HTTP of it.
            guard let encoder = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self) else { return }
            encoder.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes))).whenComplete { _ in channel.close(promise: nil) }
        }
    }
}
