import Homeserver
import MatrixCore

/// Receipts, read markers, typing and presence.
///
/// spec: client-server-api/#receipts, client-server-api/#typing-notifications, client-server-api/#presence
enum EphemeralRoutes {
    static func setReceipt(_ request: APIRequest) async throws -> Reply {
        let threadID = try await request.optionalBody()["thread_id"].flatMap { $0.isNull ? nil : $0 }
        guard threadID == nil || threadID?.stringValue != nil else { throw MatrixError(.invalidParameter, "thread_id must be a string.") }
        try await request.homeserver.receipts.set(
            request.parameter("receiptType"), to: request.eventID(), threadID: threadID?.stringValue,
            in: request.roomID(), by: request.session.userID)
        return .empty
    }

    static func setReadMarkers(_ request: APIRequest) async throws -> Reply {
        let body = try await request.body()
        var markers: [String: EventID] = [:]
        for type in ["m.fully_read", "m.read", "m.read.private"] {
            guard let text = try body.optionalString(type) else { continue }
            guard let eventID = EventID(text) else { throw MatrixError(.invalidParameter, "\(type) is not an event ID.") }
            markers[type] = eventID
        }
        try await request.homeserver.receipts.set(markers, in: request.roomID(), by: request.session.userID)
        return .empty
    }

    static func setTyping(_ request: APIRequest) async throws -> Reply {
        guard try request.userID() == request.session.userID else { throw MatrixError(.forbidden, "You can type only as yourself.") }
        let body = try await request.body()
        guard let isTyping = try body.optionalBool("typing") else { throw MatrixError(.missingParameter, "typing is missing.") }
        try await request.homeserver.typing.set(
            isTyping, timeoutMilliseconds: body.optionalInteger("timeout").map { Int(clamping: $0) }, in: request.roomID(),
            by: request.session.userID)
        return .empty
    }

    static func presence(_ request: APIRequest) async throws -> Reply {
        let presence = request.homeserver.presence
        let user = try request.userID()
        guard try await presence.canSee(user, as: request.session.userID) else {
            throw MatrixError(.forbidden, "You share no room with \(user).")
        }
        return .json(presence.content(of: presence.status(of: user)))
    }

    static func setPresence(_ request: APIRequest) async throws -> Reply {
        guard try request.userID() == request.session.userID else { throw MatrixError(.forbidden, "You can set only your own presence.") }
        let body = try await request.body()
        guard let state = Presence.State(rawValue: try body.requiredString("presence")) else {
            throw MatrixError(.invalidParameter, "presence is online, unavailable or offline.")
        }
        try await request.homeserver.presence.set(state, message: body.optionalString("status_msg"), of: request.session.userID)
        return .empty
    }
}
