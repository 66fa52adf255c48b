import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// spec: client-server-api/#get_matrixclientv3events
struct EventStreamTests {
    private static let events = "/_matrix/client/v3/events"

    private static func chunk(_ answer: JSONObject) -> [JSONObject] { answer.array("chunk")?.compactMap(\.objectValue) ?? [] }

    private static func bodies(_ events: [JSONObject]) -> [String] { events.compactMap { $0.object("content")?.string("body") } }

    private static func publish(_ room: RoomID, by client: MatrixClient, _ visibility: String = "world_readable") async throws {
        try await client.call("PUT", "\(MatrixClient.path(room))/state/m.room.history_visibility", json: ["history_visibility": .string(visibility)])
    }

    @Test func oneThingAfterTheOtherInSmallPages() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let room = try await anna.createRoom(["preset": "public_chat"])
            let now = try await anna.call("GET", Self.events, query: [("timeout", "0")])
            #expect(Self.chunk(now).isEmpty && now.string("start") == now.string("end"))
            var sent: [String] = []
            for index in 0..<7 {
                try await anna.send("\(index)", to: room, transactionID: "\(index)")
                sent.append("\(index)")
            }
            var from = try #require(now.string("end"))
            var seen: [String] = []
            for _ in 0..<7 {
                let page = try await anna.call("GET", Self.events, query: [("from", from), ("timeout", "0"), ("limit", "3")])
                #expect(page.string("start") == from && Self.chunk(page).count <= 3)
                seen += Self.bodies(Self.chunk(page))
                from = try #require(page.string("end"))
            }
            #expect(seen == sent)
            // Somebody else hears nothing of it, but that they are there themselves.
            let others = Self.chunk(try await ben.call("GET", Self.events, query: [("from", now.string("end") ?? ""), ("timeout", "0")]))
            #expect(others.allSatisfy { $0.string("type") == "m.presence" && $0.object("content")?.string("user_id") == "@ben:test.example" })
        }
    }

    @Test func everyKindOfNewsWakes() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let room = try await anna.createRoom(["preset": "public_chat"])
            try await ben.join(room)
            let event = try await anna.send("x", to: room, transactionID: "1")
            var from = try #require(try await anna.call("GET", Self.events, query: [("timeout", "0")]).string("end"))
            let (path, annaID, benID) = (
                MatrixClient.path(room), MatrixClient.encoded("@anna:test.example"), MatrixClient.encoded("@ben:test.example")
            )
            let news: [(MatrixClient, String, String, JSONObject, type: String)] = [
                (ben, "PUT", "\(path)/send/m.room.message/1", ["body": "hey", "msgtype": "m.text"], "m.room.message"),
                (ben, "POST", "\(path)/receipt/m.read/\(MatrixClient.encoded(event.rawValue))", [:], "m.receipt"),
                (ben, "PUT", "\(path)/typing/\(benID)", ["typing": true], "m.typing"),
                (ben, "PUT", "/_matrix/client/v3/presence/\(benID)/status", ["presence": "unavailable"], "m.presence"),
                (anna, "PUT", "/_matrix/client/v3/user/\(annaID)/rooms/\(MatrixClient.encoded(room.rawValue))/tags/u.work", [:], "m.tag"),
                (anna, "PUT", "/_matrix/client/v3/user/\(annaID)/account_data/x.y", ["a": 1], "x.y"),
            ]
            for (client, method, way, body, type) in news {
                let start = from
                async let waiting = anna.call("GET", Self.events, query: [("from", start), ("timeout", "60000")])
                try await client.call(method, way, json: body)
                let answer = try await waiting
                #expect(Self.chunk(answer).map { $0.string("type") } == [type], "\(answer)")
                let isOfRoom = !["m.presence", "x.y"].contains(type)
                #expect(Self.chunk(answer).first?.string("room_id") == (isOfRoom ? room.rawValue : nil), "\(type)")
                from = try #require(answer.string("end"))
            }
        }
    }

    @Test func badRequests() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            for query in [
                ("limit", "x"), ("limit", "-1"), ("limit", "0"), ("timeout", "x"), ("timeout", "-1"), ("from", "x"), ("from", "s999999"),
                ("room_id", "x"),
            ] {
                let response = try await anna.request("GET", Self.events, query: [query])
                #expect(response.status == 400 && response.errorCode == "M_INVALID_PARAM", "\(query)")
            }
            for path in ["/_matrix/client/v3/initialSync", "/_matrix/client/v3/rooms/!x:y/initialSync"] {
                #expect(try await anna.request("GET", path, query: [("limit", "hello")]).status == 400)
            }
        }
    }

    /// What the memory does not reach comes from the database, each event once.
    @Test func longAbsencesMissNoEvent() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let rooms = [try await anna.createRoom(["preset": "public_chat"]), try await anna.createRoom(["preset": "public_chat"])]
            try await ben.join(rooms[0])
            let start = try #require(try await anna.call("GET", Self.events, query: [("timeout", "0")]).string("end"))
            let count = 600
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<count {
                    group.addTask {
                        let client = index.isMultiple(of: 3) ? ben : anna
                        try await client.send("\(index)", to: rooms[index.isMultiple(of: 3) ? 0 : 1], transactionID: "\(index)")
                        // More changes than memory keeps.
                        try await anna.call(
                            "PUT", "/_matrix/client/v3/user/%40anna%3Atest.example/account_data/x", json: ["n": .integer(Int64(index))])
                    }
                }
                try await group.waitForAll()
            }
            for (reader, room, expected) in [(anna, nil, count), (ben, nil, count / 3), (anna, rooms[1], count - count / 3)]
                as [(MatrixClient, RoomID?, Int)]
            {
                var seen: [String] = []
                var from = start
                while true {
                    var query = [("from", from), ("timeout", "0")]
                    if let room { query.append(("room_id", room.rawValue)) }
                    let page = try await reader.call("GET", Self.events, query: query)
                    seen += Self.bodies(Self.chunk(page))
                    guard let end = page.string("end"), end != from else { break }
                    from = end
                }
                #expect(seen.count == expected && Set(seen).count == expected)
            }
        }
    }

    // MARK: Looking in

    @Test func whoLooksInSeesTheRoomAndNothingElse() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let guest = try await server.guest()
            let room = try await anna.createRoom(["preset": "public_chat"])
            let other = try await anna.createRoom()
            let path = MatrixClient.path(room)
            let refused = try await guest.request("GET", Self.events, query: [("timeout", "0")])
            #expect(refused.status == 403 && refused.errorCode == "M_GUEST_ACCESS_FORBIDDEN")
            for stranger in [ben, guest] {
                let closed = try await stranger.request("GET", Self.events, query: [("room_id", room.rawValue), ("timeout", "0")])
                #expect(closed.status == 403 && closed.errorCode == "M_FORBIDDEN")
                #expect(try await stranger.request("GET", "\(path)/initialSync").status == 403)
            }
            let hidden = try await anna.send("hidden", to: room, transactionID: "0")
            try await Self.publish(room, by: anna)
            for stranger in [ben, guest] {
                let snapshot = try await stranger.call("GET", "\(path)/initialSync")
                let messages = snapshot.object("messages") ?? [:]
                #expect(
                    Self.chunk(messages).first?.string("type") == "m.room.history_visibility" && !Self.bodies(Self.chunk(messages)).contains("hidden")
                )
                #expect(snapshot.string("membership") == nil && snapshot.string("visibility") == "private")
                #expect(snapshot.array("state")?.count ?? 0 > 4)
                var from = try #require(messages.string("end"))
                func next(_ method: String, _ way: String, _ body: JSONObject) async throws -> [JSONObject] {
                    let start = from
                    async let waiting = stranger.call(
                        "GET", Self.events, query: [("from", start), ("room_id", room.rawValue), ("timeout", "60000")])
                    try await anna.send("secret", to: other, transactionID: "\(start) \(way)")
                    try await anna.call(method, way, json: body)
                    let answer = try await waiting
                    from = try #require(answer.string("end"))
                    return Self.chunk(answer)
                }
                let number = from
                let said = try await next("PUT", "\(path)/send/m.room.message/\(number)", ["body": "open", "msgtype": "m.text"])
                #expect(Self.bodies(said) == ["open"])
                let typed = try await next("PUT", "\(path)/typing/%40anna%3Atest.example", ["typing": true])
                #expect(typed.map { $0.string("type") } == ["m.typing"])
                let there = try await next(
                    "PUT", "/_matrix/client/v3/presence/%40anna%3Atest.example/status", ["presence": "online", "status_msg": "x"])
                #expect(there.map { $0.string("type") } == ["m.presence"])
                #expect(there.first?.object("content")?.string("user_id") == "@anna:test.example")
                try await anna.call("PUT", "\(path)/typing/%40anna%3Atest.example", json: ["typing": false])
                let event = MatrixClient.encoded(hidden.rawValue)
                #expect(try await stranger.request("GET", "\(path)/event/\(event)").status == 404)
            }
            #expect(try await ben.request("GET", "\(Self.events)/\(MatrixClient.encoded(hidden.rawValue))").status == 404)
            #expect(try await anna.call("GET", "\(Self.events)/\(MatrixClient.encoded(hidden.rawValue))").string("room_id") == room.rawValue)
            // Once it is closed, nobody looks in any longer, and those who wait are told.
            let from = try #require(try await ben.call("GET", Self.events, query: [("room_id", room.rawValue), ("timeout", "0")]).string("end"))
            try await Self.publish(room, by: anna, "joined")
            #expect(try await ben.request("GET", Self.events, query: [("from", from), ("room_id", room.rawValue)]).status == 403)
        }
    }

    @Test func whoHasLeftIsNotThereAnyMore() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let room = try await anna.createRoom(["preset": "public_chat"])
            try await ben.join(room)
            try await anna.send("before", to: room, transactionID: "1")
            try await ben.leave(room)
            try await anna.send("after", to: room, transactionID: "2")
            #expect(try await ben.request("GET", Self.events, query: [("room_id", room.rawValue), ("timeout", "0")]).status == 403)
            let snapshot = try await ben.call("GET", "\(MatrixClient.path(room))/initialSync")
            #expect(Self.bodies(Self.chunk(snapshot.object("messages") ?? [:])) == ["before"])
            #expect(snapshot.string("membership") == "leave" && snapshot.array("presence") == [])
        }
    }

    // MARK: Snapshots

    @Test func aSnapshotHasEverythingOfAUser() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let joined = try await ben.createRoom(["preset": "public_chat", "visibility": "public"])
            let invited = try await anna.createRoom(["invite": ["@ben:test.example"]])
            let left = try await ben.createRoom()
            try await ben.leave(left)
            for index in 0..<5 { try await ben.send("\(index)", to: joined, transactionID: "\(index)") }
            let own = "/_matrix/client/v3/user/%40ben%3Atest.example"
            try await ben.call("PUT", "\(own)/account_data/x.y", json: ["a": 1])
            try await ben.call("PUT", "\(own)/rooms/\(MatrixClient.encoded(joined.rawValue))/tags/u.work", json: [:])
            let snapshot = try await ben.call("GET", "/_matrix/client/v3/initialSync", query: [("limit", "2")])
            let rooms = snapshot.array("rooms")?.compactMap(\.objectValue) ?? []
            #expect(Set(rooms.compactMap { $0.string("room_id") }) == [joined.rawValue, invited.rawValue])
            let first = try #require(rooms.first { $0.string("room_id") == joined.rawValue })
            #expect(first.string("membership") == "join" && first.string("visibility") == "public")
            let messages = first.object("messages") ?? [:]
            #expect(Self.bodies(Self.chunk(messages)) == ["3", "4"])
            #expect(first.array("state")?.compactMap { $0.objectValue?.string("type") }.contains("m.room.create") == true)
            #expect(first.array("account_data")?.compactMap { $0.objectValue?.string("type") } == ["m.tag"])
            let older = try await ben.call(
                "GET", "\(MatrixClient.path(joined))/messages", query: [("dir", "b"), ("limit", "1"), ("from", messages.string("start") ?? "")])
            #expect(Self.bodies(Self.chunk(older)) == ["2"])
            let second = try #require(rooms.first { $0.string("room_id") == invited.rawValue })
            #expect(second.string("membership") == "invite" && second.string("inviter") == "@anna:test.example")
            #expect(second.object("invite")?.string("type") == "m.room.member" && second["state"] == nil)
            #expect(snapshot.array("account_data")?.compactMap { $0.objectValue?.string("type") } == ["x.y"])
            let shown = snapshot.array("presence")?.compactMap { $0.objectValue?.object("content") }.first {
                $0.string("user_id") == "@ben:test.example"
            }
            #expect(shown?.string("presence") == "online" && shown?.integer("last_active_ago") != nil)

            let whole = try await ben.call("GET", "/_matrix/client/v3/initialSync", query: [("archived", "true")])
            let archived = whole.array("rooms")?.compactMap(\.objectValue).first { $0.string("room_id") == left.rawValue }
            #expect(archived?.string("membership") == "leave")
            // It goes on where it ended.
            try await anna.invite(#require(ben.userID), to: try await anna.createRoom())
            let news = try await ben.call("GET", Self.events, query: [("from", snapshot.string("end") ?? ""), ("timeout", "0")])
            #expect(Self.chunk(news).contains { $0.string("type") == "m.room.member" && $0.object("content")?.string("membership") == "invite" })
        }
    }
}
