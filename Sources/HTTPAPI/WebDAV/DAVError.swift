import HTTPTypes
import MatrixCore

/// Errors in the form of WebDAV, with the name of the condition that was not met.
///
/// RFC 4918, section 16.
enum DAVError {
    static func reply(_ status: HTTPResponse.Status, _ condition: String, href: String? = nil) -> Reply {
        let content = href.map { "<D:\(condition)><D:href>\(XMLElement.escaped($0))</D:href></D:\(condition)>" } ?? "<D:\(condition)/>"
        var reply = Reply.bytes(
            Array("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:error xmlns:D=\"DAV:\">\(content)</D:error>\n".utf8),
            contentType: MultiStatusWriter.contentType)
        reply.status = status
        return reply
    }

    /// The same error with its condition, if WebDAV has a name for it; our own web client asks for JSON, and gets that.
    static func reply(to error: MatrixError, _ request: APIRequest) -> Reply? {
        guard error.status == 423, request.headers[.accept]?.contains("application/json") != true else { return nil }
        let path = error.details.string("locked_path").flatMap { try? DAVPath.encoded($0) }
        return reply(.locked, "lock-token-submitted", href: path ?? DAVPath.prefix)
    }
}

extension HTTPResponse.Status {
    static let multi = HTTPResponse.Status(code: 207, reasonPhrase: "Multi-Status")
    static let locked = HTTPResponse.Status(code: 423, reasonPhrase: "Locked")
}
