import HTTPTypes
import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// Changing the password, deactivating, and managing devices: what wants the password once more.
///
/// spec: client-server-api/#account-management, client-server-api/#device-management
struct AccountTests {
    private static let passwordPath = "/_matrix/client/v3/account/password"
    private static let deactivatePath = "/_matrix/client/v3/account/deactivate"
    private static let devicesPath = "/_matrix/client/v3/devices"

    private func isLoggedIn(_ client: MatrixClient) async throws -> Bool {
        try await client.request("GET", "/_matrix/client/v3/account/whoami").status == 200
    }

    private func loginStatus(_ name: String, _ password: String, _ server: TestServer) async throws -> Int {
        let body: JSONObject = [
            "type": "m.login.password", "identifier": ["type": "m.id.user", "user": .string(name)], "password": .string(password),
        ]
        return try await server.client.request("POST", "/_matrix/client/v3/login", json: body).status
    }

    @Test(arguments: [nil, true, false])
    func aChangedPassword(_ logsOutOthers: Bool?) async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let other = try await server.client.loggedIn("anna")
            var body: JSONObject = ["new_password": "another pass phrase"]
            if let logsOutOthers { body["logout_devices"] = .bool(logsOutOthers) }
            let asked = try await anna.request("POST", Self.passwordPath, json: body)
            #expect(asked.status == 401 && asked.json.string("session") != nil)
            #expect(asked.json.array("flows") == [["stages": ["m.login.password"]]])

            body["auth"] = anna.passwordProof("wrong")
            let wrong = try await anna.request("POST", Self.passwordPath, json: body)
            #expect(wrong.status == 401 && wrong.errorCode == "M_FORBIDDEN")
            #expect(try await loginStatus("anna", "another pass phrase", server) == 403)

