import Homeserver
import MatrixCore

/// spec: client-server-api/#mutual-rooms
enum MutualRoomRoutes {
    // spec: client-server-api/#get_matrixclientv1mutual_rooms
    static func get(_ request: APIRequest) async throws -> Reply {
        guard let text = request.query("user_id") else { throw MatrixError(.missingParameter, "user_id is missing.") }
        guard let other = UserID(text) else { throw MatrixError(.invalidParameter, "user_id is no user ID.") }
        let page = try await request.homeserver.mutualRooms.rooms(of: request.session.userID, and: other, from: request.query("from"))
        var body: JSONObject = ["joined": .array(page.rooms.map { .string($0.rawValue) }), "count": .integer(Int64(page.count))]
        if let next = page.next { body["next_batch"] = .string(next) }
        return .json(body)
    }
}
