import Homeserver
import MatrixCore

/// spec: client-server-api/#key-management-api
enum KeyRoutes {
    // spec: client-server-api/#post_matrixclientv3keysupload
    static func upload(_ request: APIRequest) async throws -> Reply {
        .json(try await request.homeserver.deviceKeys.upload(request.optionalBody(), session: request.session))
    }

    // spec: client-server-api/#post_matrixclientv3keysquery
    static func query(_ request: APIRequest) async throws -> Reply {
        .json(try await request.homeserver.deviceKeys.query(request.body(), by: request.session.userID))
    }

    // spec: client-server-api/#post_matrixclientv3keysclaim
    static func claim(_ request: APIRequest) async throws -> Reply {
        .json(try await request.homeserver.deviceKeys.claim(request.body()))
    }

    // spec: client-server-api/#get_matrixclientv3keyschanges
    static func changes(_ request: APIRequest) async throws -> Reply {
        guard let start = try request.streamToken("from") else { throw MatrixError(.missingParameter, "from is missing.") }
        // What happened after `to` is told as well: a client that hears of it twice asks once more, and misses nothing.
        _ = try request.streamToken("to")
        let changes = try await request.homeserver.deviceLists.changes(for: request.session.userID, from: start)
        return .json([
            "changed": .array(changes.changed.map { .string($0.rawValue) }), "left": .array(changes.left.map { .string($0.rawValue) }),
        ])
    }
}
