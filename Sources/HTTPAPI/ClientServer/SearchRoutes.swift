import Homeserver
import MatrixCore

/// spec: client-server-api/#server-side-search
enum SearchRoutes {
    // spec: client-server-api/#post_matrixclientv3search
    static func search(_ request: APIRequest) async throws -> Reply {
        guard let categories = try await request.body().optionalObject("search_categories") else {
            throw MatrixError(.missingParameter, "search_categories is missing.")
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("search_categories")
        writer.beginObject()
        // Categories that are not known are passed over.
        if let criteria = try categories.optionalObject("room_events") {
            let wanted = try SearchRequest(criteria, nextBatch: request.query("next_batch"))
            let results = try await request.homeserver.search.roomEvents(wanted, for: request.session.userID)
            writer.key("room_events")
            var format = request.eventFormat
            format.aggregations = results.aggregations
            write(results, includesState: wanted.includesState, format, to: &writer)
        }
        writer.endObject()
        writer.endObject()
        return .jsonBytes(writer.bytes)
    }

    private static func write(_ results: SearchResults, includesState: Bool, _ format: EventFormat, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("count", results.count)
        writer.key("highlights")
        writer.value(.array(results.highlights.map { .string($0) }))
        writer.key("results")
        writer.beginArray()
        for entry in results.entries {
            writer.beginObject()
            writer.key("rank")
            writer.double(entry.rank)
            writer.key("result")
            format.write(entry.event, to: &writer)
            if let context = entry.context {
                writer.key("context")
                write(context, format, to: &writer)
            }
            writer.endObject()
        }
        writer.endArray()
        if includesState {
            writer.key("state")
            writer.beginObject()
            for (room, state) in results.state {
                writer.key(room.rawValue)
                format.write(state, to: &writer)
            }
            writer.endObject()
        }
        if !results.groups.isEmpty { write(results.groups, to: &writer) }
        if let nextBatch = results.nextBatch { writer.field("next_batch", nextBatch) }
        writer.endObject()
    }

    private static func write(_ context: SearchResults.Context, _ format: EventFormat, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("start", context.start.description)
        writer.field("end", context.end.description)
        writer.key("events_before")
        format.write(context.before, to: &writer)
        writer.key("events_after")
        format.write(context.after, to: &writer)
        if let profiles = context.profiles {
            writer.key("profile_info")
            writer.beginObject()
            for (user, content) in profiles {
                var profile: JSONObject = [:]
                profile["displayname"] = content["displayname"]
                profile["avatar_url"] = content["avatar_url"]
                writer.field(user.rawValue, .object(profile))
            }
            writer.endObject()
        }
        writer.endObject()
    }

    private static func write(_ groups: [(key: SearchRequest.GroupKey, groups: [SearchResults.Group])], to writer: inout JSONWriter) {
        writer.key("groups")
        writer.beginObject()
        for (key, groups) in groups {
            writer.key(key.rawValue)
            writer.beginObject()
            for (order, group) in groups.enumerated() {
                writer.key(group.value)
                writer.beginObject()
                writer.field("order", order)
                writer.key("results")
                writer.value(.array(group.events.map { .string($0.rawValue) }))
                if let nextBatch = group.nextBatch { writer.field("next_batch", nextBatch) }
                writer.endObject()
            }
            writer.endObject()
        }
        writer.endObject()
    }
}
