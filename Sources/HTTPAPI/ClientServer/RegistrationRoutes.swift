import HTTPTypes
import Homeserver
import MatrixCore

/// spec: client-server-api/#account-registration
enum RegistrationRoutes {
    // spec: client-server-api/#post_matrixclientv3register
    static func register(_ request: APIRequest) async throws -> Reply {
        switch request.query("kind") {
        case nil, "user":
            let interactive = try await request.interactive()
            guard ApplicationServices.isMeant(by: interactive.body) else {
                return .json(try await request.homeserver.registration.register(interactive).json)
            }
            let token = Authentication.token(request.head, request.queryText)
            return .json(try await request.homeserver.applicationServices.register(interactive.body, token: token).json)
        case "guest":
            let name = try await request.optionalBody().optionalString("initial_device_display_name")
            return .json(try await request.homeserver.guests.register(deviceName: name, address: request.remoteAddress).json)
        default: throw MatrixError(.invalidParameter, "kind is user or guest.")
        }
    }

    // spec: client-server-api/#get_matrixclientv3registeravailable
    static func available(_ request: APIRequest) async throws -> Reply {
        guard let username = request.query("username") else { throw MatrixError(.missingParameter, "username is missing.") }
        try await request.homeserver.registration.checkAvailability(of: username)
        return .json(["available": true])
    }

    // spec: client-server-api/#get_matrixclientv1registermloginregistration_tokenvalidity
    static func tokenValidity(_ request: APIRequest) async throws -> Reply {
        guard let token = request.query("token") else { throw MatrixError(.missingParameter, "token is missing.") }
        return .json(["valid": .bool(try await request.homeserver.registration.isInvitation(token, address: request.remoteAddress))])
    }
}

extension APIRequest {
    /// For the operations that ask for proof first.
    func interactive() async throws -> InteractiveRequest {
        InteractiveRequest(
            operation: "\(head.method) \(route.path) \(parameters.joined(separator: " "))", body: try await optionalBody(),
            address: remoteAddress, isVouchedFor: optionalSession?.applicationService != nil)
    }
}
