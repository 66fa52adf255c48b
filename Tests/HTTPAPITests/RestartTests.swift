import MatrixCore
import TestSupport
import Testing

/// What is kept in memory for speed is read again after a restart.
struct RestartTests {
    private static let ben = "@ben:test.example"

    @Test func locksAndSuspensionsOutliveARestart() async throws {
        let directory = try TemporaryDirectory()
        let (owner, ben, zoe, room) = try await TestServer.run(on: directory) { server in
            let owner = try await server.register("owner")
            let (ben, zoe) = (try await server.register("ben"), try await server.register("zoe"))
            let room = try await owner.createRoom(["preset": "public_chat"])
            try await zoe.join(room)
            try await owner.call("PUT", "/_matrix/client/v1/admin/lock/\(Self.ben)", json: ["locked": true])
            try await owner.call("PUT", "/_matrix/client/v1/admin/suspend/@zoe:test.example", json: ["suspended": true])
            return (owner, ben, zoe, room)
        }
        try await TestServer.run(on: directory) { server in
            let (owner, ben, zoe) = (server.client(like: owner), server.client(like: ben), server.client(like: zoe))
            let locked = try await ben.request("GET", "/_matrix/client/v3/account/whoami")
            #expect(locked.status == 401 && locked.errorCode == "M_USER_LOCKED")
            let send = "\(MatrixClient.path(room))/send/m.room.message/1"
            let refused = try await zoe.request("PUT", send, json: ["msgtype": "m.text", "body": "x"])
            #expect(refused.status == 403 && refused.errorCode == "M_USER_SUSPENDED", "\(refused.text)")
            try await owner.call("PUT", "/_matrix/client/v1/admin/lock/\(Self.ben)", json: ["locked": false])
            #expect(try await ben.request("GET", "/_matrix/client/v3/account/whoami").status == 200)
        }
    }

    @Test func ignoredUsersStayIgnoredAfterARestart() async throws {
        let directory = try TemporaryDirectory()
        let (anna, ben, room) = try await TestServer.run(on: directory) { server in
            let (anna, ben) = (try await server.register("anna"), try await server.register("ben"))
            let room = try await anna.createRoom(["preset": "public_chat"])
            try await ben.join(room)
            try await anna.call(
                "PUT", "/_matrix/client/v3/user/@anna:test.example/account_data/m.ignored_user_list",
                json: ["ignored_users": ["@ben:test.example": [:]]])
            return (anna, ben, room)
        }
        try await TestServer.run(on: directory) { server in
            let (anna, ben) = (server.client(like: anna), server.client(like: ben))
            try await ben.send("said after the restart", to: room, transactionID: "1")
            let query = [("dir", "b"), ("limit", "50")]
            #expect(try await !anna.request("GET", "\(MatrixClient.path(room))/messages", query: query).text.contains("said after"))
            #expect(try await ben.request("GET", "\(MatrixClient.path(room))/messages", query: query).text.contains("said after"))
            let counts = try await anna.sync().object("rooms")?.object("join")?.object(room.rawValue)?.object("unread_notifications")
            #expect(counts?.integer("notification_count") == 0)
        }
    }
}

extension TestServer {
    /// A client of an earlier start.
    fileprivate func client(like client: MatrixClient) -> MatrixClient {
        var again = self.client
        again.accessToken = client.accessToken
        again.userID = client.userID
        return again
    }
}
