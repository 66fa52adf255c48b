import Homeserver
import MatrixCore

/// spec: client-server-api/#push-rules-api
enum PushRuleRoutes {
    // spec: client-server-api/#get_matrixclientv3pushrules
    static func all(_ request: APIRequest) async throws -> Reply {
        guard request.endsWithSlash else { throw MatrixError(.unrecognized, "The path ends with a slash.") }
        return .json(["global": .object(try await rules(request).json)])
    }

    // spec: client-server-api/#get_matrixclientv3pushrulesglobal
    static func global(_ request: APIRequest) async throws -> Reply {
        guard request.endsWithSlash else { return try malformed(request) }
        return .json(try await rules(request).json)
    }

    /// Not specified any more, but asked for.
    static func ofKind(_ request: APIRequest) async throws -> Reply {
        guard request.endsWithSlash else { return try malformed(request) }
        let list = JSONValue.array(try await rules(request).rules(kind(request)).map { .object($0.json) })
        var writer = JSONWriter()
        writer.value(list)
        return .jsonBytes(writer.bytes)
    }

    // spec: client-server-api/#get_matrixclientv3pushrulesglobalkindruleid
    static func get(_ request: APIRequest) async throws -> Reply { .json(try await rule(request).json) }

    // spec: client-server-api/#put_matrixclientv3pushrulesglobalkindruleid
    static func put(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.pushRules.put(
            kind(request), request.parameter("ruleId"), of: request.session.userID, body: request.body(), before: request.query("before"),
            after: request.query("after"))
        return .empty
    }

    // spec: client-server-api/#delete_matrixclientv3pushrulesglobalkindruleid
    static func delete(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.pushRules.delete(kind(request), request.parameter("ruleId"), of: request.session.userID)
        return .empty
    }

    // spec: client-server-api/#get_matrixclientv3pushrulesglobalkindruleidenabled
    static func isEnabled(_ request: APIRequest) async throws -> Reply { .json(["enabled": .bool(try await rule(request).enabled)]) }

    // spec: client-server-api/#put_matrixclientv3pushrulesglobalkindruleidenabled
    static func setEnabled(_ request: APIRequest) async throws -> Reply {
        guard let enabled = try await request.body().optionalBool("enabled") else { throw MatrixError(.missingParameter, "enabled is missing.") }
        try await request.homeserver.pushRules.setEnabled(kind(request), request.parameter("ruleId"), of: request.session.userID, enabled)
        return .empty
    }

    // spec: client-server-api/#get_matrixclientv3pushrulesglobalkindruleidactions
    static func actions(_ request: APIRequest) async throws -> Reply { .json(["actions": .array(try await rule(request).actions)]) }

    // spec: client-server-api/#put_matrixclientv3pushrulesglobalkindruleidactions
    static func setActions(_ request: APIRequest) async throws -> Reply {
        let actions = try await request.body()["actions"]
        try await request.homeserver.pushRules.setActions(kind(request), request.parameter("ruleId"), of: request.session.userID, actions)
        return .empty
    }

    static func malformed(_ request: APIRequest) throws -> Reply {
        throw MatrixError(.invalidParameter, "This is no path of a push rule.")
    }

    private static func rules(_ request: APIRequest) async throws -> PushRuleset {
        try await request.homeserver.pushRules.rules(of: request.session.userID)
    }

    private static func rule(_ request: APIRequest) async throws -> PushRule {
        try await rules(request).rule(kind(request), request.parameter("ruleId"))
    }

    private static func kind(_ request: APIRequest) throws(MatrixError) -> PushRuleKind {
        guard let kind = PushRuleKind(rawValue: request.parameter("kind")) else {
            throw MatrixError(.invalidParameter, "There is no such kind of rule.")
        }
        return kind
    }
}
