import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// spec: client-server-api/#filtering
struct FilterRoutesTests {
    private static let path = "/_matrix/client/v3/user/@anna:test.example/filter"

    @Test func filtersAreKept() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let definition: JSONObject = ["room": ["timeline": ["limit": 1, "types": ["m.room.message"]]], "presence": ["not_types": ["*"]]]
            let id = try #require(try await anna.call("POST", Self.path, json: definition).string("filter_id"))
            #expect(try await anna.call("GET", "\(Self.path)/\(id)") == definition)
            #expect(try await anna.call("POST", Self.path, json: definition).string("filter_id") == id)
            #expect(try await anna.call("POST", Self.path, json: [:]).string("filter_id") != id)

            let room = try await anna.createRoom(["topic": "x"])
            for number in 0..<3 { try await anna.send("message \(number)", to: room, transactionID: "\(number)") }
            let sync = try await anna.call("GET", "/_matrix/client/v3/sync", query: [("filter", id)])
            let events = sync.object("rooms")?.object("join")?.object(room.rawValue)?.object("timeline")?.array("events") ?? []
            #expect(events.map { $0.objectValue?.object("content")?.string("body") } == ["message 2"])
        }
    }

    @Test func whatIsRefused() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let id = try #require(try await anna.call("POST", Self.path, json: ["event_fields": ["type"]]).string("filter_id"))
            for unknown in ["9999", "x", "-1", "99999999999999999999"] {
                let response = try await anna.request("GET", "\(Self.path)/\(unknown)")
                #expect(response.status == 404 && response.errorCode == "M_NOT_FOUND", "\(unknown): \(response.text)")
            }
            for filter in ["9999", "x", "{", "[]"] {
                #expect(try await anna.request("GET", "/_matrix/client/v3/sync", query: [("filter", filter)]).status / 100 == 4, "\(filter)")
            }
            // The filter of somebody else is none.
            #expect(try await ben.request("GET", "/_matrix/client/v3/user/@ben:test.example/filter/\(id)").status == 404)
            #expect(try await ben.request("GET", "/_matrix/client/v3/sync", query: [("filter", id)]).status / 100 == 4)
            for wrong: JSONObject in [["room": 5], ["room": ["timeline": []]], ["event_fields": "type"], ["room": ["timeline": ["limit": "x"]]]] {
                #expect(try await anna.request("POST", Self.path, json: wrong).errorCode == "M_BAD_JSON", "\(wrong)")
            }
            let big: JSONObject = ["org.example": .string(String(repeating: "a", count: 33 << 10))]
            #expect(try await anna.request("POST", Self.path, json: big).errorCode == "M_TOO_LARGE")
        }
    }
}
