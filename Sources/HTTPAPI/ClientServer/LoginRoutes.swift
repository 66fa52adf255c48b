import Homeserver
import MatrixCore

/// spec: client-server-api/#login
enum LoginRoutes {
    // spec: client-server-api/#get_matrixclientv3login
    static func flows(_ request: APIRequest) -> Reply {
        .json(["flows": .array(request.homeserver.login.flows.map { ["type": .string($0)] })])
    }

    // spec: client-server-api/#post_matrixclientv3login
    static func logIn(_ request: APIRequest) async throws -> Reply {
        let token = Authentication.token(request.head, request.queryText)
        return .json(try await request.homeserver.login.logIn(request.body(), address: request.remoteAddress, token: token).json)
    }

    /// This box gives out no refresh tokens (Element X refuses servers that do so with passwords), so every one is unknown.
    ///
    /// spec: client-server-api/#post_matrixclientv3refresh
    static func refresh(_ request: APIRequest) async throws -> Reply {
        _ = try await request.body().requiredString("refresh_token")
        throw MatrixError(.unknownToken, "This refresh token is unknown.", details: ["soft_logout": false])
    }

    // spec: client-server-api/#post_matrixclientv3logout
    static func logOut(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.sessions.logOut(request.session)
        return .empty
    }

    // spec: client-server-api/#post_matrixclientv3logoutall
    static func logOutEverywhere(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.sessions.logOutEverywhere(request.session.userID)
        return .empty
    }
}
