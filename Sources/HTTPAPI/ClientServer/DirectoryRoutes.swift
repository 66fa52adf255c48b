import Homeserver
import MatrixCore

/// spec: client-server-api/#room-aliases, client-server-api/#published-room-directory
enum DirectoryRoutes {
    static func resolve(_ request: APIRequest) async throws -> Reply {
        let directory = request.homeserver.directory
        try await request.homeserver.applicationServices.provide(request.roomAlias())
        let roomID = try await directory.roomID(of: request.roomAlias())
        return .json(["room_id": .string(roomID.rawValue), "servers": [.string(request.homeserver.serverName)]])
    }

    static func add(_ request: APIRequest) async throws -> Reply {
        guard let roomID = RoomID(try await request.body().requiredString("room_id")) else {
            throw MatrixError(.invalidParameter, "room_id is not a room ID.")
        }
        try await request.homeserver.directory.add(
            request.roomAlias(), for: roomID, by: request.session.userID, service: request.session.applicationService)
        return .empty
    }

    static func remove(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.directory.remove(request.roomAlias(), by: request.session)
        return .empty
    }

    static func aliases(_ request: APIRequest) async throws -> Reply {
        let aliases = try await request.homeserver.directory.aliases(of: request.roomID(), for: request.session.userID)
        return .json(["aliases": .array(aliases.map { .string($0.rawValue) })])
    }

    static func visibility(_ request: APIRequest) async throws -> Reply {
        let isListed = try await request.homeserver.directory.isListed(request.roomID())
        return .json(["visibility": .string(isListed ? "public" : "private")])
    }

    static func setVisibility(_ request: APIRequest) async throws -> Reply {
        let isListed: Bool
        switch try await request.optionalBody().optionalString("visibility") {
        case "public", nil: isListed = true
        case "private": isListed = false
        default: throw MatrixError(.invalidParameter, "visibility is public or private.")
        }
        try await request.homeserver.directory.setListed(isListed, request.roomID(), by: request.session)
        return .empty
    }

    static func publicRooms(_ request: APIRequest) async throws -> Reply {
        try checkServer(request)
        var query = PublicRoomsQuery()
        // None at all is no useful page: clients that say so mean the server's own limit.
        if let limit = try request.queryInteger("limit", range: 0...PublicRoomsQuery.maxLimit), limit > 0 { query.limit = limit }
        query.place = try place(request.query("since"))
        return .json(try await request.homeserver.directory.publicRooms(query))
    }

    static func searchPublicRooms(_ request: APIRequest) async throws -> Reply {
        try checkServer(request)
        let body = try await request.optionalBody()
        var query = PublicRoomsQuery()
        if let limit = try body.optionalInteger("limit"), limit != 0 {
            guard limit > 0 else { throw MatrixError(.invalidParameter, "limit must be a number above 0.") }
            query.limit = Int(min(limit, Int64(PublicRoomsQuery.maxLimit)))
        }
        query.place = try place(body.optionalString("since"))
        if let filter = try body.optionalObject("filter") {
            query.searchTerm = try filter.optionalString("generic_search_term") ?? ""
            query.roomTypes = try filter.optionalArray("room_types")?.map(\.stringValue)
        }
        query.network = try network(body)
        return .json(try await request.homeserver.directory.publicRooms(query))
    }

    /// Rooms of another server are not ours to list.
    private static func checkServer(_ request: APIRequest) throws(MatrixError) {
        guard let server = request.query("server"), !server.isEmpty, server != request.homeserver.serverName else { return }
        throw MatrixError(.notFound, "This box does not talk to \(server).")
    }

    /// spec: client-server-api/#post_matrixclientv3publicrooms (`third_party_instance_id`)
    private static func network(_ body: JSONObject) throws(MatrixError) -> PublicRoomsNetwork {
        let includesAll = try body.optionalBool("include_all_networks") ?? false
        guard let id = try body.optionalString("third_party_instance_id") else { return includesAll ? .all : .box }
        guard !includesAll else { throw MatrixError(.invalidParameter, "include_all_networks and third_party_instance_id exclude each other.") }
        guard let network = PublicRoomsNetwork(instanceID: id) else { throw MatrixError(.notFound, "There is no such network.") }
        return network
    }

    private static func place(_ token: String?) throws(MatrixError) -> PublicRoomsPlace {
        guard let token, !token.isEmpty else { return .start }
        guard let place = PublicRoomsPlace(token: token) else { throw MatrixError(.invalidParameter, "since is not a token of this list.") }
        return place
    }
}
