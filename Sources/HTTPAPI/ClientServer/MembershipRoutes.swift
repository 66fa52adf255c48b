import Homeserver
import MatrixCore

/// spec: client-server-api/#room-membership
enum MembershipRoutes {
    static func joinedRooms(_ request: APIRequest) async throws -> Reply {
        let rooms = try await request.homeserver.membership.joinedRooms(of: request.session.userID)
        return .json(["joined_rooms": .array(rooms.map { .string($0.rawValue) })])
    }

    /// By room ID or address.
    static func join(_ request: APIRequest) async throws -> Reply { try await join(request, to: target(request, "roomIdOrAlias")) }

    static func joinByID(_ request: APIRequest) async throws -> Reply { try await join(request, to: .id(request.roomID())) }

    private static func join(_ request: APIRequest, to target: RoomTarget) async throws -> Reply {
        let body = try await request.optionalBody()
        try await request.homeserver.applicationServices.provide(target)
        let room = try await request.homeserver.membership.join(
            target, as: request.session.userID, extra: body, reason: body.optionalString("reason"))
        return .json(["room_id": .string(room.rawValue)])
    }

    static func knock(_ request: APIRequest) async throws -> Reply {
        let body = try await request.optionalBody()
        let target = try target(request, "roomIdOrAlias")
        try await request.homeserver.applicationServices.provide(target)
        let room = try await request.homeserver.membership.knock(
            target, as: request.session.userID, reason: body.optionalString("reason"))
        return .json(["room_id": .string(room.rawValue)])
    }

    static func leave(_ request: APIRequest) async throws -> Reply {
        let body = try await request.optionalBody()
        try await request.homeserver.membership.leave(request.roomID(), as: request.session.userID, reason: body.optionalString("reason"))
        return .empty
    }

    static func forget(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.membership.forget(request.roomID(), as: request.session.userID)
        return .empty
    }

    static func invite(_ request: APIRequest) async throws -> Reply {
        let body = try await request.body()
        guard body["medium"] == nil, body["address"] == nil else {
            throw MatrixError(.threepidDenied, "This box knows no e-mail addresses or phone numbers; invite by user ID.")
        }
        let invitee = try userID(in: body)
        try await request.homeserver.applicationServices.provide(invitee)
        try await request.homeserver.membership.invite(
            invitee, to: request.roomID(), by: request.session.userID, reason: body.optionalString("reason"))
        return .empty
    }

    static func kick(_ request: APIRequest) async throws -> Reply { try await change(request, request.homeserver.membership.kick) }

    static func ban(_ request: APIRequest) async throws -> Reply { try await change(request, request.homeserver.membership.ban) }

    static func unban(_ request: APIRequest) async throws -> Reply { try await change(request, request.homeserver.membership.unban) }

    private static func change(
        _ request: APIRequest, _ change: (_ user: UserID, _ room: RoomID, _ sender: UserID, _ reason: String?) async throws -> Void
    ) async throws -> Reply {
        let body = try await request.body()
        try await change(userID(in: body), request.roomID(), request.session.userID, body.optionalString("reason"))
        return .empty
    }

    static func target(_ request: APIRequest, _ name: String) throws(MatrixError) -> RoomTarget {
        guard let target = RoomTarget(request.parameter(name)) else {
            throw MatrixError(.invalidParameter, "\(request.parameter(name)) is neither a room ID nor a room alias.")
        }
        return target
    }

    private static func userID(in body: JSONObject) throws(MatrixError) -> UserID {
        guard let user = UserID(try body.requiredString("user_id")) else { throw MatrixError(.invalidParameter, "user_id is not a user ID.") }
        return user
    }
}
