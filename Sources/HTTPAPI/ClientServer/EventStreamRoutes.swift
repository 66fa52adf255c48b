import Homeserver
import MatrixCore

/// What clients of before `/sync` use, and room previews.
///
/// spec: client-server-api/#get_matrixclientv3events
enum EventStreamRoutes {
    static func events(_ request: APIRequest) async throws -> Reply {
        var room: RoomID?
        if let text = request.query("room_id") {
            guard let id = RoomID(text) else { throw MatrixError(.invalidParameter, "room_id is no room ID.") }
            room = id
        }
        guard room != nil || !request.session.isGuest else {
            throw MatrixError(.guestAccessForbidden, "Guests may listen to one room only: name it in room_id.")
        }
        let timeout = try request.queryInteger("timeout", range: 0...SyncRequest.maxTimeoutMilliseconds)
        return .jsonBytes(
            try await request.homeserver.eventStream.events(
                for: request.session, in: room, from: request.streamToken("from"),
                limit: request.queryInteger("limit", range: 1...EventStream.maxEvents) ?? EventStream.maxEvents,
                timeout: .milliseconds(timeout ?? EventStream.defaultTimeoutMilliseconds)))
    }

    // spec: client-server-api/#get_matrixclientv3eventseventid
    static func event(_ request: APIRequest) async throws -> Reply {
        let event = try await request.homeserver.history.event(request.eventID(), for: request.session.userID)
        var writer = JSONWriter()
        request.eventFormat.write(event, to: &writer)
        return .jsonBytes(writer.bytes)
    }

    // spec: client-server-api/#get_matrixclientv3initialsync
    static func initialSync(_ request: APIRequest) async throws -> Reply {
        .jsonBytes(
            try await request.homeserver.initialSync.snapshot(
                for: request.session, limit: limit(request), includesLeft: request.queryBool("archived") ?? false))
    }

    // spec: client-server-api/#get_matrixclientv3roomsroomidinitialsync
    static func roomInitialSync(_ request: APIRequest) async throws -> Reply {
        .jsonBytes(try await request.homeserver.initialSync.room(request.roomID(), for: request.session, limit: limit(request)))
    }

    private static func limit(_ request: APIRequest) throws(MatrixError) -> Int {
        try request.queryInteger("limit", range: 0...History.maxPageEvents) ?? History.defaultPageEvents
    }
}
