import Homeserver
import MatrixCore

/// spec: client-server-api/#openid
enum OpenIDRoutes {
    // spec: client-server-api/#post_matrixclientv3useruseridopenidrequest_token
    static func requestToken(_ request: APIRequest) async throws -> Reply {
        let user = try request.ownUserID()
        _ = try await request.optionalBody()
        return .json([
            "access_token": .string(request.homeserver.openID.token(for: user)), "token_type": "Bearer",
            "matrix_server_name": .string(request.homeserver.serverName), "expires_in": .integer(OpenID.lifetimeSeconds),
        ])
    }

    // spec: server-server-api/#get_matrixfederationv1openiduserinfo
    static func userInfo(_ request: APIRequest) async throws -> Reply {
        guard let token = request.query("access_token") else { throw MatrixError(.missingToken, "access_token is missing.") }
        return .json(["sub": .string(try await request.homeserver.openID.owner(of: token).rawValue)])
    }
}
