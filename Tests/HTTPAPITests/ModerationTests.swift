import Homeserver
import MatrixCore
import TestSupport
import Testing

/// spec: client-server-api/#account-moderation
struct ModerationTests {
    private static let ben = "@ben:test.example"

    private func lockPath(_ user: String) -> String { "/_matrix/client/v1/admin/lock/\(user)" }
    private func suspendPath(_ user: String) -> String { "/_matrix/client/v1/admin/suspend/\(user)" }

    @Test func aLockedAccountWaits() async throws {
        try await TestServer.run { server in
            let owner = try await server.register("owner")
            let ben = try await server.register("ben")
            let since = try #require(try await ben.sync().string("next_batch"))
            async let waiting = ben.request("GET", "/_matrix/client/v3/sync", query: [("since", since), ("timeout", "60000")])
            while server.requestsInProgress == 0 { await Task.yield() }
            #expect(try await owner.call("PUT", lockPath(Self.ben), json: ["locked": true]) == ["locked": true])
            #expect(try await owner.call("GET", lockPath(Self.ben)) == ["locked": true])
            // Not only what is asked from now on: the sync that waits ends too.
            let login: JSONObject = [
                "type": "m.login.password", "identifier": ["type": "m.id.user", "user": "ben"], "password": "a long enough pass phrase",
            ]
            for response in [
                try await waiting, try await ben.request("GET", "/_matrix/client/v3/account/whoami"),
                try await server.client.request("POST", "/_matrix/client/v3/login", json: login),
            ] {
                #expect(
                    response.status == 401 && response.errorCode == "M_USER_LOCKED" && response.json.bool("soft_logout") == true, "\(response.text)")
            }
            var wrong = login
            wrong["password"] = "wrong"
            #expect(try await server.client.request("POST", "/_matrix/client/v3/login", json: wrong).errorCode == "M_FORBIDDEN")

            #expect(try await owner.call("PUT", lockPath(Self.ben), json: ["locked": false]) == ["locked": false])
            #expect(try await ben.call("GET", "/_matrix/client/v3/account/whoami").string("user_id") == Self.ben)
            try await owner.call("PUT", lockPath(Self.ben), json: ["locked": true])
            #expect(try await ben.request("POST", "/_matrix/client/v3/logout", json: [:]).status == 200)
            try await owner.call("PUT", lockPath(Self.ben), json: ["locked": false])
            #expect(try await ben.request("GET", "/_matrix/client/v3/account/whoami").errorCode == "M_UNKNOWN_TOKEN")
        }
    }

    @Test func aSuspendedUserReadsAndLeaves() async throws {
        try await TestServer.run { server in
            let owner = try await server.register("owner")
            let ben = try await server.register("ben")
            let room = try await owner.createRoom(["preset": "public_chat", "invite": [.string(Self.ben)]])
            let other = try await owner.createRoom(["preset": "public_chat"])
            try await ben.join(room)
            let path = MatrixClient.path(room)
            try await owner.call("PUT", "\(path)/state/m.room.power_levels", json: ["users": ["@owner:test.example": 100, "@ben:test.example": 100]])
            let own = try await ben.send("mine", to: room, transactionID: "1")
            let foreign = try await owner.send("hers", to: room, transactionID: "1")
            #expect(try await owner.call("PUT", suspendPath(Self.ben), json: ["suspended": true]) == ["suspended": true])
            #expect(try await owner.call("GET", suspendPath(Self.ben)) == ["suspended": true])

            let refused: [(String, String, JSONObject)] = [
                ("PUT", "\(path)/send/m.room.message/2", ["msgtype": "m.text", "body": "x"]),
                ("PUT", "\(path)/state/m.room.topic", ["topic": "x"]),
                ("PUT", "\(path)/redact/\(MatrixClient.encoded(foreign.rawValue))/3", [:]),
                ("POST", "\(path)/invite", ["user_id": "@owner:test.example"]),
                ("POST", "\(MatrixClient.path(other))/join", [:]),
                ("POST", "/_matrix/client/v3/createRoom", [:]),
                ("PUT", "/_matrix/client/v3/profile/\(Self.ben)/displayname", ["displayname": "x"]),
                ("DELETE", "/_matrix/client/v3/profile/\(Self.ben)/displayname", [:]),
            ]
            for (method, path, body) in refused {
                let response = try await ben.request(method, path, json: body)
                #expect(response.status == 403 && response.errorCode == "M_USER_SUSPENDED", "\(method) \(path): \(response.status) \(response.text)")
            }
            #expect(
                try await owner.call("GET", "\(path)/event/\(MatrixClient.encoded(foreign.rawValue))").object("content")?.string("body") == "hers")
            #expect(try await ben.sync().object("rooms")?.object("join")?[room.rawValue] != nil)
            #expect(try await ben.request("GET", "\(path)/messages").status == 200)
            _ = try await server.client.loggedIn("ben")
            try await ben.call("PUT", "\(path)/redact/\(MatrixClient.encoded(own.rawValue))/4", json: [:])
            try await ben.leave(room)
            try await owner.call("PUT", suspendPath(Self.ben), json: ["suspended": false])
            try await ben.join(room)
        }
    }

    @Test func administratorsAreSafeFromEachOther() async throws {
        try await TestServer.run { server in
            let owner = try await server.register("owner")
            let ben = try await server.register("ben")
            _ = try await server.homeserver.registration.createAccount(username: "second", password: "secret words", isAdministrator: true)
            for (path, key) in [(lockPath, "locked"), (suspendPath, "suspended")] as [((String) -> String, String)] {
                func put(_ user: String, _ body: JSONObject, as client: MatrixClient) async throws -> MatrixClient.Response {
                    try await client.request("PUT", path(user), json: body)
                }
                let on: JSONObject = [key: true]
                #expect(try await put("@owner:test.example", on, as: owner).errorCode == "M_FORBIDDEN")
                #expect(try await put("@second:test.example", on, as: owner).errorCode == "M_FORBIDDEN")
                #expect(try await put("@nobody:test.example", on, as: owner).errorCode == "M_NOT_FOUND")
                #expect(try await put("@ben:elsewhere.example", on, as: owner).errorCode == "M_INVALID_PARAM")
                #expect(try await put(Self.ben, [:], as: owner).errorCode == "M_MISSING_PARAM")
                #expect(try await put(Self.ben, [key: "yes"], as: owner).errorCode == "M_BAD_JSON")
                // Whoever may not ask does not learn who exists.
                #expect(try await put("@nobody:test.example", on, as: ben).errorCode == "M_FORBIDDEN")
                #expect(try await owner.call("GET", path(Self.ben)) == [key: false])
            }
            let capabilities = "/_matrix/client/v3/capabilities"
            let ofOwner = try await owner.call("GET", capabilities).object("capabilities")
            #expect(ofOwner?["m.account_moderation"] == ["lock": true, "suspend": true])
            #expect(try await ben.call("GET", capabilities).object("capabilities")?["m.account_moderation"] == nil)
        }
    }

    @Test func whoIsTellsOfDevices() async throws {
        try await TestServer.run { server in
            let owner = try await server.register("owner")
            let ben = try await server.register("ben")
            let path = "/_matrix/client/v3/admin/whois/\(Self.ben)"
            try await ben.call("GET", "/_matrix/client/v3/account/whoami")
            for client in [ben, owner] {
                let answer = try await client.call("GET", path)
                let device = answer.object("devices")?.object(ben.deviceID?.rawValue ?? "")
                let connection = device?.array("sessions")?.first?.objectValue?.array("connections")?.first?.objectValue
                #expect(answer.string("user_id") == Self.ben && connection?.string("ip") == "127.0.0.1", "\(answer)")
            }
            #expect(try await ben.request("GET", "/_matrix/client/v3/admin/whois/@owner:test.example").errorCode == "M_FORBIDDEN")
            #expect(try await owner.request("GET", "/_matrix/client/v3/admin/whois/@nobody:test.example").errorCode == "M_NOT_FOUND")
        }
    }

    @Test func onlyThePasswordTellsThatAnAccountIsClosed() async throws {
        try await TestServer.run { server in
            _ = try await server.register("owner")
            let ben = try await server.register("ben")
            try await ben.call("POST", "/_matrix/client/v3/account/deactivate", json: ["auth": ben.passwordProof()])
            func login(_ password: String) async throws -> String? {
                let body: JSONObject = [
                    "type": "m.login.password", "identifier": ["type": "m.id.user", "user": "ben"], "password": .string(password),
                ]
                return try await server.client.request("POST", "/_matrix/client/v3/login", json: body).errorCode
            }
            #expect(try await login("a long enough pass phrase") == "M_USER_DEACTIVATED")
            #expect(try await login("wrong") == "M_FORBIDDEN")
        }
    }
}
