import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// spec: client-server-api/#profiles
struct ProfileTests {
    private static let path = "/_matrix/client/v3/profile/@anna:test.example"

    @Test func fieldsAreSetReadAndDeleted() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            for (key, value) in [
                ("displayname", "Anna 家"), ("avatar_url", "mxc://test.example/abc"), ("m.tz", "Europe/Vienna"),
                ("org.example.pets", ["cat", 2, [:]]),
            ] as [(String, JSONValue)] {
                try await anna.call("PUT", "\(Self.path)/\(key)", json: JSONObject([(key, value)]))
                // Everyone may read it, without a token too.
                #expect(try await server.client.call("GET", "\(Self.path)/\(key)") == JSONObject([(key, value)]))
            }
            let profile = try await server.client.call("GET", Self.path)
            #expect(Set(profile.keys) == ["displayname", "avatar_url", "m.tz", "org.example.pets"])
            for key in profile.keys { try await anna.call("DELETE", "\(Self.path)/\(key)") }
            #expect(try await server.client.call("GET", Self.path) == [:])
            #expect(try await server.client.request("GET", "\(Self.path)/m.tz").errorCode == "M_NOT_FOUND")
            #expect(try await server.client.call("GET", "\(Self.path)/displayname") == [:])
        }
    }

    @Test func unknownUsersHaveNoProfile() async throws {
        try await TestServer.run { server in
            for user in ["@nobody:test.example", "@anna:other.example"] {
                for rest in ["", "/displayname"] {
                    let response = try await server.client.request("GET", "/_matrix/client/v3/profile/\(user)\(rest)")
                    #expect(response.status == 404 && response.errorCode == "M_NOT_FOUND", "\(user)\(rest)")
                }
            }
            #expect(try await server.client.request("GET", "/_matrix/client/v3/profile/anna").status == 400)
        }
    }

    @Test func whatIsRefused() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            for (key, value, code) in [
                ("displayname", 5, "M_BAD_JSON"), ("avatar_url", [:], "M_BAD_JSON"),
                ("displayname", .string(String(repeating: "a", count: 1_025)), "M_INVALID_PARAM"),
                ("Upper", "x", "M_INVALID_PARAM"), ("1a", "x", "M_INVALID_PARAM"), (String(repeating: "a", count: 256), "x", "M_KEY_TOO_LARGE"),
                ("org.example.big", .string(String(repeating: "a", count: 65 << 10)), "M_PROFILE_TOO_LARGE"),
            ] as [(String, JSONValue, String)] {
                let response = try await anna.request("PUT", "\(Self.path)/\(key)", json: JSONObject([(key, value)]))
                #expect(response.status == 400 && response.errorCode == code, "\(key.prefix(20)): \(response.status) \(response.text)")
            }
            let other = try await anna.request("PUT", "\(Self.path)/displayname", json: ["avatar_url": "x"])
            #expect(other.status == 400 && other.errorCode == "M_MISSING_PARAM")
            #expect(try await anna.call("GET", Self.path) == ["displayname": "anna"])
        }
    }

    @Test func aNewNameIsShownInRooms() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let room = try await anna.createRoom(["invite": ["@ben:test.example"]])
            try await ben.join(room)
            try await anna.call("PUT", "\(Self.path)/displayname", json: ["displayname": "Anna M."])
            try await anna.call("PUT", "\(Self.path)/avatar_url", json: ["avatar_url": "mxc://test.example/abc"])
            let members = try await ben.call("GET", "\(MatrixClient.path(room))/joined_members").object("joined")
            #expect(members?.object("@anna:test.example") == ["display_name": "Anna M.", "avatar_url": "mxc://test.example/abc"])
        }
    }
}
