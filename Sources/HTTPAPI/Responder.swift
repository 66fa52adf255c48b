import HTTPTypes
import Homeserver
import MatrixCore
import NIOCore

/// Takes a request to its handler: route, token, body limit, errors.
struct Responder: Sendable {
    let server: ServerContext
    let router: Router

    init(server: ServerContext, routes: [Route] = Routes.all) {
        self.server = server
        router = Router(routes)
    }

    /// A request whose body may be read now, or the answer where that is not even needed.
    enum Admission: Sendable {
        case admitted(APIRequest)
        case answered(Reply)
    }

    func admit(_ head: HTTPRequest, _ bodyStream: RequestBodyStream, _ channel: any Channel) async -> Admission {
        do {
            return try await route(head, bodyStream, channel)
        } catch {
            return .answered(ErrorResponse.reply(to: error, head, logger: server.logger))
        }
    }

    func answer(_ request: APIRequest) async -> Reply {
        do {
            return try await request.route.handler(request)
        } catch {
            return ErrorResponse.reply(to: error, request.head, logger: server.logger)
        }
    }

    private func route(_ head: HTTPRequest, _ bodyStream: RequestBodyStream, _ channel: any Channel) async throws -> Admission {
        let target = head.path ?? "/"
        guard target.utf8.count <= Limits.maxPathBytes else { throw MatrixError(Self.pathTooLong, "The path is too long.") }
        let end = target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        let path = target[..<end]
        if head.method == .options, let reply = answerToOptions(head, path) { return .answered(reply) }
        switch router.match(head.method, path) {
        case .found(let route, let parameters):
            let limit = maxBodyBytes(route)
            if let declared = bodyStream.declaredBytes, declared > limit {
                throw MatrixError(.tooLarge, "The request body is too large: at most \(limit) bytes are taken.")
            }
            let query = end == target.endIndex ? "" : target[target.utf8.index(after: end)...]
            let session: Session?
            do {
                session = try await Authentication.session(head, query, for: route.access, server.homeserver, from: RemoteAddress.text(channel))
                if let session, !Self.openToLocked.contains(route.path) { try server.homeserver.moderation.requireUnlocked(session.userID) }
            } catch let error as MatrixError where route.access == .files {
                return .answered(FileAuthentication.challenge(error, head))
            }
            return .admitted(
                APIRequest(
                    server: server, route: route, head: head, parameters: parameters, queryText: query, optionalSession: session,
                    bodyStream: bodyStream, channel: channel))
        case .wrongMethod(let allowed):
            var reply = ErrorResponse.reply(MatrixError(.methodNotAllowed, "\(head.method) is not possible here."))
            reply.headers[.allow] = allowed.map(\.rawValue).joined(separator: ", ")
            return .answered(reply)
        case .malformed:
            throw MatrixError(.invalidParameter, "The path is not valid percent-encoded UTF-8.")
        case .unknown:
            if let reply = WebClient.reply(head, path) { return .answered(reply) }
            throw MatrixError(.unrecognized, "There is nothing at this path.")
        }
    }

    /// A preflight is answered for every path: the real request then gets the real answer. WebDAV's question goes to its route.
    private func answerToOptions(_ head: HTTPRequest, _ path: Substring) -> Reply? {
        if case .found(let route, _) = router.match(.options, path) {
            // A preflight has no token: only a route for anyone can answer one itself.
            return head.headerFields[.accessControlRequestMethod] == nil || route.access == .anyone ? nil : CrossOrigin.preflight
        }
        guard head.headerFields[.accessControlRequestMethod] == nil, path == "/" || path == "*" else { return CrossOrigin.preflight }
        return WebDAVRoutes.capabilities
    }

    private func maxBodyBytes(_ route: Route) -> Int64 {
        switch route.bodyLimit {
        case .json: Int64(Limits.maxJSONBodyBytes)
        case .upload: server.homeserver.configuration.maxUploadBytes
        }
    }

    /// spec: client-server-api/#account-locking
    private static let openToLocked: Set<String> = ["/_matrix/client/v3/logout", "/_matrix/client/v3/logout/all"]
    private static let pathTooLong = MatrixError.Code("M_UNRECOGNIZED", status: 414)
}
