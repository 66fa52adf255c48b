import Glibc
import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// Services that act for the users of their namespaces.
struct ApplicationServiceTests {
    private static let token = "as-token-of-irc"

    /// A server with one service: `@irc_*` is its own alone, `@shared_*` is anybody's.
    private func run(on directory: TemporaryDirectory? = nil, _ body: (TestServer) async throws -> Void) async throws {
        let directory = try directory ?? TemporaryDirectory()
        let path = directory.path + "/data/appservices"
        mkdir(directory.path + "/data", 0o700)
        mkdir(path, 0o700)
        let text = """
            id: irc
            url: null
            as_token: \(Self.token)
            hs_token: hs-token-of-irc
            sender_localpart: irc-bot
            namespaces:
              users: [{exclusive: true, regex: '@irc_.*'}, {exclusive: false, regex: '@shared_.*'}]
              aliases: [{exclusive: true, regex: '#irc_.*'}]
            """
        let file = try #require(fopen(path + "/irc.yaml", "w"))
        fputs(text, file)
        fclose(file)
        try await TestServer.run(on: directory) { try await body($0) }
    }

    private func service(_ server: TestServer) -> MatrixClient {
        var client = server.client
        client.accessToken = Self.token
        return client
    }

    private static let client = "/_matrix/client/v3"

    @discardableResult
    private func register(_ name: String, _ service: MatrixClient, inhibitLogin: Bool = true) async throws -> MatrixClient.Response {
        try await service.request(
            "POST", Self.client + "/register",
            json: ["type": "m.login.application_service", "username": .string(name), "inhibit_login": .bool(inhibitLogin)])
    }

    @Test func aBoxWithoutServicesKnowsNothingOfThem() async throws {
        try await TestServer.run { server in
            #expect(try await server.client.call("GET", Self.client + "/login").array("flows")?.count == 1)
            let refused = try await register("irc_a", service(server))
            #expect(refused.status == 401 && refused.errorCode == "M_UNKNOWN_TOKEN")
        }
    }

    @Test func usersAreMadeInsideOfTheNamespaceOnly() async throws {
        try await run { server in
            let service = service(server)
            let made = try await register("irc_a", service)
            #expect(made.status == 200 && made.json == ["user_id": "@irc_a:test.example"], "\(made.text)")
            let loggedIn = try await register("irc_b", service, inhibitLogin: false)
            #expect(loggedIn.json.string("access_token") != nil && loggedIn.json.string("device_id") != nil)
            #expect(try await register("irc_a", service).errorCode == "M_USER_IN_USE")
            let outside = try await register("other", service)
            #expect(outside.status == 400 && outside.errorCode == "M_EXCLUSIVE")
            #expect(try await register("irc_c", server.client).errorCode == "M_MISSING_TOKEN")
            var wrong = server.client
            wrong.accessToken = "wrong"
            #expect(try await register("irc_c", wrong).errorCode == "M_UNKNOWN_TOKEN")
            let nameless = try await service.request("POST", Self.client + "/register", json: ["type": "m.login.application_service"])
            #expect(nameless.errorCode == "M_MISSING_PARAM")
        }
    }

    @Test func othersCannotHaveWhatIsExclusive() async throws {
        try await run { server in
            for name in ["irc_a", "irc-bot"] {
                let taken = try await server.client.request("GET", Self.client + "/register/available", query: [("username", name)])
                #expect(taken.errorCode == "M_EXCLUSIVE", "\(name): \(taken.text)")
                let refused = try await server.client.request(
                    "POST", Self.client + "/register",
                    json: ["username": .string(name), "password": "a long enough pass phrase", "auth": ["type": "m.login.dummy"]])
                #expect(refused.status == 400 && refused.errorCode == "M_EXCLUSIVE", "\(refused.text)")
            }
            let anna = try await server.register("shared_anna")
            let room = try await anna.createRoom()
            let alias = MatrixClient.encoded("#irc_x:test.example")
            let path = Self.client + "/directory/room/" + alias
            #expect(try await anna.request("PUT", path, json: ["room_id": .string(room.rawValue)]).errorCode == "M_EXCLUSIVE")
            #expect(try await anna.request("POST", Self.client + "/createRoom", json: ["room_alias_name": "irc_y"]).errorCode == "M_EXCLUSIVE")
            // The service needs not be in the room, but keeps to its namespace.
            #expect(try await service(server).request("PUT", path, json: ["room_id": .string(room.rawValue)]).status == 200)
            let other = Self.client + "/directory/room/" + MatrixClient.encoded("#other:test.example")
            #expect(try await service(server).request("PUT", other, json: ["room_id": .string(room.rawValue)]).errorCode == "M_EXCLUSIVE")
            #expect(try await anna.request("DELETE", path).errorCode == "M_EXCLUSIVE")
            #expect(try await service(server).request("DELETE", path).status == 200)
        }
    }

