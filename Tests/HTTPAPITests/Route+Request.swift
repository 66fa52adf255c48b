import HTTPTypes
import Homeserver
import MatrixCore
import TestSupport

@testable import HTTPAPI

extension Route {
    /// How tests name a row of the table.
    var name: String { "\(method.rawValue) \(path)" }

    /// Whether it is for people who are logged in, be they guests or not.
    var isOfUsers: Bool { access == .user || access == .guest }

    /// The path with these values for its parameters, and `x` for the others.
    func filled(_ values: [String: String] = [:]) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).map { segment in
            guard let name = Route.parameterName(ofSegment: segment) else { return String(segment) }
            return MatrixClient.encoded(values[name] ?? "x")
        }.joined(separator: "/")
    }
}

extension MatrixClient {
    func request(
        _ route: Route, _ values: [String: String] = [:], query: [(String, String)] = [], json: JSONObject? = nil
    ) async throws -> Response {
        guard let json else { return try await request(route.method.rawValue, route.filled(values), query: query) }
        return try await request(route.method.rawValue, route.filled(values), query: query, json: json)
    }

    /// What user-interactive authentication asks of somebody who is logged in.
    func passwordProof(_ password: String = "a long enough pass phrase") -> JSONValue {
        [
            "type": "m.login.password", "identifier": ["type": "m.id.user", "user": .string(userID?.rawValue ?? "")],
            "password": .string(password),
        ]
    }
}
