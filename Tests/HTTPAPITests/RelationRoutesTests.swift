import MatrixCore
import TestSupport
import Testing

/// spec: client-server-api/#relationships-api
struct RelationRoutesTests {
    private static func path(_ room: RoomID, _ rest: String) -> String {
        "/_matrix/client/v1/rooms/\(MatrixClient.encoded(room.rawValue))/\(rest)"
    }

    private static func relations(_ room: RoomID, _ event: EventID, _ rest: String = "") -> String {
        path(room, "relations/\(MatrixClient.encoded(event.rawValue))\(rest)")
    }

    private static func relate(
        _ client: MatrixClient, _ relation: String, to parent: EventID, in room: RoomID, _ transactionID: String, type: String = "m.room.message"
    ) async throws -> EventID {
        let answer = try await client.call(
            "PUT", "\(MatrixClient.path(room))/send/\(type)/\(transactionID)",
            json: [
                "msgtype": "m.text", "body": "related",
                "m.relates_to": ["rel_type": .string(relation), "event_id": .string(parent.rawValue), "key": "x"],
            ])
        return EventID(trusted: answer.string("event_id") ?? "")
    }

    private static func chunk(_ answer: JSONObject) -> [String] { answer.array("chunk")?.compactMap { $0.objectValue?.string("event_id") } ?? [] }

