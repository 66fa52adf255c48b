import Homeserver
import MatrixCore

/// spec: client-server-api/#events
enum TimelineRoutes {
    static func send(_ request: APIRequest) async throws -> Reply {
        let eventID = try await request.homeserver.timeline.send(
            type: request.parameter("eventType"), content: request.body(), to: request.roomID(),
            transactionID: request.parameter("txnId"), session: request.session, timestamp: request.wishedTimestamp())
        request.homeserver.presence.noteActivity(of: request.session.userID)
        return .json(["event_id": .string(eventID.rawValue)])
    }

    static func sendOnce(_ request: APIRequest) async throws -> Reply {
        let eventID = try await request.homeserver.timeline.send(
            type: request.parameter("eventType"), content: request.body(), to: request.roomID(),
            transactionID: nil, session: request.session)
        return .json(["event_id": .string(eventID.rawValue)])
    }

    static func redact(_ request: APIRequest) async throws -> Reply {
        let body = try await request.optionalBody()
        let eventID = try await request.homeserver.timeline.redact(
            request.eventID(), in: request.roomID(), reason: body.optionalString("reason"),
            transactionID: request.parameter("txnId"), session: request.session)
        return .json(["event_id": .string(eventID.rawValue)])
    }

    static func messages(_ request: APIRequest) async throws -> Reply {
        let page = try await request.homeserver.history.messages(
            of: request.roomID(), for: request.session.userID, from: request.streamToken("from"), to: request.streamToken("to"),
            direction: request.direction(), limit: request.queryInteger("limit", range: 0...History.maxPageEvents) ?? History.defaultPageEvents,
            filter: request.roomEventFilter())
        var format = request.eventFormat
        format.memberships = page.memberships
        format.aggregations = page.aggregations
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("chunk")
        format.write(page.events, to: &writer)
        writer.field("start", page.start.description)
        if let end = page.end { writer.field("end", end.description) }
        if !page.state.isEmpty {
            writer.key("state")
            format.write(page.state, to: &writer)
        }
        writer.endObject()
        return .jsonBytes(writer.bytes)
    }

    static func context(_ request: APIRequest) async throws -> Reply {
        let context = try await request.homeserver.history.context(
            of: request.eventID(), in: request.roomID(), for: request.session.userID,
            limit: request.queryInteger("limit", range: 0...History.maxPageEvents) ?? History.defaultPageEvents,
            filter: request.roomEventFilter())
        var format = request.eventFormat
        format.memberships = context.memberships
        format.aggregations = context.aggregations
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("event")
        format.write(context.event, to: &writer)
        writer.key("events_before")
        format.write(context.before, to: &writer)
        writer.key("events_after")
        format.write(context.after, to: &writer)
        writer.key("state")
        format.write(context.state, to: &writer)
        writer.field("start", context.start.description)
        writer.field("end", context.end.description)
        writer.endObject()
        return .jsonBytes(writer.bytes)
    }

    static func event(_ request: APIRequest) async throws -> Reply {
        let (event, aggregations, memberships) = try await request.homeserver.history.event(
            request.eventID(), in: request.roomID(), for: request.session.userID)
        var format = request.eventFormat
        format.memberships = memberships
        format.aggregations = aggregations
        var writer = JSONWriter()
        format.write(event, to: &writer)
        return .jsonBytes(writer.bytes)
    }
}

extension APIRequest {
    /// How events look to the device that asks.
    var eventFormat: EventFormat { EventFormat(for: session) }

    /// What an application service wishes an event's timestamp to be.
    func wishedTimestamp() throws(MatrixError) -> Int64? { try ApplicationServices.timestamp(query("ts"), session: session) }

    /// Which way a page of events goes: by default from the newest to the oldest.
    func direction() throws(MatrixError) -> History.Direction {
        switch query("dir") {
        case "b", nil: .backwards
        case "f": .forwards
        default: throw MatrixError(.invalidParameter, "dir is b or f.")
        }
    }

    /// The same for events of one room, which say what the user was in it.
    func eventFormat(in room: RoomID) async throws -> EventFormat {
        var format = eventFormat
        format.memberships = try await homeserver.history.memberships(of: session.userID, in: room)
        return format
    }

    func streamToken(_ name: String) throws(MatrixError) -> StreamToken? {
        guard let text = query(name), !text.isEmpty else { return nil }
        guard let token = StreamToken(text) else { throw MatrixError(.invalidParameter, "\(name) is not a token of this box.") }
        return token
    }

    /// The `filter` of a page of events, as JSON in the query.
    func roomEventFilter() throws(MatrixError) -> RoomEventFilter {
        guard let text = query("filter"), !text.isEmpty else { return RoomEventFilter() }
        return try RoomEventFilter(JSONObject(parsing: Array(text.utf8)))
    }
}
