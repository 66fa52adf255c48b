import Homeserver
import MatrixCore

/// spec: client-server-api/#user-directory
enum UserDirectoryRoutes {
    // spec: client-server-api/#post_matrixclientv3user_directorysearch
    static func search(_ request: APIRequest) async throws -> Reply {
        let body = try await request.body()
        let limit = try body.optionalInteger("limit").map { Int(clamping: $0) }
        let found = try await request.homeserver.userDirectory.search(body.requiredString("search_term"), limit: limit)
        return .json(["results": .array(found.people.map { .object($0.json) }), "limited": .bool(found.isLimited)])
    }
}
