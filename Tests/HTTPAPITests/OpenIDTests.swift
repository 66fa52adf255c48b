import MatrixCore
import TestSupport
import Testing

/// spec: client-server-api/#openid
struct OpenIDTests {
    private static let userInfo = "/_matrix/federation/v1/openid/userinfo"
    private static let request = "/_matrix/client/v3/user/@ben:test.example/openid/request_token"

    @Test func aTokenProvesWhoAsked() async throws {
        try await TestServer.run { server in
            let owner = try await server.register("owner")
            let ben = try await server.register("ben")
            let answer = try await ben.call("POST", Self.request, json: [:])
            let token = try #require(answer.string("access_token"))
            #expect(answer.string("token_type") == "Bearer" && answer.string("matrix_server_name") == "test.example")
            #expect(answer.integer("expires_in") == 3_600)
            #expect(try await server.client.call("GET", Self.userInfo, query: [("access_token", token)]) == ["sub": "@ben:test.example"])
            // It is good for nothing else, and other tokens are not good for this.
            var thief = server.client
            thief.accessToken = token
            #expect(try await thief.request("GET", "/_matrix/client/v3/account/whoami").errorCode == "M_UNKNOWN_TOKEN")
            for wrong in [ben.accessToken ?? "", "x", String(repeating: "x", count: 2_000)] {
                let response = try await server.client.request("GET", Self.userInfo, query: [("access_token", wrong)])
                #expect(response.status == 401 && response.errorCode == "M_UNKNOWN_TOKEN")
            }
            let missing = try await server.client.request("GET", Self.userInfo)
            #expect(missing.status == 401 && missing.errorCode == "M_MISSING_TOKEN")
            #expect(try await owner.request("POST", Self.request, json: [:]).errorCode == "M_FORBIDDEN")
            try await owner.call("PUT", "/_matrix/client/v1/admin/lock/@ben:test.example", json: ["locked": true])
            #expect(try await server.client.request("GET", Self.userInfo, query: [("access_token", token)]).status == 401)
        }
    }
}
