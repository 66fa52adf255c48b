import HTTPTypes
import MatrixCore
import NIOCore

/// What a handler answers.
struct Reply: Sendable {
    /// Sends the pieces of a streamed body. Returns when the client is ready for more.
    typealias BodyWriter = @Sendable (ByteBuffer) async throws -> Void

    enum Body: Sendable {
        case none
        case buffer(ByteBuffer)
        /// Exactly `byteCount` bytes, written by the closure; `nil` where nobody knows how many there will be.
        case stream(byteCount: Int64?, @Sendable (BodyWriter) async throws -> Void)

        /// `nil` for a body that is sent in chunks.
        var byteCount: Int64? {
            switch self {
            case .none: 0
            case .buffer(let buffer): Int64(buffer.readableBytes)
            case .stream(let byteCount, _): byteCount
            }
        }
    }

    var status: HTTPResponse.Status = .ok
    var headers: HTTPFields = [:]
    var body: Body = .none

    static func json(_ object: JSONObject, status: HTTPResponse.Status = .ok) -> Reply {
        var writer = JSONWriter()
        writer.object(object)
        return jsonBytes(writer.bytes, status: status)
    }

    /// JSON that is serialized already.
    static func jsonBytes(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Reply {
        Reply(status: status, headers: jsonHeaders, body: .buffer(ByteBuffer(bytes: bytes)))
    }

    static let empty = Reply(headers: jsonHeaders, body: .buffer(ByteBuffer(string: "{}")))

    static func html(_ text: String, status: HTTPResponse.Status = .ok) -> Reply {
        Reply(status: status, headers: [.contentType: "text/html; charset=utf-8"], body: .buffer(ByteBuffer(string: text)))
    }

    static func bytes(_ bytes: [UInt8], contentType: String) -> Reply {
        Reply(headers: [.contentType: contentType], body: .buffer(ByteBuffer(bytes: bytes)))
    }

    static func stream(byteCount: Int64?, contentType: String, _ write: @escaping @Sendable (BodyWriter) async throws -> Void) -> Reply {
        Reply(headers: [.contentType: contentType], body: .stream(byteCount: byteCount, write))
    }

    func header(_ name: HTTPField.Name, _ value: String) -> Reply {
        var reply = self
        reply.headers[name] = value
        return reply
    }

    private static let jsonHeaders: HTTPFields = [.contentType: "application/json"]
}
