import Homeserver
import MatrixCore

/// spec: client-server-api/#getting-events-for-a-room
enum StateRoutes {
    static func all(_ request: APIRequest) async throws -> Reply {
        let events = try await request.homeserver.history.state(of: request.roomID(), for: request.session.userID)
        var writer = JSONWriter()
        try await request.eventFormat(in: request.roomID()).write(events, to: &writer)
        return .jsonBytes(writer.bytes)
    }

    static func get(_ request: APIRequest) async throws -> Reply { try await get(request, stateKey: request.parameter("stateKey")) }

    static func getWithEmptyKey(_ request: APIRequest) async throws -> Reply { try await get(request, stateKey: "") }

    private static func get(_ request: APIRequest, stateKey: String) async throws -> Reply {
        let event = try await request.homeserver.history.stateEvent(
            of: request.roomID(), type: request.parameter("eventType"), stateKey: stateKey, for: request.session.userID)
        guard request.query("format") == "event" else { return .jsonBytes(request.eventFormat.content(of: event)) }
        var writer = JSONWriter()
        try await request.eventFormat(in: request.roomID()).write(event, to: &writer)
        return .jsonBytes(writer.bytes)
    }

    static func set(_ request: APIRequest) async throws -> Reply { try await set(request, stateKey: request.parameter("stateKey")) }

    static func setWithEmptyKey(_ request: APIRequest) async throws -> Reply { try await set(request, stateKey: "") }

    private static func set(_ request: APIRequest, stateKey: String) async throws -> Reply {
        let eventID = try await request.homeserver.timeline.setState(
            type: request.parameter("eventType"), stateKey: stateKey, content: request.body(), in: request.roomID(),
            session: request.session, timestamp: request.wishedTimestamp())
        return .json(["event_id": .string(eventID.rawValue)])
    }

    static func members(_ request: APIRequest) async throws -> Reply {
        let events = try await request.homeserver.history.members(
            of: request.roomID(), for: request.session.userID, at: request.streamToken("at"), membership: request.query("membership"),
            notMembership: request.query("not_membership"))
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("chunk")
        try await request.eventFormat(in: request.roomID()).write(events, to: &writer)
        writer.endObject()
        return .jsonBytes(writer.bytes)
    }

    static func joinedMembers(_ request: APIRequest) async throws -> Reply {
        var joined: JSONObject = [:]
        for (user, content) in try await request.homeserver.history.joinedMembers(of: request.roomID(), for: request.session.userID) {
            // Both are always there, as with other servers.
            joined[user.rawValue] = [
                "display_name": content["displayname"] ?? .null, "avatar_url": content["avatar_url"] ?? .null,
            ]
        }
        return .json(["joined": .object(joined)])
    }
}
