import Homeserver
import MatrixCore

/// spec: client-server-api/#account-management
enum AccountRoutes {
    // spec: client-server-api/#get_matrixclientv3accountwhoami
    static func whoAmI(_ request: APIRequest) -> Reply {
        var body: JSONObject = ["user_id": .string(request.session.userID.rawValue), "is_guest": .bool(request.session.isGuest)]
        if request.session.hasDevice { body["device_id"] = .string(request.session.deviceID.rawValue) }
        return .json(body)
    }

    // spec: client-server-api/#post_matrixclientv3accountpassword
    static func changePassword(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.accounts.changePassword(request.interactive(), session: request.session)
        return .empty
    }

    // spec: client-server-api/#post_matrixclientv3accountdeactivate
    static func deactivate(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.accounts.deactivate(request.interactive(), session: request.session)
        // Nothing was bound to an identity server, so nothing is left there.
        return .json(["id_server_unbind_result": "success"])
    }
}

extension APIRequest {
    /// The user of the path, who has to be the one who asks.
    func ownUserID(_ name: String = "userId") throws(MatrixError) -> UserID {
        let user = try userID(name)
        guard user == session.userID else { throw MatrixError(.forbidden, "This belongs to somebody else.") }
        return user
    }
}
