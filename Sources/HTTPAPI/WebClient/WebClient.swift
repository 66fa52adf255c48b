import HTTPTypes
import NIOCore

/// The web client that the box serves to browsers, from inside the executable.
enum WebClient {
    /// The answer to a request for a page or a file; `nil` where there is none.
    static func reply(_ head: HTTPRequest, _ path: Substring) -> Reply? {
        guard let file = file(atPath: path) else { return nil }
        guard head.method == .get || head.method == .head else { return nil }
        var reply = Reply()
        reply.headers = [
            .contentType: file.contentType,
            .eTag: file.entityTag,
            // Browsers ask each time, and are told mostly that nothing has changed: a new version of the box is seen at once.
            .cacheControl: "no-cache",
            .contentSecurityPolicy: contentSecurityPolicy,
            .xContentTypeOptions: "nosniff",
            .referrerPolicy: "no-referrer",
        ]
        if EntityTag.matches(head.headerFields[.ifNoneMatch], file.entityTag) {
            reply.status = .notModified
        } else {
            reply.body = .buffer(file.contents)
        }
        return reply
    }

    private static func file(atPath path: Substring) -> WebFile? {
        // An invitation's link opens the page, which reads the token out of its own address.
        let isPage = path == "/" || (path.hasPrefix("/j/") && path.utf8.count > 3 && !path.dropFirst(3).contains("/"))
        return WebFiles.all[isPage ? "index.html" : String(path.dropFirst())]
    }

    /// The page talks to its own origin only, and runs nothing but its own files.
    private static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:", "media-src 'self' blob:", "connect-src 'self'",
        "manifest-src 'self'", "font-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
    ].joined(separator: "; ")
}
