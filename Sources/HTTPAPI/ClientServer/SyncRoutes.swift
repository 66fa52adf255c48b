import Homeserver
import MatrixCore

/// spec: client-server-api/#get_matrixclientv3sync
enum SyncRoutes {
    static func sync(_ request: APIRequest) async throws -> Reply {
        var sync = SyncRequest(session: request.session)
        sync.since = try request.streamToken("since")
        if let text = request.query("filter"), !text.isEmpty {
            sync.filter = try await request.homeserver.filters.filter(text, of: request.session.userID)
        }
        sync.fullState = try request.queryBool("full_state") ?? false
        sync.timeout = .milliseconds(try request.queryInteger("timeout", range: 0...SyncRequest.maxTimeoutMilliseconds) ?? 0)
        if let text = request.query("set_presence") {
            guard let presence = Presence.State(rawValue: text) else {
                throw MatrixError(.invalidParameter, "set_presence is online, unavailable or offline.")
            }
            sync.presence = presence
        }
        if try request.queryBool("use_state_after") == true {
            sync.statePlacement = .afterTimeline
        } else if try request.queryBool("org.matrix.msc4222.use_state_after") == true {
            sync.statePlacement = .afterTimelineUnstable
        }
        return .jsonBytes(try await request.homeserver.sync.sync(sync))
    }
}
