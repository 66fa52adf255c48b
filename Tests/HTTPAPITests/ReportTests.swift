import Homeserver
import MatrixCore
import TestSupport
import Testing

/// spec: client-server-api/#reporting-content
struct ReportTests {
    @Test func reportsReachTheOwner() async throws {
        try await TestServer.run { server in
            let owner = try await server.register("owner")
            let ben = try await server.register("ben")
            let room = try await owner.createRoom(["invite": ["@ben:test.example"]])
            let early = try await owner.send("early", to: room, transactionID: "0")
            let path = MatrixClient.path(room)
            func report(_ event: EventID, _ body: JSONObject = ["reason": "rude", "score": -100]) async throws -> MatrixClient.Response {
                try await ben.request("POST", "\(path)/report/\(MatrixClient.encoded(event.rawValue))", json: body)
            }
            #expect(try await report(early).errorCode == "M_NOT_FOUND", "not in the room yet")
            try await ben.join(room)
            let event = try await owner.send("late", to: room, transactionID: "1")
            #expect(try await report(event).status == 200)
            #expect(try await report(event, [:]).status == 200)
            #expect(try await report(EventID(trusted: "$nothing")).errorCode == "M_NOT_FOUND")
            #expect(try await report(event, ["reason": 5]).errorCode == "M_BAD_JSON")
            #expect(try await report(event, ["reason": .string(String(repeating: "x", count: 5_000))]).errorCode == "M_INVALID_PARAM")

            // Rooms and people can be reported by whoever has heard of them.
            let foreign = try await owner.createRoom()
            try await ben.call("POST", "\(MatrixClient.path(foreign))/report", json: ["reason": "spam"])
            try await ben.call("POST", "/_matrix/client/v3/users/@owner:test.example/report", json: ["reason": ""])
            #expect(
                try await ben.request("POST", "/_matrix/client/v3/rooms/!no:test.example/report", json: ["reason": ""]).errorCode == "M_NOT_FOUND")
            #expect(
                try await ben.request("POST", "/_matrix/client/v3/users/@no:test.example/report", json: ["reason": ""]).errorCode == "M_NOT_FOUND")
            #expect(try await ben.request("POST", "\(path)/report", json: [:]).errorCode == "M_MISSING_PARAM")

            let list = try await owner.call("GET", "/_landline/v1/reports").array("reports")?.compactMap(\.objectValue) ?? []
            #expect(list.map { $0.string("reason") } == ["", "spam", "", "rude"])
            #expect(list.allSatisfy { $0.string("reporter") == "@ben:test.example" && $0.integer("created_ts") ?? 0 > 1_500_000_000_000 })
            #expect(list[0].string("user_id") == "@owner:test.example" && list[0]["room_id"] == nil)
            #expect(list[1].string("room_id") == foreign.rawValue && list[1]["event_id"] == nil)
            #expect(list[3].string("event_id") == event.rawValue && list[3].string("user_id") == "@owner:test.example")

            let page = try await owner.call("GET", "/_landline/v1/reports", query: [("limit", "3")])
            let rest = try await owner.call("GET", "/_landline/v1/reports", query: [("from", page.string("next_batch") ?? "")])
            #expect(page.array("reports")?.count == 3 && rest.array("reports") == [.object(list[3])])
            try await owner.call("DELETE", "/_landline/v1/reports/\(list[3].integer("id") ?? 0)")
            #expect(try await owner.call("GET", "/_landline/v1/reports").array("reports")?.count == 3)
            #expect(try await owner.request("DELETE", "/_landline/v1/reports/999").errorCode == "M_NOT_FOUND")
        }
    }

    @Test func nobodyFloodsTheOwner() async throws {
        try await TestServer.run(hasRateLimits: true) { server in
            _ = try await server.register("owner")
            let ben = try await server.register("ben")
            var statuses: [Int] = []
            for _ in 0..<30 {
                statuses.append(try await ben.request("POST", "/_matrix/client/v3/users/@owner:test.example/report", json: ["reason": ""]).status)
            }
            #expect(statuses.first == 200 && statuses.last == 429)
        }
    }
}
