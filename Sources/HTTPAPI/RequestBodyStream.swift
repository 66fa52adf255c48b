import MatrixCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// The body of one request, as it arrives.
///
/// Proof for `@unchecked Sendable`: the connection's task hands it to the handler's task, and touches it only after that one has ended.
final class RequestBodyStream: @unchecked Sendable {
    typealias Parts = NIOAsyncChannelInboundStream<HTTPRequestPart>.AsyncIterator

    /// The connection ended before the body did.
    struct Truncated: Error {}

    /// After the end of the body: what goes on with the next request.
    private(set) var parts: Parts
    private(set) var isAtEnd = false
    /// From the head; chunked bodies have none.
    let declaredBytes: Int64?

    init(parts: Parts, declaredBytes: Int64?) {
        self.parts = parts
        self.declaredBytes = declaredBytes
    }

    /// The next piece, `nil` at the end of the body. Throws when the connection is lost before.
    func next() async throws -> ByteBuffer? {
        guard !isAtEnd else { return nil }
        switch try await nextPart() {
        case .body(let buffer): return buffer
        case .end:
            isAtEnd = true
            return nil
        case .head, nil: throw Truncated()
        }
    }

    private func nextPart() async throws -> HTTPRequestPart? {
        do {
            return try await parts.next(isolation: nil)
        } catch is HTTPParserError {
            throw MatrixError(.unknown, "The request body is not valid HTTP.")
        } catch is IOError {
            // A phone that leaves the network, and no fault of the box.
            throw Truncated()
        }
    }

    /// The whole body.
    func collect(upTo maxBytes: Int) async throws -> ByteBuffer {
        if let declaredBytes, declaredBytes > maxBytes { throw Self.tooLarge(maxBytes) }
        guard var whole = try await next() else { return ByteBuffer() }
        while true {
            guard whole.readableBytes <= maxBytes else { throw Self.tooLarge(maxBytes) }
            guard var piece = try await next() else { return whole }
            whole.writeBuffer(&piece)
        }
    }

    /// Reads and forgets what is left, if it is not too much. Returns whether the connection can carry another request.
    func discard(upTo maxBytes: Int) async throws -> Bool {
        var discarded = 0
        while discarded <= maxBytes {
            guard let piece = try await next() else { return true }
            discarded += piece.readableBytes
        }
        return false
    }

    /// More is left than `discard` would read.
    var isLong: Bool { !isAtEnd && (declaredBytes ?? 0) > Limits.maxDiscardedBodyBytes }

    static func tooLarge(_ maxBytes: Int) -> MatrixError {
        MatrixError(.tooLarge, "The request body is too large: at most \(maxBytes) bytes are taken.")
    }
}
