import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// spec: client-server-api/#login
struct LoginTests {
    private static let path = "/_matrix/client/v3/login"
    private static let password: JSONValue = "a long enough pass phrase"

    private func body(_ user: String, password: JSONValue = password) -> JSONObject {
        ["type": "m.login.password", "identifier": ["type": "m.id.user", "user": .string(user)], "password": password]
    }

    private func isLoggedIn(_ client: MatrixClient) async throws -> Bool {
        let response = try await client.request("GET", "/_matrix/client/v3/account/whoami")
        #expect(response.status == 200 || response.errorCode == "M_UNKNOWN_TOKEN")
        return response.status == 200
    }

    @Test func flows() async throws {
        try await TestServer.run { server in
            let flows = try await server.client.call("GET", Self.path).array("flows")
            #expect(flows == [["type": "m.login.password"]])
        }
    }

    @Test func theSameUserIsWrittenInManyWays() async throws {
        try await TestServer.run { server in
            _ = try await server.register("anna")
            for name in ["anna", "Anna", "ANNA", "@anna:test.example", "@Anna:test.example", "@anna:TEST.example"] {
                let response = try await server.client.request("POST", Self.path, json: body(name))
                #expect(response.status == 200 && response.json.string("user_id") == "@anna:test.example", "\(name): \(response.text)")
            }
            let legacy = try await server.client.request(
                "POST", Self.path, json: ["type": "m.login.password", "user": "anna", "password": Self.password])
            #expect(legacy.json.string("user_id") == "@anna:test.example")
        }
    }

    @Test func whoIsWrongLearnsNothing() async throws {
        try await TestServer.run { server in
            _ = try await server.register("anna")
            let wrong = try await server.client.request("POST", Self.path, json: body("anna", password: "wrong"))
            #expect(wrong.status == 403 && wrong.errorCode == "M_FORBIDDEN")
            for name in ["nobody", "@nobody:test.example", "@anna:other.example", "", "a b", "@"] {
                let unknown = try await server.client.request("POST", Self.path, json: body(name))
                #expect(unknown.status == 403 && unknown.text == wrong.text, "\(name): \(unknown.status) \(unknown.text)")
            }
            let long = JSONValue.string(String(repeating: "p", count: 1_000))
            #expect(try await server.client.request("POST", Self.path, json: body("anna", password: long)).status == 403)
            #expect(try await server.client.request("POST", Self.path, json: body("anna", password: "")).status == 403)
        }
    }

    @Test func requestsThatAreNone() async throws {
        try await TestServer.run { server in
            _ = try await server.register("anna")
            for (body, status, code) in [
                ([:], 400, "M_BAD_JSON"), (["type": 5], 400, "M_BAD_JSON"), (["type": "m.login.token", "token": "x"], 400, "M_UNKNOWN"),
                (["type": "m.login.password", "password": "x"], 400, "M_MISSING_PARAM"),
                (["type": "m.login.password", "identifier": ["type": "m.id.thirdparty"], "password": "x"], 403, "M_FORBIDDEN"),
                (["type": "m.login.password", "identifier": ["type": "nonsense"], "password": "x"], 400, "M_UNKNOWN"),
            ] as [(JSONObject, Int, String)] {
                let response = try await server.client.request("POST", Self.path, json: body)
                #expect(response.status == status, "\(body): \(response.text)")
                #expect(response.errorCode == code || response.errorCode == "M_MISSING_PARAM", "\(body): \(response.text)")
            }
            var tooLong = body("anna")
            tooLong["device_id"] = .string(String(repeating: "D", count: 256))
            #expect(try await server.client.request("POST", Self.path, json: tooLong).status == 400)
        }
    }

    @Test func aDeviceThatLogsInAgainEndsItsOldToken() async throws {
        try await TestServer.run { server in
            var body = body("anna")
            body["device_id"] = "PHONE"
            body["initial_device_display_name"] = "Anna's phone"
            let first = try await server.register("anna")
            let answer = try await server.client.call("POST", Self.path, json: body)
            var phone = server.client
            phone.accessToken = answer.string("access_token")
            #expect(answer.string("device_id") == "PHONE")
            #expect(try await isLoggedIn(phone))

            body["initial_device_display_name"] = "Another name"
            var again = server.client
            again.accessToken = try await server.client.call("POST", Self.path, json: body).string("access_token")
            #expect(try await isLoggedIn(again))
            #expect(try await !isLoggedIn(phone))
            #expect(try await isLoggedIn(first))
            #expect(try await again.call("GET", "/_matrix/client/v3/devices").array("devices")?.count == 2)
            // The name is for a new device only.
            #expect(try await again.call("GET", "/_matrix/client/v3/devices/PHONE").string("display_name") == "Anna's phone")
        }
    }

