import Cryptography
import HTTPTypes
import Homeserver
import MatrixCore

/// How programs that show files as a drive say who they are: name and app password, with every request (RFC 7617).
enum FileAuthentication {
    static let challenge = "Basic realm=\"Landline\", charset=\"UTF-8\""

    /// `nil` where the request does not authenticate itself in this way.
    static func session(_ head: HTTPRequest, _ homeserver: Homeserver, from address: String?) async throws -> Session? {
        guard let header = head.headerFields[.authorization], header.prefix(6).lowercased() == "basic " else { return nil }
        // The last colon: some programs want the whole user ID, which has one itself, and an app password has none.
        guard let bytes = Base64.decode(String(header.dropFirst(6).filter { $0 != " " })), let text = String(validating: bytes, as: UTF8.self),
            let colon = text.lastIndex(of: ":")
        else { throw MatrixError(.init("M_UNKNOWN", status: 401), "The Authorization header is not valid.") }
        try refuseOtherSites(head)
        return try await homeserver.appPasswords.session(
            name: String(text[..<colon]), password: String(text[text.index(after: colon)...]), address: address)
    }

    /// A browser that was told the password once adds it to requests that any site makes it send. Those may change nothing.
    private static func refuseOtherSites(_ head: HTTPRequest) throws(MatrixError) {
        guard ![.get, .head, .options, .propfind].contains(head.method) else { return }
        let site = head.headerFields[.secFetchSite]
        let isSameSite = site == nil || site == "same-origin" || site == "none"
        let origin = head.headerFields[.origin]
        let isSameOrigin = origin == nil || origin == "http://\(head.authority ?? "")" || origin == "https://\(head.authority ?? "")"
        guard isSameSite, isSameOrigin else { throw MatrixError(.forbidden, "Another site's page may not change your files.") }
    }

    /// Asks for name and password. A page of ours that lost its token shows its own login instead of the browser's.
    static func challenge(_ error: MatrixError, _ head: HTTPRequest) -> Reply {
        let reply = ErrorResponse.reply(error)
        let hasToken = head.headerFields[.authorization]?.prefix(7).lowercased() == "bearer "
        return error.status == 401 && !hasToken ? reply.header(.wwwAuthenticate, challenge) : reply
    }
}
