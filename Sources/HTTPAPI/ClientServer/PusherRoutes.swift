import Homeserver
import MatrixCore

/// spec: client-server-api/#push-notifications
enum PusherRoutes {
    // spec: client-server-api/#get_matrixclientv3pushers
    static func list(_ request: APIRequest) async throws -> Reply {
        .json(["pushers": .array(try await request.homeserver.pushers.list(of: request.session.userID).map { .object($0) })])
    }

    // spec: client-server-api/#post_matrixclientv3pushersset
    static func set(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.pushers.set(request.body(), session: request.session)
        return .empty
    }

    // spec: client-server-api/#get_matrixclientv3notifications
    static func notifications(_ request: APIRequest) async throws -> Reply {
        let limit = try request.queryInteger("limit", range: 1...NotificationList.maxPageNotifications)
        let page = try await request.homeserver.notificationList.page(
            of: request.session.userID, before: request.streamToken("from")?.position, limit: limit ?? NotificationList.defaultPageNotifications,
            highlightsOnly: request.query("only") == "highlight")
        var writer = JSONWriter()
        page.write(to: &writer, as: request.eventFormat)
        return .jsonBytes(writer.bytes)
    }

    /// By this phones find out that the box passes pushes on to them.
    static func unifiedPush(_ request: APIRequest) -> Reply { .json(["unifiedpush": ["gateway": "matrix"]]) }

    // spec: push-gateway-api/#post_matrixpushv1notify
    static func passOn(_ request: APIRequest) async throws -> Reply {
        let rejected = try await request.homeserver.unifiedPush.notify(request.body(), from: request.remoteAddress)
        return .json(["rejected": .array(rejected.map { .string($0) })])
    }
}
