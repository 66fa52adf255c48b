import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// Rooms as a whole, over the socket.
struct RoomRoutesTests {
    private static let v1 = "/_matrix/client/v1"

    private func parts(_ room: RoomID) -> String { MatrixClient.encoded(room.rawValue) }

    @Test func upgrading() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            let path = "\(MatrixClient.path(room))/upgrade"
            for (body, code) in [
                ([:], "M_MISSING_PARAM"), (["new_version": 12], "M_BAD_JSON"), (["new_version": "x"], "M_UNSUPPORTED_ROOM_VERSION"),
                (["new_version": "12", "additional_creators": "@ben:test.example"], "M_BAD_JSON"),
                (["new_version": "12", "additional_creators": ["ben"]], "M_INVALID_PARAM"),
            ] as [(JSONObject, String)] {
                let response = try await anna.request("POST", path, json: body)
                #expect(response.status == 400 && response.errorCode == code, "\(body): \(response.text)")
            }
            let replacement = RoomID(trusted: try #require(try await anna.call("POST", path, json: ["new_version": "12"]).string("replacement_room")))
            // Its ID has no server in it, and every call understands that.
            #expect(!replacement.rawValue.contains(":"))
            try await anna.send("hello", to: replacement, transactionID: "1")
            for rest in ["state", "members", "joined_members", "messages?dir=b", "aliases", "state/m.room.create"] {
                #expect(try await anna.request("GET", "\(MatrixClient.path(replacement))/\(rest)").status == 200, "\(rest)")
            }
            let ben = try await server.register("ben")
            try await anna.invite(try #require(ben.userID), to: replacement)
            try await ben.call("POST", "/_matrix/client/v3/join/\(parts(replacement))", query: [("via", "elsewhere.example"), ("server_name", "x")])
        }
    }

