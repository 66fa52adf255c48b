import MatrixCore
import TestSupport
import Testing

/// Sliding sync over HTTP. What it says is tested in HomeserverTests.
struct SlidingSyncRoutesTests {
    private static let field = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync"
    private static let accepted = "/_matrix/client/v4/sync"

    @Test func inTheFieldThePositionStandsInTheURL() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            let list: JSONObject = ["ranges": [[0, 19]], "timeline_limit": 1, "required_state": [["m.room.create", ""]]]
            let body: JSONObject = ["conn_id": "room-list", "txn_id": "one", "lists": ["all_rooms": .object(list)]]
            let first = try await anna.call("POST", Self.field, json: body)
            #expect(first.object("lists")?.object("all_rooms")?.integer("count") == 1)
            #expect(first.object("rooms")?.object(room.rawValue)?.bool("initial") == true)
            #expect(first.string("txn_id") == "one")
            let position = try #require(first.string("pos"))
            async let second = anna.call("POST", Self.field, query: [("pos", position), ("timeout", "60000")], json: body)
            while server.requestsInProgress == 0 { try await Task.sleep(for: .milliseconds(1)) }
            try await anna.send("hello", to: room, transactionID: "t")
            let timeline = try await second.object("rooms")?.object(room.rawValue)?.array("timeline")
            #expect(timeline?.first?.objectValue?.object("content")?.string("body") == "hello")
            #expect(timeline?.first?.objectValue?.object("unsigned")?.string("transaction_id") == "t")
            // The position is a token for the room's history, too.
            let page = try await anna.call(
                "GET", "\(MatrixClient.path(room))/messages", query: [("from", position), ("dir", "b"), ("limit", "1")])
            #expect(page.array("chunk")?.count == 1)
        }
    }

    @Test func onceAcceptedItStandsInTheBody() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            let lists: JSONObject = ["all": ["range": [0, 19], "timeline_limit": 1, "required_state": ["include": [["type": "m.room.create"]]]]]
            let first = try await anna.call("POST", Self.accepted, json: ["lists": .object(lists)])
            #expect(first.object("rooms")?.object(room.rawValue)?.array("required_state")?.count == 1)
            let second = try await anna.call(
                "POST", Self.accepted, json: ["lists": .object(lists), "pos": .string(first.string("pos") ?? ""), "timeout": 0])
            #expect(second.object("rooms")?.isEmpty == true)
        }
    }

    @Test(arguments: [
        ("", "[]", "M_NOT_JSON"), ("", "nonsense", "M_NOT_JSON"), ("", #"{"lists":1}"#, "M_BAD_JSON"), ("?timeout=x", "{}", "M_INVALID_PARAM"),
        ("?timeout=-5", "{}", "M_INVALID_PARAM"), ("?set_presence=asleep", "{}", "M_INVALID_PARAM"), ("?pos=s1", "{}", "M_UNKNOWN_POS"),
        ("?pos=s1~2.3", "{}", "M_UNKNOWN_POS"), ("?timeout=999999999999999999999", "{}", "M_INVALID_PARAM"),
    ])
    func badRequests(query: String, body: String, code: String) async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let response = try await anna.request("POST", Self.field + query, body: Array(body.utf8))
            #expect(response.status == 400)
            #expect(response.errorCode == code || code == "M_NOT_JSON" && response.errorCode == "M_BAD_JSON")
        }
    }

    @Test func aStrangerSeesNothing() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let mallory = try await server.register("mallory")
            let room = try await anna.createRoom()
            let everything: JSONObject = [
                "lists": ["all": ["timeline_limit": 100, "required_state": [["*", "*"]]]],
                "room_subscriptions": [room.rawValue: ["timeline_limit": 100, "required_state": [["*", "*"]]]],
                "extensions": ["account_data": ["enabled": true], "receipts": ["enabled": true], "typing": ["enabled": true]],
            ]
            let first = try await mallory.call("POST", Self.field, json: everything)
            try await anna.send("secret", to: room, transactionID: "t")
            try await anna.call(
                "PUT", "\(MatrixClient.path(room))/typing/\(MatrixClient.encoded(anna.userID?.rawValue ?? ""))", json: ["typing": true])
            let second = try await mallory.request(
                "POST", Self.field, query: [("pos", first.string("pos") ?? ""), ("timeout", "0")], json: everything)
            #expect(second.status == 200)
            #expect(!second.text.contains(room.rawValue) && !second.text.contains("secret"))
        }
    }
}
