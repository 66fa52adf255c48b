import Homeserver
import MatrixCore

/// spec: MSC4186
enum SlidingSyncRoutes {
    static func sync(_ request: APIRequest) async throws -> Reply { try await answer(request, .accepted) }

    /// As clients have spoken it since before it was accepted.
    static func syncInTheField(_ request: APIRequest) async throws -> Reply { try await answer(request, .field) }

    private static func answer(_ request: APIRequest, _ dialect: SlidingSyncDialect) async throws -> Reply {
        let body = try await request.optionalBody()
        let sync = try SlidingSyncRequest(body, query: { request.query($0) }, dialect: dialect, session: request.session)
        return .jsonBytes(try await request.homeserver.slidingSync.sync(sync))
    }
}
