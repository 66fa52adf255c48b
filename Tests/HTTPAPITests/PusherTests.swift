import Homeserver
import MatrixCore
import TestSupport
import Testing

/// Pushers over the real socket, with a real gateway.
struct PusherTests {
    static let path = "/_matrix/client/v3/pushers"

    static func pusher(_ url: String, pushkey: String = "key", append: Bool? = nil, data: JSONObject = [:]) -> JSONObject {
        var data = data
        data["url"] = .string(url)
        var body: JSONObject = [
            "kind": "http", "app_id": "org.example.app", "pushkey": .string(pushkey), "app_display_name": "App", "device_display_name": "Phone",
            "lang": "en", "data": .object(data),
        ]
        if let append { body["append"] = .bool(append) }
        return body
    }

    private static let anywhere = "http://192.168.1.9:8080/_matrix/push/v1/notify"

    private func pushers(_ client: MatrixClient) async throws -> [JSONObject] {
        try await client.call("GET", Self.path).array("pushers")?.compactMap(\.objectValue) ?? []
    }

    @Test func aPusherIsListedAsItWasSet() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            #expect(try await pushers(anna) == [])
            var body = Self.pusher(Self.anywhere, data: ["format": "event_id_only", "custom": ["a": 1]])
            body["profile_tag"] = "tag"
            #expect(try await anna.call("POST", Self.path + "/set", json: body) == [:])
            #expect(try await pushers(anna) == [body])
            body["device_display_name"] = "Other phone"
            try await anna.call("POST", Self.path + "/set", json: body)
            #expect(try await pushers(anna) == [body])
            #expect(try await pushers(server.register("bela")) == [])
            try await anna.call("POST", Self.path + "/set", json: ["kind": .null, "app_id": "org.example.app", "pushkey": "key"])
            #expect(try await pushers(anna) == [])
            // Once more is no error.
            try await anna.call("POST", Self.path + "/set", json: ["kind": .null, "app_id": "org.example.app", "pushkey": "key"])
        }
    }

    @Test func whatIsWrongIsRefusedAndChangesNothing() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            func check(_ code: String, _ change: (inout JSONObject) -> Void, _ line: SourceLocation = #_sourceLocation) async throws {
                var body = Self.pusher(Self.anywhere)
                change(&body)
                let response = try await anna.request("POST", Self.path + "/set", json: body)
                #expect(response.status == 400 && response.errorCode == code, "\(response.text)", sourceLocation: line)
            }
            for name in ["kind", "app_id", "pushkey", "app_display_name", "device_display_name", "lang", "data"] {
                try await check("M_MISSING_PARAM") { $0[name] = nil }
            }
            try await check("M_MISSING_PARAM") { $0["data"] = [:] }
            try await check("M_INVALID_PARAM") { $0["kind"] = "email" }
            try await check("M_INVALID_PARAM") { $0["kind"] = "other" }
            try await check("M_INVALID_PARAM") { $0["kind"] = 1 }
            try await check("M_BAD_JSON") { $0["app_id"] = 1 }
            try await check("M_BAD_JSON") { $0["lang"] = [] }
            try await check("M_BAD_JSON") { $0["data"] = "x" }
            try await check("M_BAD_JSON") { $0["append"] = "yes" }
            try await check("M_BAD_JSON") { $0["data"] = ["url": 7] }
            try await check("M_INVALID_PARAM") { $0["app_id"] = .string(String(repeating: "x", count: 65)) }
            try await check("M_INVALID_PARAM") { $0["app_id"] = "" }
            try await check("M_INVALID_PARAM") { $0["pushkey"] = .string(String(repeating: "x", count: 513)) }
            try await check("M_INVALID_PARAM") { $0["data"] = ["url": .string(Self.anywhere), "format": 1] }
            try await check("M_INVALID_PARAM") { $0["data"] = ["url": .string(Self.anywhere), "x": .string(String(repeating: "x", count: 8_192))] }
            for url in [
                "ftp://a/_matrix/push/v1/notify", "http://a/", "http://a/_matrix/push/v1/notify/", "http://a/x/_matrix/push/v1/notify", "/x",
                "http://a:b@c/_matrix/push/v1/notify", "http://a/_matrix/push/v1/notify#x", "http://a/_matrix/push/v1/../v1/notify",
                "http:///_matrix/push/v1/notify",
            ] {
                try await check("M_INVALID_PARAM") { $0["data"] = ["url": .string(url)] }
            }
            #expect(try await pushers(anna) == [])
            let withoutName = try await anna.request("POST", Self.path + "/set", json: ["kind": .null, "app_id": "a"])
            #expect(withoutName.status == 400 && withoutName.errorCode == "M_MISSING_PARAM")
        }
    }

    @Test func anotherUserTakesThePushkeyUnlessTheyShareIt() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let bela = try await server.register("bela")
            try await anna.call("POST", Self.path + "/set", json: Self.pusher(Self.anywhere))
            try await bela.call("POST", Self.path + "/set", json: Self.pusher(Self.anywhere, append: true))
            #expect(try await pushers(anna).count == 1)
            #expect(try await pushers(bela).count == 1)
            try await bela.call("POST", Self.path + "/set", json: Self.pusher(Self.anywhere, append: false))
            #expect(try await pushers(anna).isEmpty)
            #expect(try await pushers(bela).count == 1)
        }
    }

    @Test func thereAreNotTooMany() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            for number in 0..<32 { try await anna.call("POST", Self.path + "/set", json: Self.pusher(Self.anywhere, pushkey: "\(number)")) }
            #expect(try await pushers(anna).compactMap { $0.string("pushkey") } == (2..<32).map { "\($0)" })
        }
    }

    @Test func aPusherGoesWithItsDevice() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let phone = try await server.client.loggedIn("anna")
            try await anna.call("POST", Self.path + "/set", json: Self.pusher(Self.anywhere, pushkey: "desk"))
            try await phone.call("POST", Self.path + "/set", json: Self.pusher(Self.anywhere, pushkey: "phone"))
            #expect(try await pushers(anna).count == 2)
            try await phone.call("POST", "/_matrix/client/v3/logout", json: [:])
            #expect(try await pushers(anna).compactMap { $0.string("pushkey") } == ["desk"])
        }
    }

    @Test func aPasswordChangeEndsThoseOfOtherDevices() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let phone = try await server.client.loggedIn("anna")
            try await anna.call("POST", Self.path + "/set", json: Self.pusher(Self.anywhere, pushkey: "desk"))
            try await phone.call("POST", Self.path + "/set", json: Self.pusher(Self.anywhere, pushkey: "phone"))
            try await anna.call(
                "POST", "/_matrix/client/v3/account/password",
                json: ["new_password": "another long pass phrase", "auth": anna.passwordProof()])
            #expect(try await pushers(anna).compactMap { $0.string("pushkey") } == ["desk"])
        }
    }

    // MARK: With real gateways

    /// Two people in a room, of whom the second is told of news by a gateway.
    private func withGateway(_ body: (TestServer, HTTPReceiver, (anna: MatrixClient, bela: MatrixClient, room: RoomID)) async throws -> Void)
        async throws
    {
        let gateway = try await HTTPReceiver(answer: { _ in .json(#"{"rejected":[]}"#) })
        do {
            try await TestServer.run { server in
                let anna = try await server.register("anna")
                let bela = try await server.register("bela")
                let room = try await anna.createRoom(["preset": "public_chat"])
                try await bela.join(room)
                try await bela.call("POST", Self.path + "/set", json: Self.pusher("http://127.0.0.1:\(gateway.port)/_matrix/push/v1/notify"))
                try await body(server, gateway, (anna, bela, room))
            }
        } catch {
            await gateway.stop()
            throw error
        }
        await gateway.stop()
    }

    @Test func aMessageReachesTheGateway() async throws {
        try await withGateway { _, gateway, people in
            let event = try await people.anna.send("soup", to: people.room, transactionID: "1")
            let request = try #require(try await gateway.requests.first(1).first)
            #expect(request.method == "POST")
            #expect(request.target == "/_matrix/push/v1/notify")
            #expect(try JSONObject(parsing: request.body).object("notification")?.string("event_id") == event.rawValue)
        }
    }

    @Test func aGatewayThatComesBackGetsEverythingInOrder() async throws {
        let gateway = try await HTTPReceiver()
        let directory = try TemporaryDirectory()
        var anna = MatrixClient(url: "")
        var room = RoomID(trusted: "")
        try await TestServer.run(on: directory) { server in
            anna = try await server.register("anna")
            let bela = try await server.register("bela")
            room = try await anna.createRoom(["preset": "public_chat"])
            try await bela.join(room)
            try await bela.call("POST", Self.path + "/set", json: Self.pusher("http://127.0.0.1:\(gateway.port)/_matrix/push/v1/notify"))
            await gateway.stop()
            for number in 0..<3 { _ = try await anna.send("\(number)", to: room, transactionID: "\(number)") }
        }
        let restored = try await HTTPReceiver(port: gateway.port)
        let token = anna.accessToken
        try await TestServer.run(on: directory) { server in
            var client = server.client
            client.accessToken = token
            _ = try await client.send("3", to: room, transactionID: "3")
            let texts = try await restored.requests.first(4).map { request in
                try JSONObject(parsing: request.body).object("notification")?.object("content")?.string("body")
            }
            #expect(texts == ["0", "1", "2", "3"])
        }
        await restored.stop()
    }

    // MARK: The box as a gateway

    private static let gatewayPath = "/_matrix/push/v1/notify"

    private func notification(_ pushkeys: String...) -> JSONObject {
        ["notification": ["event_id": "$e", "devices": .array(pushkeys.map { ["app_id": "a", "pushkey": .string($0)] })]]
    }

    @Test func theBoxPassesPushesOn() async throws {
        try await withGateway { server, endpoint, people in
            let known = try await server.client.call("GET", Self.gatewayPath)
            #expect(known == ["unifiedpush": ["gateway": "matrix"]])
            let url = "http://127.0.0.1:\(endpoint.port)/up?token=1"
            try await people.bela.call("POST", Self.path + "/set", json: Self.pusher(server.url + Self.gatewayPath, pushkey: url))
            let body = notification(url)
            #expect(try await server.client.call("POST", Self.gatewayPath, json: body) == ["rejected": []])
            let request = try #require(try await endpoint.requests.first(1).first)
            #expect(request.target == "/up?token=1")
            #expect(try JSONObject(parsing: request.body) == body)
            // From a message to the phone, through the box itself.
            _ = try await people.anna.send("soup", to: people.room, transactionID: "1")
            _ = try await endpoint.requests.first(1) { $0.target == "/up?token=1" && String(decoding: $0.body, as: UTF8.self).contains("soup") }
        }
    }

    @Test func theBoxAsksNobodyWhoIsNoPusher() async throws {
        try await withGateway { server, endpoint, people in
            let stranger = "http://127.0.0.1:\(endpoint.port)/secret"
            #expect(
                try await server.client.call("POST", Self.gatewayPath, json: notification(stranger, "no URL")) == [
                    "rejected": [.string(stranger), "no URL"]
                ])
            #expect(endpoint.requests.all.isEmpty)
            for wrong: JSONObject in [[:], ["notification": [:]], ["notification": ["devices": [1]]], ["notification": ["devices": [[:]]]]] {
                #expect(try await server.client.request("POST", Self.gatewayPath, json: wrong).errorCode == "M_MISSING_PARAM")
            }
            #expect(try await server.client.request("POST", Self.gatewayPath, json: ["notification": 1]).errorCode == "M_BAD_JSON")
            let many = [JSONValue](repeating: ["pushkey": "x"], count: 11)
            let refused = try await server.client.request("POST", Self.gatewayPath, json: ["notification": ["devices": .array(many)]])
            #expect(refused.errorCode == "M_INVALID_PARAM")
        }
    }

    @Test func deadEndpointsAreRejectedAndSilentOnesAreTriedAgain() async throws {
        try await withGateway { server, endpoint, people in
            let url = "http://127.0.0.1:\(endpoint.port)/up"
            try await people.bela.call("POST", Self.path + "/set", json: Self.pusher("http://192.0.2.1/_matrix/push/v1/notify", pushkey: url))
            for status in [404, 410] {
                endpoint.answer { _ in .json("{}", status: status) }
                #expect(try await server.client.call("POST", Self.gatewayPath, json: notification(url)) == ["rejected": [.string(url)]])
            }
            for status in [408, 429, 500, 503] {
                endpoint.answer { _ in .json("{}", status: status) }
                #expect(try await server.client.request("POST", Self.gatewayPath, json: notification(url)).status == 502)
            }
            for status in [200, 202, 302, 400, 413] {
                endpoint.answer { _ in .json("{}", status: status) }
                #expect(try await server.client.call("POST", Self.gatewayPath, json: notification(url)) == ["rejected": []])
            }
        }
    }
}
