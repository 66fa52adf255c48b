import MatrixCore
import TestSupport
import Testing

/// spec: client-server-api/#ignoring-users, client-server-api/#invite-permission
struct IgnoredUserTests {
    private static let data = "/_matrix/client/v3/user/@anna:test.example/account_data"

    private func ignore(_ users: [String], as anna: MatrixClient) async throws {
        let list = JSONObject(users.map { ($0, JSONValue.object([:])) })
        try await anna.call("PUT", "\(Self.data)/m.ignored_user_list", json: ["ignored_users": .object(list)])
    }

    private func bodies(_ sync: JSONObject, _ room: RoomID) -> [String] {
        let events = sync.object("rooms")?.object("join")?.object(room.rawValue)?.object("timeline")?.array("events") ?? []
        return events.compactMap { $0.objectValue?.object("content")?.string("body") }
    }

    @Test func whatIgnoredUsersSayIsNotThere() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let zoe = try await server.register("zoe")
            let room = try await anna.createRoom(["invite": ["@ben:test.example", "@zoe:test.example"]])
            for client in [ben, zoe] { try await client.join(room) }
            try await anna.call(
                "PUT", "\(MatrixClient.path(room))/state/m.room.power_levels", json: ["users": ["@anna:test.example": 100, "@ben:test.example": 100]])
            try await ben.send("ben 1", to: room, transactionID: "1")
            try await zoe.send("zoe 1", to: room, transactionID: "1")
            #expect(try await bodies(anna.sync(), room) == ["ben 1", "zoe 1"])
            try await ignore(["@ben:test.example", "@anna:test.example", "nonsense"], as: anna)
            let first = try await anna.sync()
            #expect(bodies(first, room) == ["zoe 1"])

            try await ben.send("ben 2 @anna:test.example", to: room, transactionID: "2")
            let quiet = try await anna.sync(since: first.string("next_batch"))
            #expect(quiet.object("rooms")?.object("join")?[room.rawValue] == nil, "\(quiet)")
            // State comes all the same, and so does what others say; nobody is notified of what the ignored user said.
            try await ben.call("PUT", "\(MatrixClient.path(room))/state/m.room.topic", json: ["topic": "by ben"])
            try await zoe.send("zoe 2", to: room, transactionID: "2")
            try await anna.send("anna", to: room, transactionID: "1")
            let news = try await anna.sync(since: quiet.string("next_batch"))
            #expect(bodies(news, room) == ["zoe 2", "anna"])
            #expect("\(news)".contains("by ben"))
            try await ben.send("ben 3", to: room, transactionID: "3")
            let counts = try await anna.sync().object("rooms")?.object("join")?.object(room.rawValue)?.object("unread_notifications")
            #expect(counts?.integer("notification_count") == 0)

            let messages = try await anna.request("GET", "\(MatrixClient.path(room))/messages", query: [("dir", "b"), ("limit", "50")]).text
            #expect(messages.contains("zoe 1") && !messages.contains("ben 1") && messages.contains("by ben"))
            // A user ignores for nobody else.
            #expect(try await bodies(zoe.sync(), room).contains("ben 3"))

            try await ignore([], as: anna)
            #expect(try await bodies(anna.sync(), room).contains("ben 3"))
        }
    }

    @Test func invitationsOfIgnoredUsersDoNotCome() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let since = try await anna.sync().string("next_batch")
            try await ignore(["@ben:test.example"], as: anna)
            let room = try await ben.createRoom(["invite": ["@anna:test.example"]])
            #expect(try await anna.sync(since: since).object("rooms")?.object("invite") == nil)
            #expect(try await anna.sync().object("rooms")?.object("invite") == nil)
            try await ignore([], as: anna)
            #expect(try await anna.sync().object("rooms")?.object("invite")?[room.rawValue] != nil)
        }
    }

    @Test func whoBlocksInvitationsGetsNone() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let earlier = try await ben.createRoom(["invite": ["@anna:test.example"]])
            try await anna.call("PUT", "\(Self.data)/m.invite_permission_config", json: ["default_action": "block"])
            #expect(try await anna.sync().object("rooms")?.object("invite") == nil)
            let room = try await ben.createRoom()
            let path = MatrixClient.path(room)
            for (method, path, body) in [
                ("POST", "\(path)/invite", ["user_id": "@anna:test.example"]),
                ("PUT", "\(path)/state/m.room.member/@anna:test.example", ["membership": "invite"]),
                ("POST", "/_matrix/client/v3/createRoom", ["invite": ["@anna:test.example"]]),
            ] as [(String, String, JSONObject)] {
                let response = try await ben.request(method, path, json: body)
                #expect(response.status == 403 && response.errorCode == "M_INVITE_BLOCKED", "\(path): \(response.status) \(response.text)")
            }
            try await anna.call("PUT", "\(Self.data)/m.invite_permission_config", json: ["default_action": "something new"])
            try await ben.call("POST", "\(path)/invite", json: ["user_id": "@anna:test.example"])
            let invited = try await anna.sync().object("rooms")?.object("invite")
            #expect(invited?[room.rawValue] != nil && invited?[earlier.rawValue] != nil)
        }
    }
}