            body["auth"] = anna.passwordProof()
            try await anna.call("POST", Self.passwordPath, json: body)
            #expect(try await isLoggedIn(anna))
            #expect(try await isLoggedIn(other) == (logsOutOthers == false))
            #expect(try await loginStatus("anna", "another pass phrase", server) == 200)
            #expect(try await loginStatus("anna", "a long enough pass phrase", server) == 403)
        }
    }

    @Test func nobodyConfirmsForAnother() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let body: JSONObject = ["new_password": "another pass phrase", "auth": ben.passwordProof()]
            let refused = try await anna.request("POST", Self.passwordPath, json: body)
            #expect(refused.status == 403 || refused.status == 401)
            let asked = try await ben.request("POST", Self.passwordPath, json: ["new_password": "another pass phrase"])
            // A session of somebody else, completed by them.
            var proof = anna.passwordProof().objectValue ?? [:]
            proof["session"] = .string(asked.json.string("session") ?? "")
            #expect(try await anna.request("POST", Self.passwordPath, json: ["new_password": "x", "auth": .object(proof)]).status == 403)
            #expect(try await loginStatus("anna", "a long enough pass phrase", server) == 200)
            #expect(try await loginStatus("ben", "a long enough pass phrase", server) == 200)
            // Without a token, nobody is anybody.
            #expect(try await server.client.request("POST", Self.passwordPath, json: body).status == 401)
        }
    }

    @Test func newPasswordsHaveBounds() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            for (new, code) in [("", "M_WEAK_PASSWORD"), (String(repeating: "p", count: 513), "M_INVALID_PARAM")] {
                let body: JSONObject = ["new_password": .string(new), "auth": anna.passwordProof()]
                let response = try await anna.request("POST", Self.passwordPath, json: body)
                #expect(response.status == 400 && response.errorCode == code)
            }
            #expect(try await anna.request("POST", Self.passwordPath, json: ["auth": anna.passwordProof()]).status == 400)
            #expect(try await isLoggedIn(anna))
        }
    }

    @Test func aDeactivatedAccountIsGone() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let other = try await server.client.loggedIn("ben")
            let room = try await anna.createRoom(["invite": ["@ben:test.example"]])
            try await ben.join(room)
            let pending = try await anna.createRoom(["invite": ["@ben:test.example"]])
            try await ben.call("PUT", "/_matrix/client/v3/user/@ben:test.example/account_data/org.example.note", json: ["a": 1])

            #expect(try await ben.request("POST", Self.deactivatePath, json: [:]).status == 401)
            #expect(try await isLoggedIn(ben))
            let body: JSONObject = ["auth": ben.passwordProof(), "erase": true]
            #expect(try await ben.call("POST", Self.deactivatePath, json: body).string("id_server_unbind_result") != nil)

            #expect(try await !isLoggedIn(ben))
            #expect(try await !isLoggedIn(other))
            #expect(try await loginStatus("ben", "a long enough pass phrase", server) == 403)
            let members = try await anna.call("GET", "\(MatrixClient.path(room))/joined_members").object("joined")
            #expect(members?["@ben:test.example"] == nil && members?["@anna:test.example"] != nil)
            let member = try await anna.call("GET", "\(MatrixClient.path(pending))/state/m.room.member/@ben:test.example")
            #expect(member.string("membership") == "leave")
            // The name stays taken, or a stranger could come back as Ben.
            let taken = try await server.client.request("GET", "/_matrix/client/v3/register/available", query: [("username", "ben")])
            #expect(taken.errorCode == "M_USER_IN_USE")
            let found = try await anna.call("POST", "/_matrix/client/v3/user_directory/search", json: ["search_term": "ben"])
            #expect(found.array("results") == [])
            #expect(try await isLoggedIn(anna))
        }
    }

    @Test func devicesAreListedAndRenamed() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let id = try #require(anna.deviceID).rawValue
            let path = "\(Self.devicesPath)/\(id)"
            try await anna.call("PUT", path, json: ["display_name": "Kitchen"])
            let device = try await anna.call("GET", path)
            #expect(device.string("device_id") == id && device.string("display_name") == "Kitchen")
            #expect(device.integer("last_seen_ts") ?? 0 > 1_500_000_000_000 && device.string("last_seen_ip") == "127.0.0.1")
            #expect(try await anna.call("GET", Self.devicesPath).array("devices") == [.object(device)])
            try await anna.call("PUT", path, json: [:])
            #expect(try await anna.call("GET", path).string("display_name") == "Kitchen")
            try await anna.call("PUT", path, json: ["display_name": .string(String(repeating: "ä", count: 10_000))])
            #expect(try await anna.call("GET", path).string("display_name")?.utf8.count ?? 9_999 <= 256)

            for method in ["GET", "PUT"] {
                let response = try await ben.request(method, path, body: method == "PUT" ? Array("{}".utf8) : nil)
                #expect(response.status == 404 && response.errorCode == "M_NOT_FOUND", "\(method)")
            }
            #expect(try await anna.request("PUT", "\(Self.devicesPath)/NONE", json: ["display_name": "x"]).status == 404)
        }
    }

    @Test func aDeletedDeviceIsLoggedOut() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let second = try await server.client.loggedIn("anna")
            let path = "\(Self.devicesPath)/\(try #require(second.deviceID).rawValue)"
            let asked = try await anna.request("DELETE", path, json: [:])
            #expect(asked.status == 401 && asked.json.array("flows") == [["stages": ["m.login.password"]]])
            #expect(try await anna.request("DELETE", path, json: ["auth": anna.passwordProof("wrong")]).status == 401)
            #expect(try await isLoggedIn(second))
            var proof = anna.passwordProof().objectValue ?? [:]
            proof["session"] = .string(asked.json.string("session") ?? "")
            // What is proved for one device counts for no other.
            let own = "\(Self.devicesPath)/\(try #require(anna.deviceID).rawValue)"
            #expect(try await anna.request("DELETE", own, json: ["auth": .object(proof)]).status == 403)
            #expect(try await anna.request("DELETE", path, json: ["auth": .object(proof)]).status == 200)
            #expect(try await !isLoggedIn(second))
            #expect(try await isLoggedIn(anna))
            #expect(try await anna.request("GET", path).status == 404)
        }
    }

    @Test func listedDevicesAreDeleted() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let second = try await server.client.loggedIn("anna")
            let third = try await server.client.loggedIn("anna")
            let ben = try await server.register("ben")
            let path = "/_matrix/client/v3/delete_devices"
            let ids = [second, third, ben].map { JSONValue.string($0.deviceID?.rawValue ?? "") }
            let asked = try await anna.request("POST", path, json: ["devices": .array(ids)])
            #expect(asked.status == 401)
            for body: JSONObject in [[:], ["devices": "x"], ["devices": [5]]] {
                #expect(try await anna.request("POST", path, json: body).status == 400)
            }
            #expect(try await isLoggedIn(second))
            try await anna.call("POST", path, json: ["devices": .array(ids + ["NONE"]), "auth": anna.passwordProof()])
            #expect(try await !isLoggedIn(second))
            #expect(try await !isLoggedIn(third))
            #expect(try await isLoggedIn(anna))
            // The device of somebody else was not Anna's to delete.
            #expect(try await isLoggedIn(ben))
        }
    }
}
