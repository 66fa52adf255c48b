import HTTPTypes

/// Every response may be read by web pages from anywhere: access is by token, never by cookie.
///
/// spec: client-server-api/#web-browser-clients
enum CrossOrigin {
    static func allow(_ headers: inout HTTPFields) {
        headers.append(allowOrigin)
        headers.append(allowMethods)
        headers.append(allowHeaders)
        headers.append(exposeHeaders)
    }

    static let preflight: Reply = {
        var reply = Reply(status: .noContent)
        reply.headers[.accessControlMaxAge] = "86400"
        return reply
    }()

    private static let allowOrigin = HTTPField(name: .accessControlAllowOrigin, value: "*")
    private static let allowMethods = HTTPField(name: .accessControlAllowMethods, value: "GET, HEAD, POST, PUT, DELETE, OPTIONS")
    private static let allowHeaders = HTTPField(
        name: .accessControlAllowHeaders, value: "X-Requested-With, Content-Type, Authorization, Range, If-Range, If-None-Match")
    private static let exposeHeaders = HTTPField(
        name: .accessControlExposeHeaders, value: "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Retry-After")
}