    /// A device ID belongs to its user: the same one of somebody else is another device.
    @Test func deviceIDsAreOfEachUser() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            _ = try await server.register("ben")
            var wish = body("ben")
            wish["device_id"] = .string(try #require(anna.deviceID).rawValue)
            #expect(try await server.client.request("POST", Self.path, json: wish).status == 200)
            #expect(try await isLoggedIn(anna))
        }
    }

    @Test func whoAmI() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let answer = try await anna.call("GET", "/_matrix/client/v3/account/whoami")
            #expect(answer.string("user_id") == "@anna:test.example")
            #expect(answer.string("device_id") == anna.deviceID?.rawValue && answer.bool("is_guest") == false)
        }
    }

    @Test func loggingOut() async throws {
        try await TestServer.run { server in
            let first = try await server.register("anna")
            let second = try await server.client.loggedIn("anna")
            let third = try await server.client.loggedIn("anna")
            let ben = try await server.register("ben")
            try await second.call("POST", "/_matrix/client/v3/logout", json: [:])
            #expect(try await !isLoggedIn(second))
            #expect(try await isLoggedIn(first))
            #expect(try await first.call("GET", "/_matrix/client/v3/devices").array("devices")?.count == 2)
            // Without a body too, as some clients do it.
            try await first.call("POST", "/_matrix/client/v3/logout/all")
            #expect(try await !isLoggedIn(first))
            #expect(try await !isLoggedIn(third))
            #expect(try await isLoggedIn(ben))
        }
    }

    @Test func tokensOutliveARestart() async throws {
        let directory = try TemporaryDirectory()
        var server: TestServer? = try await TestServer(on: directory)
        let token = try await server?.register("anna").accessToken
        await server?.stop()
        server = nil
        try await TestServer.run(on: directory) { (server: TestServer) async throws -> Void in
            var anna = server.client
            anna.accessToken = token
            #expect(try await isLoggedIn(anna))
            #expect(try await anna.call("GET", "/_landline/v1/me").bool("admin") == true)
        }
    }

    @Test func tooManyFailuresAreSlowedDown() async throws {
        try await TestServer.run(hasRateLimits: true) { server in
            _ = try await server.register("anna")
            _ = try await server.register("ben")
            var refused: MatrixClient.Response?
            for _ in 0..<20 where refused == nil {
                let response = try await server.client.request("POST", Self.path, json: body("anna", password: "wrong"))
                if response.status == 429 { refused = response } else { #expect(response.status == 403) }
            }
            let limit = try #require(refused)
            #expect(limit.errorCode == "M_LIMIT_EXCEEDED")
            let milliseconds = try #require(limit.json.integer("retry_after_ms"))
            #expect(milliseconds > 0 && milliseconds <= 30_000)
            #expect(limit.headers["retry-after"] == String((milliseconds + 999) / 1_000))
            // Not even the right password is looked at, but others get in.
            #expect(try await server.client.request("POST", Self.path, json: body("anna")).status == 429)
            for _ in 0..<3 { #expect(try await server.client.request("POST", Self.path, json: body("ben")).status == 200) }
        }
    }

    /// The password is guessed nowhere else either.
    @Test func confirmationsCountAsLogins() async throws {
        try await TestServer.run(hasRateLimits: true) { server in
            let anna = try await server.register("anna")
            var statuses: [Int] = []
            for _ in 0..<20 where statuses.last != 429 {
                let body: JSONObject = ["new_password": "another", "auth": anna.passwordProof("wrong")]
                statuses.append(try await anna.request("POST", "/_matrix/client/v3/account/password", json: body).status)
            }
            #expect(statuses.last == 429 && statuses.dropLast().allSatisfy { $0 == 401 }, "\(statuses)")
        }
    }
}
