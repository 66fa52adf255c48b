import Homeserver
import MatrixCore

/// spec: application-service-api/#client-server-api-extensions
enum ApplicationServiceRoutes {
    // spec: application-service-api/#post_matrixclientv1appserviceappserviceidping
    static func ping(_ request: APIRequest) async throws -> Reply {
        let milliseconds = try await request.homeserver.applicationServices.ping(
            request.parameter("appserviceId"), transactionID: request.optionalBody().optionalString("transaction_id"), session: request.session)
        return .json(["duration_ms": .integer(milliseconds)])
    }

    // spec: application-service-api/#put_matrixclientv3directorylistappservicenetworkidroomid
    static func setVisibility(_ request: APIRequest) async throws -> Reply {
        switch try await request.body().requiredString("visibility") {
        case "public": try await setListed(true, request)
        case "private": try await setListed(false, request)
        default: throw MatrixError(.invalidParameter, "visibility is public or private.")
        }
    }

    /// Not in the specification; bridges use it since Synapse has it.
    static func hide(_ request: APIRequest) async throws -> Reply { try await setListed(false, request) }

    private static func setListed(_ isListed: Bool, _ request: APIRequest) async throws -> Reply {
        try await request.homeserver.directory.setListed(
            isListed, request.roomID(), network: request.parameter("networkId"), session: request.session)
        return .empty
    }
}