    /// The first person is the owner, however many users services made before.
    @Test func servicesAreNoPeople() async throws {
        try await run { server in
            try await register("irc_a", service(server))
            #expect(try await server.homeserver.registration.ownerExists == false)
            _ = try await server.register("owner")
            let accounts = try await server.homeserver.accounts.list()
            #expect(accounts.first { $0.userID.localpart == "owner" }?.isAdministrator == true)
            #expect(accounts.filter { $0.applicationService == "irc" }.map(\.userID.localpart).sorted() == ["irc-bot", "irc_a"])
            let login = try await server.client.request(
                "POST", Self.client + "/login",
                json: ["type": "m.login.password", "identifier": ["type": "m.id.user", "user": "irc_a"], "password": ""])
            #expect(login.status == 403)
        }
    }

    // MARK: Identity assertion

    @Test func theServiceActsForItsUsers() async throws {
        try await run { server in
            let service = service(server)
            let whoAmI = Self.client + "/account/whoami"
            #expect(try await service.call("GET", whoAmI) == ["user_id": "@irc-bot:test.example", "is_guest": false])
            let unknown = try await service.request("GET", whoAmI, query: [("user_id", "@irc_a:test.example")])
            #expect(unknown.status == 403 && unknown.errorCode == "M_FORBIDDEN")
            try await register("irc_a", service)
            #expect(try await service.call("GET", whoAmI, query: [("user_id", "@irc_a:test.example")]).string("user_id") == "@irc_a:test.example")
            _ = try await server.register("anna")
            for name in ["@anna:test.example", "@irc_a:elsewhere.example", "irc_a", ""] {
                let refused = try await service.request("GET", whoAmI, query: [("user_id", name)])
                #expect(refused.status == 403 && refused.errorCode == "M_FORBIDDEN", "\(name): \(refused.text)")
            }
            _ = try await server.register("shared_ben")
            #expect(try await service.request("GET", whoAmI, query: [("user_id", "@shared_ben:test.example")]).status == 200)
        }
    }