    @Test func theTreeOfASpace() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let space = try await anna.createRoom(["preset": "public_chat", "creation_content": ["type": "m.space"], "room_version": "12"])
            for _ in 0..<3 {
                let child = try await anna.createRoom(["preset": "public_chat"])
                try await anna.call("PUT", "\(MatrixClient.path(space))/state/m.space.child/\(parts(child))", json: ["via": ["test.example"]])
            }
            let path = "\(Self.v1)/rooms/\(parts(space))/hierarchy"
            let query = [("limit", "2"), ("max_depth", "3"), ("suggested_only", "false")]
            let first = try await ben.call("GET", path, query: query)
            #expect(first.array("rooms")?.count == 2)
            let token = try #require(first.string("next_batch"))
            let second = try await ben.call("GET", path, query: query + [("from", token)])
            #expect(second.array("rooms")?.count == 2 && second["next_batch"] == nil)
            for bad in [
                [("limit", "0")], [("limit", "-1")], [("limit", "x")], [("max_depth", "-1")], [("max_depth", "1.5")], [("suggested_only", "yes")],
                [("from", "nonsense")], [("from", token)],
            ] {
                let response = try await ben.request("GET", path, query: bad)
                #expect(response.status == 400 && response.errorCode == "M_INVALID_PARAM", "\(bad): \(response.text)")
            }
            #expect(try await anna.request("GET", path, query: query + [("from", token)]).errorCode == "M_INVALID_PARAM")
            #expect(try await ben.request("GET", path, query: [("limit", "99999999999")]).status == 200)
            #expect(try await ben.request("GET", "\(Self.v1)/rooms/!none/hierarchy").errorCode == "M_FORBIDDEN")
        }
    }

    @Test func summariesUnderAllTheirNames() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let open = try await anna.createRoom(["preset": "public_chat", "room_alias_name": "open", "name": "Open"])
            let closed = try await anna.createRoom(["preset": "private_chat", "room_alias_name": "closed"])
            func paths(_ room: String) -> [String] {
                let id = MatrixClient.encoded(room)
                let unstable = "/_matrix/client/unstable/im.nheko.summary"
                return ["\(Self.v1)/room_summary/\(id)", "\(unstable)/summary/\(id)", "\(unstable)/rooms/\(id)/summary"]
            }
            for path in paths(open.rawValue) + paths("#open:test.example") {
                let summary = try await ben.call("GET", path, query: [("via", "elsewhere.example")])
                #expect(summary.string("name") == "Open" && summary.string("membership") == "leave", "\(path)")
                let anonymous = try await server.client.call("GET", path)
                #expect(anonymous.string("room_id") == open.rawValue && anonymous["membership"] == nil, "\(path)")
            }
            for path in paths(closed.rawValue) + paths("#closed:test.example") + paths("!none") + paths("#none:test.example") {
                for client in [ben, server.client] {
                    let response = try await client.request("GET", path)
                    #expect(response.status == 404 && response.errorCode == "M_NOT_FOUND", "\(path): \(response.text)")
                }
            }
            #expect(try await anna.call("GET", paths(closed.rawValue)[0]).string("membership") == "join")
            // What matrix-js-sdk reads.
            try await anna.call("PUT", "\(MatrixClient.path(closed))/state/m.room.encryption", json: ["algorithm": "m.megolm.v1.aes-sha2"])
            for (number, path) in paths(closed.rawValue).enumerated() {
                let summary = try await anna.call("GET", path)
                #expect(summary.string("encryption") == "m.megolm.v1.aes-sha2" && summary.string("room_version") == "11")
                #expect(summary.string("im.nheko.summary.encryption") == (number == 0 ? nil : "m.megolm.v1.aes-sha2"))
                #expect(summary.string("im.nheko.summary.room_version") == (number == 0 ? nil : "11"))
            }
            #expect(try await anna.request("GET", paths("nonsense")[0]).errorCode == "M_INVALID_PARAM")
            // A token that is wrong is no token that is missing.
            var wrong = server.client
            wrong.accessToken = "nobody's"
            #expect(try await wrong.request("GET", paths(open.rawValue)[0]).errorCode == "M_UNKNOWN_TOKEN")
        }
    }

    @Test func jumpingToADate() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            let event = try await anna.send("hello", to: room, transactionID: "1")
            let path = "\(Self.v1)/rooms/\(parts(room))/timestamp_to_event"
            let found = try await anna.call("GET", path, query: [("ts", "99999999999999"), ("dir", "b")])
            #expect(found.string("event_id") == event.rawValue && (found.integer("origin_server_ts") ?? 0) > 1_500_000_000_000)
            #expect(try await anna.call("GET", path, query: [("ts", "0")]).string("event_id") != nil)
            for (query, status, code) in [
                ([("dir", "f")], 400, "M_MISSING_PARAM"), ([("ts", "x"), ("dir", "f")], 400, "M_INVALID_PARAM"),
                ([("ts", "1"), ("dir", "up")], 400, "M_INVALID_PARAM"), ([("ts", "99999999999999999999"), ("dir", "f")], 400, "M_INVALID_PARAM"),
                ([("ts", "99999999999999"), ("dir", "f")], 404, "M_NOT_FOUND"), ([("ts", "-1"), ("dir", "b")], 404, "M_NOT_FOUND"),
            ] as [([(String, String)], Int, String)] {
                let response = try await anna.request("GET", path, query: query)
                #expect(response.status == status && response.errorCode == code, "\(query): \(response.text)")
            }
        }
    }

    // MARK: What other servers do as well

    @Test func aMessageWithoutATransactionID() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            let body: JSONObject = ["msgtype": "m.text", "body": "twice"]
            let ids = [
                try await anna.call("POST", "\(MatrixClient.path(room))/send/m.room.message", json: body).string("event_id"),
                try await anna.call("POST", "\(MatrixClient.path(room))/send/m.room.message", json: body).string("event_id"),
            ]
            #expect(ids[0] != nil && ids[0] != ids[1])
            let redaction: JSONObject = ["redacts": .string(ids[0] ?? "")]
            try await anna.call("POST", "\(MatrixClient.path(room))/send/m.room.redaction", json: redaction)
            let event = try await anna.call("GET", "\(MatrixClient.path(room))/event/\(MatrixClient.encoded(ids[0] ?? ""))")
            #expect(event.object("content") == [:])
        }
    }

    @Test func whatAJoinSaysIsInTheMemberEvent() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let benID = try #require(ben.userID).rawValue
            let room = try await anna.createRoom(["preset": "public_chat"])
            let body: JSONObject = [
                "foo": "bar", "reason": "curious", "membership": "ban", "displayname": "Benny", "avatar_url": 1, "third_party_signed": ["x": 1],
                "join_authorised_via_users_server": "@anna:test.example",
            ]
            try await ben.call("POST", "\(MatrixClient.path(room))/join", json: body)
            #expect(
                try await ben.call("GET", "\(MatrixClient.path(room))/state/m.room.member/\(MatrixClient.encoded(benID))") == [
                    "membership": "join", "foo": "bar", "reason": "curious", "displayname": "Benny",
                ])
            #expect(try await ben.request("POST", "\(MatrixClient.path(room))/join", json: ["reason": 1]).errorCode == "M_BAD_JSON")
        }
    }

    @Test func joinedMembersHaveAlwaysBothKeys() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let annaID = try #require(anna.userID).rawValue
            let room = try await anna.createRoom()
            try await anna.call("DELETE", "/_matrix/client/v3/profile/\(MatrixClient.encoded(annaID))/displayname")
            let members = try await anna.call("GET", "\(MatrixClient.path(room))/joined_members").object("joined")
            #expect(members?.object(annaID) == ["display_name": .null, "avatar_url": .null])
        }
    }

    // MARK: The public list

    @Test func thePublicListInBothDirections() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            for number in 0..<5 { _ = try await anna.createRoom(["visibility": "public", "name": .string("Room \(number)")]) }
            func page(_ body: JSONObject) async throws -> (names: [String], next: String?, previous: String?) {
                let answer = try await anna.call("POST", "/_matrix/client/v3/publicRooms", json: body)
                let names = (answer.array("chunk") ?? []).compactMap { $0.objectValue?.string("name") }
                return (names, answer.string("next_batch"), answer.string("prev_batch"))
            }
            let all = try await page([:])
            #expect(all.names.count == 5 && all.next == nil && all.previous == nil)
            let first = try await page(["limit": 2])
            #expect(first.previous == nil)
            let second = try await page(["limit": 2, "since": .string(try #require(first.next))])
            let third = try await page(["limit": 2, "since": .string(try #require(second.next))])
            #expect(first.names + second.names + third.names == all.names && third.next == nil)
            let back = try await page(["limit": 2, "since": .string(try #require(third.previous))])
            #expect(back.names == second.names)
            // A short page at the start shows no room twice.
            let start = try await page(["limit": 3, "since": .string(try #require(back.previous))])
            #expect(start.names == first.names && start.previous == nil)
            #expect(try await page(["limit": 0]).names.count == 5)
            for body in [["since": "nonsense"], ["since": "f-1"], ["since": "x1"], ["limit": -1]] as [JSONObject] {
                let response = try await anna.request("POST", "/_matrix/client/v3/publicRooms", json: body)
                #expect(response.status == 400 && response.errorCode == "M_INVALID_PARAM", "\(body): \(response.text)")
            }
            for method in ["GET", "POST"] {
                let body: [UInt8]? = method == "POST" ? Array("{}".utf8) : nil
                let foreign = try await anna.request(method, "/_matrix/client/v3/publicRooms", query: [("server", "elsewhere.example")], body: body)
                #expect(foreign.status == 404 && foreign.errorCode == "M_NOT_FOUND")
                let own = try await anna.request(method, "/_matrix/client/v3/publicRooms", query: [("server", "test.example")], body: body)
                #expect(own.json.array("chunk")?.count == 5)
            }
        }
    }

    // MARK: Those who may come

    @Test(arguments: ["10", "11", "12"]) func whoIsInvitedOrKnocksSeesTheRoomsFirstEvent(version: String) async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let benID = try #require(ben.userID)
            func stripped(_ section: String, _ name: String) async throws -> [JSONObject] {
                let rooms = try await ben.sync().object("rooms")?.object(section)
                return (rooms?.members.first?.value.objectValue?.object(name)?.array("events") ?? []).compactMap(\.objectValue)
            }
            let room = try await anna.createRoom([
                "room_version": .string(version), "name": "Cellar",
                "initial_state": [["type": "m.room.join_rules", "content": ["join_rule": "knock"]]],
            ])
            try await ben.call(
                "POST", "/_matrix/client/v3/knock/\(parts(room))", query: [("via", "x.example"), ("server_name", "y.example")],
                json: ["reason": "let me in"])
            let knocked = try await stripped("knock", "knock_state")
            try await anna.call("POST", "\(MatrixClient.path(room))/invite", json: ["user_id": .string(benID.rawValue), "reason": "welcome"])
            let invited = try await stripped("invite", "invite_state")
            for (events, reason) in [(knocked, "let me in"), (invited, "welcome")] {
                let create = try #require(events.first { $0.string("type") == "m.room.create" })
                #expect(create.object("content")?.string("room_version") == version && create.string("state_key") == "")
                #expect(events.contains { $0.string("type") == "m.room.name" })
                let member = try #require(events.first { $0.string("type") == "m.room.member" && $0.string("state_key") == benID.rawValue })
                #expect(member.object("content")?.string("reason") == reason)
            }
            try await ben.call("POST", "\(MatrixClient.path(room))/join", json: ["reason": "thanks"])
            try await anna.call("POST", "\(MatrixClient.path(room))/kick", json: ["user_id": .string(benID.rawValue), "reason": "noise"])
            let path = "\(MatrixClient.path(room))/state/m.room.member/\(MatrixClient.encoded(benID.rawValue))"
            #expect(try await anna.call("GET", path).string("reason") == "noise")
            try await anna.call("POST", "\(MatrixClient.path(room))/ban", json: ["user_id": .string(benID.rawValue), "reason": "more noise"])
            #expect(try await anna.call("GET", path).string("reason") == "more noise")
            #expect(try await ben.request("POST", "/_matrix/client/v3/knock/\(parts(room))", json: [:]).errorCode == "M_FORBIDDEN")
        }
    }

    /// What users keep for themselves about a room whose ID has no server in it.
    @Test func anyPartOfTheInterfaceTakesARoomWithoutAServer() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom(["room_version": "12"])
            #expect(!room.rawValue.contains(":"))
            let own = "/_matrix/client/v3/user/\(MatrixClient.encoded(anna.userID?.rawValue ?? ""))/rooms/\(parts(room))"
            try await anna.call("PUT", "\(own)/tags/m.favourite", json: ["order": 1])
            try await anna.call("PUT", "\(own)/account_data/org.example.note", json: ["x": 1])
            try await anna.call("PUT", "/_matrix/client/v3/pushrules/global/room/\(parts(room))", json: ["actions": []])
            let event = try await anna.send("hello", to: room, transactionID: "1")
            let rooms: JSONValue = [.string(room.rawValue)]
            let filters: [JSONObject] = [["room": ["rooms": rooms]], ["room": ["timeline": ["rooms": rooms]]]]
            for filter in filters {
                let joined = try #require(try await anna.sync(filter: filter).object("rooms")?.object("join")?.object(room.rawValue))
                #expect(joined.object("timeline")?.array("events")?.last?.objectValue?.string("event_id") == event.rawValue)
                #expect(joined.object("account_data")?.array("events")?.count == 2)
            }
            #expect(try await anna.sync(filter: ["room": ["not_rooms": rooms]]).object("rooms")?.object("join") == nil)
        }
    }
}
