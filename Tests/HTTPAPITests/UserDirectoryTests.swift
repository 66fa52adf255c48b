import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// spec: client-server-api/#user-directory
struct UserDirectoryTests {
    private func search(_ term: String, _ client: MatrixClient, limit: Int64? = nil) async throws -> (ids: [String], isLimited: Bool?) {
        var body: JSONObject = ["search_term": .string(term)]
        if let limit { body["limit"] = .integer(limit) }
        let answer = try await client.call("POST", "/_matrix/client/v3/user_directory/search", json: body)
        return ((answer.array("results") ?? []).compactMap { $0.objectValue?.string("user_id") }, answer.bool("limited"))
    }

    @Test func everyoneIsFound() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            _ = try await server.register("johanna")
            try await ben.call("PUT", "/_matrix/client/v3/profile/@ben:test.example/displayname", json: ["displayname": "Benedikt ANNAberger"])
            try await ben.call("PUT", "/_matrix/client/v3/profile/@ben:test.example/avatar_url", json: ["avatar_url": "mxc://test.example/b"])

            #expect(try await search("anna", anna).ids.first == "@anna:test.example")
            #expect(try await Set(search("anna", anna).ids) == ["@anna:test.example", "@ben:test.example", "@johanna:test.example"])
            #expect(try await search("bEnEd", anna).ids == ["@ben:test.example"])
            #expect(try await search("@johanna:test", anna).ids == ["@johanna:test.example"])
            #expect(try await search("nobody", anna).ids == [])
            let answer = try await anna.call("POST", "/_matrix/client/v3/user_directory/search", json: ["search_term": "ben"])
            #expect(
                answer.array("results") == [
                    ["user_id": "@ben:test.example", "display_name": "Benedikt ANNAberger", "avatar_url": "mxc://test.example/b"]
                ])
            #expect(answer.bool("limited") == false)
            let limited = try await search("anna", anna, limit: 2)
            #expect(limited.ids.count == 2 && limited.isLimited == true)
            for body: JSONObject in [
                [:], ["search_term": 5], ["search_term": "a", "limit": "x"], ["search_term": .string(String(repeating: "a", count: 256))],
            ] {
                #expect(try await anna.request("POST", "/_matrix/client/v3/user_directory/search", json: body).status == 400, "\(body)")
            }
        }
    }
}
