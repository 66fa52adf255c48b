import Cryptography
import NIOCore

/// TLS in a channel, for either end of it. Belongs to its event loop.
final class TLSHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let begin: (any Channel) throws -> TLSSession
    private var session: TLSSession?
    private var waitingWrites: [(bytes: ByteBuffer, promise: EventLoopPromise<Void>?)] = []
    private var isClosing = false

    /// A TLS record holds 16 KiB. Buffers inside libssl grow to what is put in at once, and stay so large.
    private static let bytesPerRecord = 16 << 10

    /// - Parameter begin: makes the session when the channel is connected.
    init(_ begin: @escaping (any Channel) throws -> TLSSession) { self.begin = begin }

    /// The server's end.
    convenience init(server context: TLSContext) { self.init { _ in try TLSSession(server: context) } }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { start(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { failWaitingWrites(ChannelError.ioOnClosedChannel) }

    func channelActive(context: ChannelHandlerContext) {
        start(context)
        context.fireChannelActive()
    }

    private func start(_ context: ChannelHandlerContext) {
        guard session == nil else { return }
        attempt(context) {
            let session = try begin(context.channel)
            self.session = session
            try session.shakeHands()
            send(session, context)
        }
    }

    // MARK: What arrives

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let session, !isClosing else { return }
        var arrived = unwrapInboundIn(data)
        attempt(context) {
            while let piece = arrived.readSlice(length: min(arrived.readableBytes, Self.bytesPerRecord)), piece.readableBytes > 0 {
                piece.withUnsafeReadableBytes { session.receive($0) }
                if !session.isEstablished { try session.shakeHands() }
                try deliver(session, context)
                if isClosing { return }
            }
            if session.isEstablished { try sendWaitingWrites(session, context) }
            send(session, context)
        }
    }

    private func deliver(_ session: TLSSession, _ context: ChannelHandlerContext) throws {
        while session.isEstablished, !isClosing {
            var buffer = context.channel.allocator.buffer(capacity: Self.bytesPerRecord)
            var result = TLSSession.ReadResult.nothing
            try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.bytesPerRecord) { bytes in
                result = try session.read(into: bytes)
                if case .bytes(let count) = result { return count }
                return 0
            }
            switch result {
            case .bytes: context.fireChannelRead(wrapInboundOut(buffer))
            case .nothing: return
            case .ended:
                close(context: context, mode: .all, promise: nil)
                return
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let session, !session.hasEnded, !isClosing { context.fireErrorCaught(TLSError.truncated) }
        isClosing = true
        failWaitingWrites(ChannelError.eof)
        context.fireChannelInactive()
    }

    // MARK: What is sent

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        waitingWrites.append((unwrapOutboundIn(data), promise))
    }

    func flush(context: ChannelHandlerContext) {
        guard let session, session.isEstablished, !isClosing else { return }
        attempt(context) {
            try sendWaitingWrites(session, context)
            send(session, context)
        }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode != .input, !isClosing, let session {
            isClosing = true
            session.close()
            send(session, context)
        }
        context.close(mode: mode, promise: promise)
    }

    private func sendWaitingWrites(_ session: TLSSession, _ context: ChannelHandlerContext) throws {
        guard !waitingWrites.isEmpty else { return }
        let writes = waitingWrites
        waitingWrites = []
        for (index, write) in writes.enumerated() {
            var (bytes, promise) = write
            do {
                var sealed = context.channel.allocator.buffer(capacity: bytes.readableBytes + 64)
                while let piece = bytes.readSlice(length: min(bytes.readableBytes, Self.bytesPerRecord)), piece.readableBytes > 0 {
                    try piece.withUnsafeReadableBytes { try session.write($0) }
                    Self.take(session, into: &sealed)
                }
                context.write(wrapOutboundOut(sealed), promise: promise)
            } catch {
                for write in writes[index...] { write.promise?.fail(error) }
                throw error
            }
        }
        context.flush()
    }

    /// Sends what the session itself has to say.
    private func send(_ session: TLSSession, _ context: ChannelHandlerContext) {
        guard session.bytesToSend > 0 else { return }
        var buffer = context.channel.allocator.buffer(capacity: session.bytesToSend)
        Self.take(session, into: &buffer)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    private static func take(_ session: TLSSession, into buffer: inout ByteBuffer) {
        let count = session.bytesToSend
        guard count > 0 else { return }
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { session.takeBytesToSend(into: $0) }
    }

    // MARK: Errors

    /// After an error the other end is told, as far as TLS allows, and the channel closes.
    private func attempt(_ context: ChannelHandlerContext, _ body: () throws -> Void) {
        do {
            try body()
        } catch {
            isClosing = true
            if let session { send(session, context) }
            failWaitingWrites(error)
            context.fireErrorCaught(error)
            context.close(promise: nil)
        }
    }

    private func failWaitingWrites(_ error: any Error) {
        let writes = waitingWrites
        waitingWrites = []
        for write in writes { write.promise?.fail(error) }
    }
}
