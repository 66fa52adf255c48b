import Homeserver
import MatrixCore

/// spec: client-server-api/#creation
enum RoomRoutes {
    static func create(_ request: APIRequest) async throws -> Reply {
        let roomID = try await request.homeserver.rooms.create(RoomCreation(request.body()), by: request.session.userID)
        return .json(["room_id": .string(roomID.rawValue)])
    }
}
