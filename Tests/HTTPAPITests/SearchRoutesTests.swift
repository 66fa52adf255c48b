import MatrixCore
import TestSupport
import Testing

struct SearchRoutesTests {
    private static func search(
        _ client: MatrixClient, _ criteria: JSONObject, page: String? = nil
    ) async throws -> MatrixClient.Response {
        try await client.request(
            "POST", "/_matrix/client/v3/search", query: page.map { [("next_batch", $0)] } ?? [],
            json: ["search_categories": ["room_events": .object(criteria)]])
    }

    @Test func aWholeResponse() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom(["name": "Kitchen"])
            try await anna.send("before", to: room, transactionID: "1")
            let event = try await anna.send("we cook noodles", to: room, transactionID: "2")
            try await anna.send("cook again", to: room, transactionID: "3")
            let criteria: JSONObject = [
                "search_term": "cook", "order_by": "recent", "filter": ["limit": 1], "include_state": true,
                "event_context": ["before_limit": 1, "after_limit": 1, "include_profile": true], "groupings": ["group_by": [["key": "room_id"]]],
            ]
            let first = try await Self.search(anna, criteria)
            let firstPage = try #require(first.json.object("search_categories")?.object("room_events"), "\(first.text)")
            #expect(firstPage.integer("count") == 2)
            #expect(firstPage["highlights"] == ["cook"])
            let token = try #require(firstPage.string("next_batch"))
            let second = try await Self.search(anna, criteria, page: token)
            let page = try #require(second.json.object("search_categories")?.object("room_events"), "\(second.text)")
            #expect(page.string("next_batch") == nil && page.integer("count") == 2)
            let result = try #require(page.array("results")?.first?.objectValue)
            #expect(page.array("results")?.count == 1)
            #expect(result.object("result")?.string("event_id") == event.rawValue)
            #expect(result.object("result")?.string("room_id") == room.rawValue)
            #expect(result["rank"] != nil)
            let context = try #require(result.object("context"))
            #expect(context.array("events_before")?.first?.objectValue?.object("content")?.string("body") == "before")
            #expect(context.array("events_after")?.first?.objectValue?.object("content")?.string("body") == "cook again")
            #expect(context.string("start") != nil && context.string("end") != nil)
            #expect(context.object("profile_info")?.object(anna.userID?.rawValue ?? "")?.string("displayname") == "anna")
            #expect(page.object("state")?.array(room.rawValue)?.isEmpty == false)
            #expect(page.object("groups")?.object("room_id")?.object(room.rawValue)?["results"] == [.string(event.rawValue)])
        }
    }

    @Test func whatIsNotUnderstood() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            for (criteria, code) in [
                ([:], "M_MISSING_PARAM"), (["search_term": 1], "M_BAD_JSON"), (["search_term": "x", "keys": "content.body"], "M_BAD_JSON"),
                (["search_term": "x", "keys": ["content.secret"]], "M_INVALID_PARAM"), (["search_term": "x", "keys": [1]], "M_BAD_JSON"),
                (["search_term": "x", "order_by": "age"], "M_INVALID_PARAM"), (["search_term": "x", "filter": []], "M_BAD_JSON"),
                (["search_term": "x", "filter": ["limit": -1]], "M_BAD_JSON"), (["search_term": "x", "event_context": 1], "M_BAD_JSON"),
                (["search_term": "x", "event_context": ["before_limit": -1]], "M_INVALID_PARAM"),
                (["search_term": "x", "groupings": ["group_by": [["key": "type"]]]], "M_INVALID_PARAM"),
                (["search_term": "x", "groupings": ["group_by": ["room_id"]]], "M_BAD_JSON"),
                (["search_term": .string(String(repeating: "x", count: 1_025))], "M_INVALID_PARAM"),
            ] as [(JSONObject, String)] {
                let response = try await Self.search(anna, criteria)
                #expect(response.status == 400 && response.errorCode == code, "\(criteria): \(response.status) \(response.text)")
            }
            for token in ["x", "", "-1 0", "MSAw.", "OTkgOTkgcm9vbV9pZA", "s1"] where token != "" {
                let response = try await Self.search(anna, ["search_term": "x"], page: token)
                #expect(response.status == 400 && response.errorCode == "M_INVALID_PARAM", "\(token): \(response.status)")
            }
            let nothing = try await anna.request("POST", "/_matrix/client/v3/search", json: [:])
            #expect(nothing.status == 400 && nothing.errorCode == "M_MISSING_PARAM")
            let unknown = try await anna.request("POST", "/_matrix/client/v3/search", json: ["search_categories": ["people": [:]]])
            #expect(unknown.status == 200 && unknown.json["search_categories"] == [:])
        }
    }
}
