import Cryptography
import Homeserver
import MatrixCore
import TestSupport
import Testing

/// What scripts and dashboards written for Synapse ask.
struct SynapseAdminTests {
    private static let register = "/_synapse/admin/v1/register"

    private func body(_ nonce: String, _ name: String, _ password: String, admin: Bool, secret: String = "the secret") -> JSONObject {
        let message = [nonce, name, password, admin ? "admin" : "notadmin"].joined(separator: "\0")
        let code = Digest.hexadecimal(Digest.hmacSHA1(key: Array(secret.utf8), Array(message.utf8)))
        return [
            "nonce": .string(nonce), "username": .string(name), "password": .string(password), "admin": .bool(admin), "mac": .string(code),
        ]
    }

    @Test func theSecretMakesAccounts() async throws {
        let decide: (inout HomeserverConfiguration) -> Void = { configuration in
            configuration.registration = .closed
            configuration.registrationSharedSecret = "the secret"
        }
        try await TestServer.run(configure: decide) { server in
            func nonce() async throws -> String { try await server.client.call("GET", Self.register).string("nonce") ?? "" }
            let first = try await nonce()
            var wish = body(first, "Owner", "pass words", admin: true)
            wish["displayname"] = "The Owner"
            let answer = try await server.client.call("POST", Self.register, json: wish)
            #expect(answer.string("user_id") == "@owner:test.example" && answer.string("home_server") == "test.example")
            var owner = server.client
            owner.accessToken = answer.string("access_token")
            #expect(try await owner.call("GET", "/_landline/v1/me").bool("admin") == true)
            #expect(try await owner.call("GET", "/_matrix/client/v3/profile/@owner:test.example").string("displayname") == "The Owner")

            let repeated = try await server.client.request("POST", Self.register, json: body(first, "again", "pass words", admin: false))
            #expect(repeated.status == 400)
            let wrong = body(try await nonce(), "evil", "pass words", admin: true, secret: "another")
            #expect(try await server.client.request("POST", Self.register, json: wrong).status == 403)
            var raised = body(try await nonce(), "evil", "pass words", admin: false)
            raised["admin"] = true
            #expect(try await server.client.request("POST", Self.register, json: raised).status == 403)
            let symbols = body(try await nonce(), "us,er", "pass words", admin: false)
            #expect(try await server.client.request("POST", Self.register, json: symbols).errorCode == "M_INVALID_USERNAME")
            let taken = body(try await nonce(), "owner", "pass words", admin: false)
            #expect(try await server.client.request("POST", Self.register, json: taken).errorCode == "M_USER_IN_USE")
            #expect(try await server.client.request("POST", Self.register, json: [:]).errorCode == "M_MISSING_PARAM")
            #expect(try await server.homeserver.accounts.list().map(\.userID.localpart) == ["owner"])
        }
    }

    @Test func withoutASecretNobodyDoes() async throws {
        try await TestServer.run { server in
            let nonce = try await server.client.request("GET", Self.register)
            let account = try await server.client.request("POST", Self.register, json: body("x", "a", "b", admin: true, secret: ""))
            #expect(nonce.status == 400 && account.status == 400)
            #expect(try await server.homeserver.accounts.list().isEmpty)
        }
    }

    @Test func accountsAreReadAndEnded() async throws {
        try await TestServer.run { server in
            let owner = try await server.register("owner")
            let ben = try await server.register("ben")
            _ = try await server.register("zoe")
            let list = try await owner.call("GET", "/_synapse/admin/v2/users", query: [("limit", "2")])
            let names = list.array("users")?.compactMap { $0.objectValue?.string("name") }
            #expect(names == ["@ben:test.example", "@owner:test.example"] && list.integer("total") == 3 && list.string("next_token") == "2")
            let found = try await owner.call("GET", "/_synapse/admin/v2/users", query: [("name", "ZO")])
            #expect(found.integer("total") == 1 && found["next_token"] == nil)
            let user = try await owner.call("GET", "/_synapse/admin/v2/users/@ben:test.example")
            #expect(user.string("displayname") == "ben" && user.bool("admin") == false && user.bool("locked") == false)
            #expect(try await owner.call("GET", "/_synapse/admin/v1/users/@owner:test.example/admin") == ["admin": true])
            #expect(try await owner.request("GET", "/_synapse/admin/v2/users/@nobody:test.example").errorCode == "M_NOT_FOUND")

            let reset = "/_synapse/admin/v1/reset_password/@ben:test.example"
            try await owner.call("POST", reset, json: ["new_password": "another phrase", "logout_devices": false])
            #expect(try await ben.request("GET", "/_matrix/client/v3/account/whoami").status == 200)
            try await owner.call("POST", reset, json: ["new_password": "another phrase"])
            #expect(try await ben.request("GET", "/_matrix/client/v3/account/whoami").status == 401)
            _ = try await server.client.loggedIn("ben", password: "another phrase")
            try await owner.call("POST", "/_synapse/admin/v1/deactivate/@ben:test.example", json: ["erase": true])
            let ended = try await owner.call("GET", "/_synapse/admin/v2/users/@ben:test.example")
            #expect(ended.bool("deactivated") == true && ended.bool("erased") == true)
            #expect(try await owner.call("GET", "/_synapse/admin/v2/users").integer("total") == 2)
            #expect(try await owner.call("GET", "/_synapse/admin/v2/users", query: [("deactivated", "true")]).integer("total") == 3)
        }
    }
}
