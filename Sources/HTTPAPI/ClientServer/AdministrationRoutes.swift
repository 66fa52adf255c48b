import Homeserver
import MatrixCore

/// spec: client-server-api/#server-administration
enum AdministrationRoutes {
    /// For the user, and for administrators.
    ///
    /// spec: client-server-api/#get_matrixclientv3adminwhoisuserid
    static func whoIs(_ request: APIRequest) async throws -> Reply {
        let user = try request.userID()
        guard user == request.session.userID || request.session.isAdministrator else {
            throw MatrixError(.forbidden, "Only an administrator of this box may do this.")
        }
        guard try await request.homeserver.accounts.exists(user) else { throw MatrixError(.notFound, "There is no account \(user).") }
        var devices: JSONObject = [:]
        for device in try await request.homeserver.devices.list(of: user) {
            var connections: [JSONValue] = []
            if let address = device.lastSeenAddress, let timestamp = device.lastSeenTimestamp {
                // The box keeps no user agents.
                connections = [["ip": .string(address), "last_seen": .integer(timestamp), "user_agent": ""]]
            }
            devices[device.deviceID.rawValue] = ["sessions": [["connections": .array(connections)]]]
        }
        return .json(["user_id": .string(user.rawValue), "devices": .object(devices)])
    }

    // spec: client-server-api/#get_matrixclientv1adminlockuserid
    static func isLocked(_ request: APIRequest) async throws -> Reply { try await state(request, .lock, "locked") }

    // spec: client-server-api/#put_matrixclientv1adminlockuserid
    static func setLocked(_ request: APIRequest) async throws -> Reply { try await change(request, .lock, "locked") }

    // spec: client-server-api/#get_matrixclientv1adminsuspenduserid
    static func isSuspended(_ request: APIRequest) async throws -> Reply { try await state(request, .suspension, "suspended") }

    // spec: client-server-api/#put_matrixclientv1adminsuspenduserid
    static func setSuspended(_ request: APIRequest) async throws -> Reply { try await change(request, .suspension, "suspended") }

    private static func state(_ request: APIRequest, _ measure: Moderation.Measure, _ key: String) async throws -> Reply {
        .json([key: .bool(try await request.homeserver.moderation.isInForce(measure, on: request.userID()))])
    }

    private static func change(_ request: APIRequest, _ measure: Moderation.Measure, _ key: String) async throws -> Reply {
        let user = try request.userID()
        guard let isInForce = try await request.body().optionalBool(key) else { throw MatrixError(.missingParameter, "\(key) is missing.") }
        try await request.homeserver.moderation.set(measure, isInForce, on: user, by: request.session.userID)
        return .json([key: .bool(isInForce)])
    }
}
