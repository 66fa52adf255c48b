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

    static func me(_ request: APIRequest) async throws -> Reply {
        let user = request.session.userID
        var answer: JSONObject = ["user_id": .string(user.rawValue), "admin": .bool(request.session.isAdministrator)]
        if let room = try await request.homeserver.myDevices.room(of: user) { answer["my_devices_room"] = .string(room.rawValue) }
        return .json(answer)
    }

    /// Makes the room that this user sends things to their other devices in, if they have none.
    static func myDevices(_ request: APIRequest) async throws -> Reply {
        _ = try await request.optionalBody()
        guard request.session.applicationService == nil else { throw MatrixError(.forbidden, "An application service has no devices.") }
        return .json(["room_id": .string(try await request.homeserver.myDevices.madeRoom(of: request.session.userID).rawValue)])
    }
}
