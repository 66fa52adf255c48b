import Homeserver
import MatrixCore

/// spec: client-server-api/#relationships-api, client-server-api/#querying-threads-in-a-room
enum RelationRoutes {
    static func all(_ request: APIRequest) async throws -> Reply { try await relations(request) }

    static func ofType(_ request: APIRequest) async throws -> Reply { try await relations(request, type: request.parameter("relType")) }

    static func ofTypes(_ request: APIRequest) async throws -> Reply {
        try await relations(request, type: request.parameter("relType"), eventType: request.parameter("eventType"))
    }

    private static func relations(_ request: APIRequest, type: String? = nil, eventType: String? = nil) async throws -> Reply {
        let from = try request.streamToken("from")
        // matrix-js-sdk asks under the name of before the specification had it.
        let recursion = try ["", "org.matrix.msc3981."].first { prefix in try request.queryBool(prefix + "recurse") != nil }
        let page = try await request.homeserver.history.relations(
            of: request.eventID(), in: request.roomID(), for: request.session.userID, type: type, eventType: eventType,
            recurses: recursion.flatMap { try request.queryBool($0 + "recurse") } ?? false, from: from, to: request.streamToken("to"),
            direction: request.direction(), limit: request.queryInteger("limit", range: 1...History.maxPageEvents) ?? History.defaultRelations)
        return reply(page, to: request) { writer in
            if let from { writer.field("prev_batch", from.description) }
            if let recursion { writer.field(recursion + "recursion_depth", History.maxRecursionDepth) }
        }
    }

    static func threads(_ request: APIRequest) async throws -> Reply {
        let isParticipated: Bool
        switch request.query("include") {
        case "all", nil: isParticipated = false
        case "participated": isParticipated = true
        default: throw MatrixError(.invalidParameter, "include is all or participated.")
        }
        let page = try await request.homeserver.history.threads(
            of: request.roomID(), for: request.session.userID, isParticipated: isParticipated, from: request.streamToken("from"),
            limit: request.queryInteger("limit", range: 1...History.maxPageEvents) ?? History.defaultRelations)
        return reply(page, to: request) { _ in }
    }

    private static func reply(_ page: History.RelationsPage, to request: APIRequest, others: (inout JSONWriter) -> Void) -> Reply {
        var format = request.eventFormat
        format.aggregations = page.aggregations
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("chunk")
        format.write(page.events, to: &writer)
        if let next = page.next { writer.field("next_batch", next.description) }
        others(&writer)
        writer.endObject()
        return .jsonBytes(writer.bytes)
    }
}