    @Test func devicesAreMadeNamedAndDeletedWithoutAPassword() async throws {
        try await run { server in
            let service = service(server)
            let user = [("user_id", "@irc_a:test.example")]
            try await register("irc_a", service)
            let upload: JSONObject = ["one_time_keys": ["curve25519:A": "a2V5"]]
            let path = Self.client + "/keys/upload"
            #expect(try await service.request("POST", path, query: user, json: upload).errorCode == "M_MISSING_PARAM")
            let unknown = try await service.request("POST", path, query: user + [("device_id", "BRIDGE")], json: upload)
            #expect(unknown.status == 400 && unknown.errorCode == "M_UNKNOWN_DEVICE")
            let device = Self.client + "/devices/BRIDGE"
            #expect(try await service.request("PUT", device, query: user, json: ["display_name": "Bridge"]).status == 201)
            #expect(try await service.request("PUT", device, query: user, json: [:]).status == 200)
            #expect(try await service.call("GET", device, query: user).string("display_name") == "Bridge")
            for name in ["device_id", "org.matrix.msc3202.device_id"] {
                let answer = try await service.request("POST", path, query: user + [(name, "BRIDGE")], json: upload)
                #expect(answer.status == 200, "\(answer.text)")
                #expect(
                    try await service.call("GET", Self.client + "/account/whoami", query: user + [(name, "BRIDGE")]).string("device_id") == "BRIDGE")
            }
            #expect(try await service.request("DELETE", device, query: user).status == 200)
            #expect(try await service.request("GET", device, query: user).status == 404)
            // People make no devices so.
            let anna = try await server.register("anna")
            #expect(try await anna.request("PUT", device, json: [:]).status == 404)
        }
    }

    @Test func messagesAreSentOnceAndWithTheWishedTime() async throws {
        try await run { server in
            let service = service(server)
            try await register("irc_a", service)
            let user = [("user_id", "@irc_a:test.example")]
            let anna = try await server.register("anna")
            let room = try await anna.createRoom(["preset": "public_chat"])
            let path = MatrixClient.path(room)
            try await service.call("POST", path + "/join", query: user, json: [:])
            let send = path + "/send/m.room.message/1"
            let body: JSONObject = ["msgtype": "m.text", "body": "from 1970"]
            let first = try await service.call("PUT", send, query: user + [("ts", "1234")], json: body)
            #expect(try await service.call("PUT", send, query: user + [("ts", "1234")], json: body) == first)
            let event = try await anna.call("GET", path + "/event/" + MatrixClient.encoded(first.string("event_id") ?? ""))
            #expect(event.integer("origin_server_ts") == 1_234 && event.string("sender") == "@irc_a:test.example")
            #expect(event.object("unsigned")?["transaction_id"] == nil)
            #expect(try await service.request("PUT", path + "/send/m.room.message/2", query: user + [("ts", "-1")], json: body).status == 400)
            let state = try await service.request("PUT", path + "/state/com.example.x", query: user + [("ts", "99")], json: [:])
            #expect(state.status == 403)
            // For everyone else the time is the box's.
            let own = try await anna.call("PUT", path + "/send/m.room.message/3", query: [("ts", "99")], json: body)
            let shown = try await anna.call("GET", path + "/event/" + MatrixClient.encoded(own.string("event_id") ?? ""))
            #expect((shown.integer("origin_server_ts") ?? 0) > 1_000_000)
        }
    }

    // MARK: Accounts

    @Test func theServiceLogsItsUsersIn() async throws {
        try await run { server in
            let service = service(server)
            try await register("irc_a", service)
            func logIn(_ name: String, _ client: MatrixClient) async throws -> MatrixClient.Response {
                try await client.request(
                    "POST", Self.client + "/login",
                    json: ["type": "m.login.application_service", "identifier": ["type": "m.id.user", "user": .string(name)]])
            }
            #expect(try await service.call("GET", Self.client + "/login").array("flows")?.count == 2)
            var ghost = server.client
            ghost.accessToken = try await logIn("irc_a", service).json.string("access_token")
            #expect(try await ghost.call("GET", Self.client + "/account/whoami").string("user_id") == "@irc_a:test.example")
            #expect(try await logIn("@irc_a:test.example", service).status == 200)
            #expect(try await logIn("irc_nobody", service).errorCode == "M_FORBIDDEN")
            #expect(try await logIn("anna", service).errorCode == "M_EXCLUSIVE")
            #expect(try await logIn("irc_a", server.client).errorCode == "M_MISSING_TOKEN")
            #expect(try await logIn("irc_a", ghost).errorCode == "M_UNKNOWN_TOKEN")
        }
    }

    @Test func theServiceEndsItsOwnUsersAndNoOthers() async throws {
        try await run { server in
            let service = service(server)
            try await register("irc_a", service)
            _ = try await server.register("shared_ben")
            let path = Self.client + "/account/deactivate"
            #expect(try await service.request("POST", path, query: [("user_id", "@irc_a:test.example")], json: [:]).status == 200)
            let gone = try await service.request("GET", Self.client + "/account/whoami", query: [("user_id", "@irc_a:test.example")])
            #expect(gone.status == 403 && gone.errorCode == "M_USER_DEACTIVATED")
            // A person in a shared namespace has to say so with their password.
            let person = [("user_id", "@shared_ben:test.example")]
            #expect(try await service.request("POST", path, query: person, json: [:]).status == 401)
            #expect(try await service.request("POST", Self.client + "/account/password", query: person, json: ["new_password": "x"]).status == 403)
        }
    }

    @Test func everythingIsThereAfterARestart() async throws {
        let directory = try TemporaryDirectory()
        try await run(on: directory) { try await register("irc_a", service($0)) }
        try await run(on: directory) { server in
            let answer = try await service(server).call("GET", Self.client + "/account/whoami", query: [("user_id", "@irc_a:test.example")])
            #expect(answer.string("user_id") == "@irc_a:test.example")
        }
    }
}
