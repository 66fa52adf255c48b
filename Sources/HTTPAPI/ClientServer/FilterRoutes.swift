import Homeserver
import MatrixCore

/// spec: client-server-api/#filtering
enum FilterRoutes {
    // spec: client-server-api/#post_matrixclientv3useruseridfilter
    static func create(_ request: APIRequest) async throws -> Reply {
        let id = try await request.homeserver.filters.create(request.body(), of: request.ownUserID())
        return .json(["filter_id": .string(id)])
    }

    // spec: client-server-api/#get_matrixclientv3useruseridfilterfilterid
    static func get(_ request: APIRequest) async throws -> Reply {
        .jsonBytes(try await request.homeserver.filters.definition(request.parameter("filterId"), of: request.ownUserID()))
    }
}
