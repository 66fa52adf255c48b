import HTTPTypes
import HummingbirdCore
import MatrixCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import Synchronization

/// One client's connection: its channel, and the request that is being answered on it.
final class Connection: ServerChildChannelValue {
    typealias HTTPChannel = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPResponsePart>

    private let http: HTTPChannel
    private let state = Mutex(State())

    private struct State {
        var handler: Task<Reply, Never>?
        var isCancelled = false
    }

    /// Where everything of this connection runs.
    let executor: EventLoopExecutor

    init(_ http: HTTPChannel) {
        self.http = http
        executor = EventLoopExecutor(http.channel.eventLoop)
    }

    var channel: any Channel { http.channel }

    var isAnswering: Bool { state.withLock { $0.handler != nil } }

    /// Ends a handler that waits: nobody is there to hear the answer any more, or the server is going down.
    func cancel() {
        let handler = state.withLock { state in
            state.isCancelled = true
            return state.handler
        }
        handler?.cancel()
    }

    /// Answers requests, one after the other, until either side closes.
    func serve(_ responder: Responder) async throws {
        try await http.executeThenClose { inbound, outbound in
            do {
                try await answerAll(inbound, outbound, responder)
            } catch let error as HTTPParserError {
                try await write(Self.reply(to: error), HTTPRequest(method: .get, scheme: nil, authority: nil, path: nil), closes: true, outbound)
            }
            outbound.finish()
        }
    }

    private func answerAll(_ inbound: NIOAsyncChannelInboundStream<HTTPRequestPart>, _ outbound: Outbound, _ responder: Responder) async throws {
        var parts = inbound.makeAsyncIterator()
        while case .head(let head) = try await parts.next(isolation: nil) {
            let body = RequestBodyStream(parts: parts, declaredBytes: head.headerFields[.contentLength].flatMap { Int64($0) })
            var holdsBodyBack = head.headerFields[.expect]?.lowercased() == "100-continue"
            let reply: Reply
            switch await responder.admit(head, body, channel) {
            case .answered(let early): reply = early
            case .admitted(let request):
                if holdsBodyBack {
                    try await outbound.write(.head(HTTPResponse(status: .continue)))
                    holdsBodyBack = false
                }
                reply = await run { await responder.answer(request) }
            }
            let closes = head.headerFields[.connection]?.lowercased() == "close" || holdsBodyBack || body.isLong
            try await write(reply, head, closes: closes, outbound)
            if holdsBodyBack { return }
            // What the handler left is read even before closing: a connection that is closed over unread bytes is reset,
            // and the client might never see the answer.
            let isAtEnd = try await body.discard(upTo: Limits.maxDiscardedBodyBytes)
            guard isAtEnd, !closes else { return }
            parts = body.parts
        }
    }

    /// Runs a handler so that `cancel` reaches it.
    private func run(_ handler: @escaping @Sendable () async -> Reply) async -> Reply {
        let task = Task(executorPreference: executor) { await handler() }
        let isCancelled = state.withLock { state in
            state.handler = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
        let reply = await task.value
        state.withLock { $0.handler = nil }
        return reply
    }

    private func write(_ reply: Reply, _ request: HTTPRequest, closes: Bool, _ outbound: Outbound) async throws {
        var head = HTTPResponse(status: reply.status, headerFields: reply.headers)
        CrossOrigin.allow(&head.headerFields)
        if closes { head.headerFields[.connection] = "close" }
        if reply.status != .noContent && reply.status != .notModified, let byteCount = reply.body.byteCount {
            head.headerFields[.contentLength] = String(byteCount)
        }
        switch reply.body {
        case _ where request.method == .head: try await outbound.write(contentsOf: [.head(head), .end(nil)])
        case .none: try await outbound.write(contentsOf: [.head(head), .end(nil)])
        case .buffer(let buffer): try await outbound.write(contentsOf: [.head(head), .body(buffer), .end(nil)])
        case .stream(_, let send):
            try await outbound.write(.head(head))
            try await send { piece in
                try await outbound.write(.body(piece))
                // The writer learns on the event loop that the socket takes no more. Without going there after each piece,
                // a disk that is faster than a busy loop fills the memory.
                try await channel.eventLoop.submit {}.get()
            }
            try await outbound.write(.end(nil))
        }
    }

    private static func reply(to error: HTTPParserError) -> Reply {
        error == .headerOverflow
            ? ErrorResponse.reply(MatrixError(.init("M_TOO_LARGE", status: 431), "The request's headers are too large."))
            : ErrorResponse.reply(MatrixError(.unknown, "This is not a valid HTTP request."))
    }
}
