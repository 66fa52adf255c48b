import Homeserver
import MatrixCore

/// What the web client asks the box about itself and about who is using it.
enum BoxRoutes {
    static func box(_ request: APIRequest) async throws -> Reply {
        .json([
            "name": .string(request.server.boxName),
            "server_name": .string(request.homeserver.serverName),
            "registration": .string(request.homeserver.configuration.registration.rawValue),
            "owner_exists": .bool(try await request.homeserver.registration.ownerExists),
            "version": .string(LandlineVersion.current),
        ])
    }

    static func me(_ request: APIRequest) -> Reply {
        .json(["user_id": .string(request.session.userID.rawValue), "admin": .bool(request.session.isAdministrator)])
    }
}
