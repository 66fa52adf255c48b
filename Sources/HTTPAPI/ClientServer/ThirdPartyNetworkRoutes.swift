import Homeserver
import MatrixCore

/// spec: client-server-api/#third-party-networks
enum ThirdPartyNetworkRoutes {
    static func protocols(_ request: APIRequest) async throws -> Reply { .json(await networks(request).protocols()) }

    static func description(_ request: APIRequest) async throws -> Reply {
        .json(try await networks(request).protocolDescription(request.parameter("protocol")))
    }

    static func users(_ request: APIRequest) async throws -> Reply { await lookUp(.user, request) }

    static func locations(_ request: APIRequest) async throws -> Reply { await lookUp(.location, request) }

    static func usersOfUser(_ request: APIRequest) async throws -> Reply {
        guard let user = request.query("userid") else { throw MatrixError(.missingParameter, "userid is missing.") }
        return reply(await networks(request).lookUp(.user, of: user))
    }

    static func locationsOfAlias(_ request: APIRequest) async throws -> Reply {
        guard let alias = request.query("alias") else { throw MatrixError(.missingParameter, "alias is missing.") }
        return reply(await networks(request).lookUp(.location, of: alias))
    }

    /// All parameters but the token are the network's own.
    private static func lookUp(_ kind: ThirdPartyNetworks.Kind, _ request: APIRequest) async -> Reply {
        let fields = Query.parameters(in: request.queryText).filter { $0.name != "access_token" }
        return reply(await networks(request).lookUp(kind, in: request.parameter("protocol"), fields: fields))
    }

    private static func networks(_ request: APIRequest) -> ThirdPartyNetworks { request.homeserver.applicationServices.networks }

    private static func reply(_ results: [JSONValue]) -> Reply {
        var writer = JSONWriter()
        writer.value(.array(results))
        return .jsonBytes(writer.bytes)
    }
}