    @Test func thePathsAndTheirAnswers() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            let event = try await anna.send("hello", to: room, transactionID: "0")
            let reply = try await Self.relate(anna, "m.thread", to: event, in: room, "1")
            let sticker = try await Self.relate(anna, "m.thread", to: event, in: room, "2", type: "m.sticker")
            let reaction = try await Self.relate(anna, "m.annotation", to: reply, in: room, "3", type: "m.reaction")
            let all = try await anna.call("GET", Self.relations(room, event))
            #expect(Self.chunk(all) == [sticker.rawValue, reply.rawValue])
            #expect(all.keys.sorted() == ["chunk"], "neither more pages nor recursion: \(all)")
            #expect(try await Self.chunk(anna.call("GET", Self.relations(room, event, "/m.thread"))) == [sticker.rawValue, reply.rawValue])
            #expect(try await Self.chunk(anna.call("GET", Self.relations(room, event, "/m.thread/m.sticker"))) == [sticker.rawValue])
            #expect(try await Self.chunk(anna.call("GET", Self.relations(room, event, "/m.replace"))) == [])
            for name in ["recurse", "org.matrix.msc3981.recurse"] {
                let deep = try await anna.call("GET", Self.relations(room, event), query: [("dir", "f"), (name, "true")])
                #expect(Self.chunk(deep) == [reply.rawValue, sticker.rawValue, reaction.rawValue])
                #expect(deep.integer(name.replacing("recurse", with: "recursion_depth")) == 3)
            }
            #expect(try await anna.call("GET", Self.relations(room, event), query: [("recurse", "false")]).integer("recursion_depth") == 3)
            // Pages, there and back again.
            let first = try await anna.call("GET", Self.relations(room, event), query: [("limit", "1")])
            let next = try #require(first.string("next_batch"))
            let second = try await anna.call("GET", Self.relations(room, event), query: [("limit", "1"), ("from", next)])
            #expect(Self.chunk(first) + Self.chunk(second) == [sticker.rawValue, reply.rawValue])
            #expect(second["next_batch"] == nil && first["prev_batch"] == nil)
            let previous = try #require(second.string("prev_batch"))
            let back = try await anna.call("GET", Self.relations(room, event), query: [("dir", "f"), ("from", previous)])
            #expect(Self.chunk(back) == [sticker.rawValue])
            // Bundled in single events and in the list of threads.
            let single = try await anna.call("GET", "\(MatrixClient.path(room))/event/\(MatrixClient.encoded(event.rawValue))")
            let threads = try await anna.call("GET", Self.path(room, "threads"))
            for shown in [single, threads.array("chunk")?.first?.objectValue ?? [:]] {
                let thread = shown.object("unsigned")?.object("m.relations")?.object("m.thread")
                #expect(thread?.integer("count") == 2 && thread?.object("latest_event")?.string("event_id") == sticker.rawValue)
            }
        }
    }

    @Test func whatIsRefused() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            let event = try await anna.send("hello", to: room, transactionID: "0")
            for query in ["from=x", "to=s-1", "from=s1_2_3", "limit=0", "limit=-1", "limit=x", "dir=x", "recurse=1", "from=s99999999999999999999"] {
                let response = try await anna.request("GET", Self.relations(room, event) + "?" + query)
                #expect(response.status == 400 && response.errorCode == "M_INVALID_PARAM", "\(query): \(response.status) \(response.text)")
            }
            for query in ["from=x", "limit=0", "limit=x", "include=some"] {
                let response = try await anna.request("GET", Self.path(room, "threads?") + query)
                #expect(response.status == 400 && response.errorCode == "M_INVALID_PARAM", "\(query): \(response.status) \(response.text)")
            }
            let unknown = try await anna.request("GET", Self.relations(room, EventID(trusted: "$unknown")))
            #expect(unknown.status == 404 && unknown.errorCode == "M_NOT_FOUND")
            let elsewhere = try await anna.createRoom()
            #expect(try await anna.request("GET", Self.relations(elsewhere, event)).status == 404)
            // From the future there is simply nothing.
            #expect(try await Self.chunk(anna.call("GET", Self.relations(room, event), query: [("dir", "f"), ("from", "s999999")])) == [])
            // Twice the same reaction.
            _ = try await Self.relate(anna, "m.annotation", to: event, in: room, "a", type: "m.reaction")
            let path = "\(MatrixClient.path(room))/send/m.reaction/b"
            let body: JSONObject = ["m.relates_to": ["rel_type": "m.annotation", "event_id": .string(event.rawValue), "key": "x"]]
            let twice = try await anna.request("PUT", path, json: body)
            #expect(twice.status == 400 && twice.errorCode == "M_DUPLICATE_ANNOTATION")
            // A thread in a thread.
            let reply = try await Self.relate(anna, "m.thread", to: event, in: room, "c")
            let nested = try await anna.request(
                "PUT", "\(MatrixClient.path(room))/send/m.room.message/d",
                json: ["m.relates_to": ["rel_type": "m.thread", "event_id": .string(reply.rawValue)]])
            #expect(nested.status == 400 && nested.errorCode == "M_UNKNOWN")
            // Receipts.
            let receipt = "\(MatrixClient.path(room))/receipt/m.read/\(MatrixClient.encoded(reply.rawValue))"
            for threadID in [1, "", "main", [], "$unknown", .string(reply.rawValue), true] as [JSONValue] {
                let response = try await anna.request("POST", receipt, json: ["thread_id": threadID])
                #expect(response.status == 400 && response.errorCode == "M_INVALID_PARAM", "\(threadID): \(response.status) \(response.text)")
            }
            for body in [[:], ["thread_id": .string(event.rawValue)], ["thread_id": .null]] as [JSONObject] {
                #expect(try await anna.request("POST", receipt, json: body).status == 200, "\(body)")
            }
        }
    }

    enum Outsider: String, CaseIterable { case stranger, invited, left, banned }

    @Test(arguments: Outsider.allCases) func outsidersSeeNoMoreThanTheyMay(_ outsider: Outsider) async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let benID = try #require(ben.userID)
            let room = try await anna.createRoom()
            let event = try await anna.send("hello", to: room, transactionID: "0")
            let early = try await Self.relate(anna, "m.thread", to: event, in: room, "1")
            if outsider != .stranger { try await anna.invite(benID, to: room) }
            if outsider == .left || outsider == .banned { try await ben.join(room) }
            if outsider == .left { try await ben.leave(room) }
            if outsider == .banned { try await anna.call("POST", "\(MatrixClient.path(room))/ban", json: ["user_id": .string(benID.rawValue)]) }
            let late = try await Self.relate(anna, "m.thread", to: event, in: room, "2")
            let mayRead: Bool = outsider == .left || outsider == .banned
            for rest in ["", "/m.thread", "/m.thread/m.room.message"] {
                let response = try await ben.request("GET", Self.relations(room, event, rest))
                #expect(response.status == (mayRead ? 200 : 404), "\(response.status) \(response.text)")
                #expect(response.text.contains(early.rawValue) == mayRead && !response.text.contains(late.rawValue), "\(response.text)")
            }
            #expect(try await ben.request("GET", Self.relations(room, late)).status == 404)
            let threads = try await ben.request("GET", Self.path(room, "threads"))
            #expect(threads.status == (mayRead ? 200 : 403), "\(threads.status) \(threads.text)")
            #expect(!threads.text.contains(late.rawValue), "\(threads.text)")
            // And they add nothing.
            let body: JSONObject = ["m.relates_to": ["rel_type": "m.annotation", "event_id": .string(event.rawValue), "key": "x"]]
            let reaction = try await ben.request("PUT", "\(MatrixClient.path(room))/send/m.reaction/x", json: body)
            #expect(reaction.status == 403)
            #expect(try await Self.chunk(anna.call("GET", Self.relations(room, event))) == [late.rawValue, early.rawValue])
        }
    }
}
