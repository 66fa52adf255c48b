import Homeserver
import MatrixCore

/// spec: client-server-api/#profiles
enum ProfileRoutes {
    // spec: client-server-api/#get_matrixclientv3profileuserid
    static func get(_ request: APIRequest) async throws -> Reply {
        .jsonBytes(try await request.homeserver.profiles.profile(of: request.userID()))
    }

    // spec: client-server-api/#get_matrixclientv3profileuseridkeyname
    static func getField(_ request: APIRequest) async throws -> Reply {
        .jsonBytes(try await request.homeserver.profiles.field(request.parameter("keyName"), of: request.userID()))
    }

    // spec: client-server-api/#put_matrixclientv3profileuseridkeyname
    static func setField(_ request: APIRequest) async throws -> Reply {
        try request.checkGuestsField()
        try await request.homeserver.profiles.setField(request.parameter("keyName"), of: request.ownUserID(), body: request.body())
        return .empty
    }

    // spec: client-server-api/#delete_matrixclientv3profileuseridkeyname
    static func deleteField(_ request: APIRequest) async throws -> Reply {
        try request.checkGuestsField()
        try await request.homeserver.profiles.deleteField(request.parameter("keyName"), of: request.ownUserID())
        return .empty
    }
}

extension APIRequest {
    /// Guests have a name of their own choice, and nothing else in their profile.
    fileprivate func checkGuestsField() throws(MatrixError) {
        guard session.isGuest, parameter("keyName") != "displayname" else { return }
        throw MatrixError(.guestAccessForbidden, "Guests may change only their name.")
    }
}
