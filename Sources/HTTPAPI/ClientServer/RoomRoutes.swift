import Homeserver
import MatrixCore

/// Rooms as a whole: making, replacing and finding them.
enum RoomRoutes {
    /// spec: client-server-api/#creation
    static func create(_ request: APIRequest) async throws -> Reply {
        let creation = try RoomCreation(await request.body())
        try request.homeserver.applicationServices.check(creation, by: request.session)
        try await request.homeserver.applicationServices.provide(creation.invitees)
        let roomID = try await request.homeserver.rooms.create(creation, by: request.session.userID)
        return .json(["room_id": .string(roomID.rawValue)])
    }

    /// spec: client-server-api/#post_matrixclientv3roomsroomidupgrade
    static func upgrade(_ request: APIRequest) async throws -> Reply {
        let replacement = try await request.homeserver.upgrades.upgrade(
            request.roomID(), RoomUpgrade(request.body()), by: request.session.userID)
        return .json(["replacement_room": .string(replacement.rawValue)])
    }

    /// spec: client-server-api/#get_matrixclientv1room_summaryroomidoralias
    static func summary(_ request: APIRequest) async throws -> Reply {
        let target = try MembershipRoutes.target(request, "roomIdOrAlias")
        return .json(try await request.homeserver.summaries.summary(of: target, for: request.optionalSession?.userID))
    }

    /// The same for clients that ask as the proposal says (MSC3266), and read what was new then under names of its own: matrix-js-sdk.
    static func summaryOfTheProposal(_ request: APIRequest) async throws -> Reply {
        let target = try MembershipRoutes.target(request, "roomIdOrAlias")
        var summary = try await request.homeserver.summaries.summary(of: target, for: request.optionalSession?.userID)
        summary["im.nheko.summary.room_version"] = summary["room_version"]
        summary["im.nheko.summary.encryption"] = summary["encryption"]
        return .json(summary)
    }

    /// spec: client-server-api/#get_matrixclientv1roomsroomidhierarchy
    static func hierarchy(_ request: APIRequest) async throws -> Reply {
        var query = HierarchyQuery()
        query.suggestedOnly = try request.queryBool("suggested_only") ?? false
        if let limit = try request.queryInteger("limit", range: 1...SpaceHierarchy.maxRooms) { query.limit = limit }
        query.maxDepth = try request.queryInteger("max_depth", range: 0...Int(Int32.max))
        query.from = request.query("from")
        return .json(try await request.homeserver.spaces.rooms(of: request.roomID(), query, for: request.session.userID))
    }

    /// spec: client-server-api/#get_matrixclientv1roomsroomidtimestamp_to_event
    static func eventByTime(_ request: APIRequest) async throws -> Reply {
        guard let text = request.query("ts") else { throw MatrixError(.missingParameter, "ts is missing.") }
        guard let timestamp = Int64(text) else { throw MatrixError(.invalidParameter, "ts must be a number of milliseconds.") }
        let direction: History.Direction
        switch request.query("dir") {
        case "f", nil: direction = .forwards
        case "b": direction = .backwards
        default: throw MatrixError(.invalidParameter, "dir is b or f.")
        }
        let event = try await request.homeserver.history.event(
            closestTo: timestamp, direction, in: request.roomID(), for: request.session.userID)
        return .json(["event_id": .string(event.id.rawValue), "origin_server_ts": .integer(event.timestamp)])
    }
}
