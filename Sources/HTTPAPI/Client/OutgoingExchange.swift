import Cryptography
import Homeserver
import NIOCore
import NIOHTTP1
import NIOPosix

/// One request and its answer. Belongs to its event loop.
final class OutgoingExchange: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let request: OutgoingRequest
    private let eventLoop: any EventLoop
    private let tls: OutgoingTLS
    private var promise: EventLoopPromise<OutgoingResponse>?
    private var deadline: Scheduled<Void>?
    private var channel: (any Channel)?
    private var status: Int?
    private var headers: [String: String] = [:]
    private var body: [UInt8] = []

    private static let headerLimits = {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = Limits.maxHeaderBytes
        limits.maxHeaderListSize = Limits.maxHeaderBytes
        limits.maxHeaderFieldCount = Limits.maxHeaderCount
        return limits
    }()

    init(_ request: OutgoingRequest, _ promise: EventLoopPromise<OutgoingResponse>, _ eventLoop: any EventLoop, _ tls: OutgoingTLS) {
        self.request = request
        self.promise = promise
        self.eventLoop = eventLoop
        self.tls = tls
    }

    func start() {
        guard promise != nil else { return }
        let exchange = NIOLoopBound(self, eventLoop: eventLoop)
        let timeout = TimeAmount.seconds(Int64(request.timeoutSeconds))
        deadline = eventLoop.scheduleTask(in: timeout) { exchange.value.finish(.failure(.timedOut)) }
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in channel.eventLoop.makeCompletedFuture { try exchange.value.prepare(channel) } }
        let connection =
            if let address = try? SocketAddress(ipAddress: request.url.host, port: request.url.port) {
                bootstrap.connect(to: address)
            } else {
                bootstrap.resolver(AddressLookup(eventLoop: eventLoop)).connect(host: request.url.host, port: request.url.port)
            }
        connection.whenComplete { result in
            switch result {
            case .success(let channel): exchange.value.connected(channel)
            case .failure(let error): exchange.value.finish(.failure(Self.failure(error)))
            }
        }
    }

    /// Answers, once, and closes the connection.
    func finish(_ result: Result<OutgoingResponse, OutgoingHTTPError>) {
        guard let promise else { return }
        self.promise = nil
        deadline?.cancel()
        channel?.close(promise: nil)
        promise.completeWith(result.mapError { $0 as any Error })
    }

    private func connected(_ channel: any Channel) {
        self.channel = channel
        if promise == nil { channel.close(promise: nil) }
    }

    private func prepare(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        if request.url.scheme == .https {
            let (tls, host) = (tls, request.url.host)
            try pipeline.addHandler(TLSHandler { try tls.session(with: host, over: $0) })
        }
        try pipeline.addHTTPClientHandlers(decoderLimitConfiguration: Self.headerLimits)
        try pipeline.addHandler(self)
    }

    // MARK: The connection

    func channelActive(context: ChannelHandlerContext) {
        let url = request.url
        var headers = HTTPHeaders([("Host", url.authority), ("User-Agent", "Landline/\(LandlineVersion.current)"), ("Connection", "close")])
        for (name, value) in request.headers { headers.add(name: name, value: value) }
        if let body = request.body {
            headers.add(name: "Content-Type", value: request.contentType)
            headers.add(name: "Content-Length", value: "\(body.count)")
        }
        let head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: request.method.rawValue), uri: url.target, headers: headers)
        let exchange = NIOLoopBound(self, eventLoop: eventLoop)
        context.write(wrapOutboundOut(.head(head))).whenFailure { exchange.value.finish(.failure(Self.failure($0))) }
        if let body = request.body { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // An answer that only says to go on is none.
            guard head.status.code >= 200 else { return }
            status = Int(head.status.code)
            for (name, value) in head.headers { headers[name.lowercased()] = value }
        case .body(let buffer):
            guard body.count + buffer.readableBytes <= request.maxResponseBytes else { return finish(.failure(.responseTooLarge)) }
            body.append(contentsOf: buffer.readableBytesView)
        case .end:
            guard let status else { return }
            finish(.success(OutgoingResponse(status: status, headers: headers, body: body)))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.failure(.malformed("The connection was closed before the answer was complete.")))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { finish(.failure(Self.failure(error))) }

    private static func failure(_ error: any Error) -> OutgoingHTTPError {
        switch error {
        case let error as OutgoingHTTPError: error
        case ChannelError.connectTimeout: .timedOut
        case let error as TLSError: error == .truncated ? .malformed("\(error)") : .insecure("\(error)")
        case is NIOConnectionError, is IOError, is AddressLookup.Failure, is ChannelError: .unreachable("\(error)")
        default: .malformed("\(error)")
        }
    }
}
