import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// What the box's own pages ask it: itself, who is asking, invitations, QR codes.
struct ApplianceTests {
    @Test(arguments: HomeserverConfiguration.Registration.allCases)
    func theBoxTellsAboutItself(_ registration: HomeserverConfiguration.Registration) async throws {
        try await TestServer.run(registration: registration) { server in
            let before = try await server.client.call("GET", "/_landline/v1/box")
            #expect(before.string("registration") == registration.rawValue && before.bool("owner_exists") == false)
            #expect(before.string("server_name") == "test.example" && before.string("name") == "Test box")
            #expect(before.string("version") == LandlineVersion.current)
            _ = try await server.homeserver.registration.createAccount(username: "anna", password: "password", isAdministrator: true)
            #expect(try await server.client.call("GET", "/_landline/v1/box").bool("owner_exists") == true)
        }
    }

    @Test func whoIsAsking() async throws {
        try await TestServer.run { server in
            let owner = try await server.register("owner")
            let anna = try await server.register("anna")
            #expect(try await owner.call("GET", "/_landline/v1/me") == ["user_id": "@owner:test.example", "admin": true])
            #expect(try await anna.call("GET", "/_landline/v1/me") == ["user_id": "@anna:test.example", "admin": false])
        }
    }

    @Test func invitations() async throws {
        try await TestServer.run { server in
            let owner = try await server.register("owner")
            let path = "/_landline/v1/invites"
            let simple = try await owner.call("POST", path)
            let token = try #require(simple.string("token"))
            #expect(token.count == 10 && simple.string("link") == "\(server.url)/j/\(token)")
            #expect(simple.integer("used") == 0 && simple.bool("valid") == true && simple["uses"] == nil && simple["expires_ts"] == nil)

            let limited = try await owner.call("POST", path, json: ["uses": 3, "expires_seconds": 3_600])
            #expect(limited.integer("uses") == 3 && limited.integer("uses_remaining") == 3 && limited["expires_ts"] != nil)
            #expect(limited.string("token") != token)
            let tokens = (try await owner.call("GET", path).array("invites") ?? []).compactMap { $0.objectValue?.string("token") }
            #expect(Set(tokens) == [token, limited.string("token") ?? ""])

            for body: JSONObject in [["uses": 0], ["uses": -1], ["uses": 100_001], ["uses": "x"], ["expires_seconds": 0], ["expires_seconds": "x"]] {
                #expect(try await owner.request("POST", path, json: body).status == 400, "\(body)")
            }
            try await owner.call("DELETE", "\(path)/\(token)")
            let gone = try await owner.request("DELETE", "\(path)/\(token)")
            #expect(gone.status == 404 && gone.errorCode == "M_NOT_FOUND")
            #expect(try await owner.call("GET", path).array("invites")?.count == 1)
        }
    }

    @Test func qrCodes() async throws {
        try await TestServer.run { server in
            let response = try await server.client.request("GET", "/_landline/v1/qr.svg", query: [("text", "http://box.local")])
            #expect(response.status == 200 && response.headers["content-type"] == "image/svg+xml")
            #expect(response.text == "<svg>http://box.local</svg>")
            #expect(response.headers["content-security-policy"]?.contains("default-src 'none'") == true)
            #expect(response.headers["x-content-type-options"] == "nosniff")
            #expect(try await server.client.request("GET", "/_landline/v1/qr.svg").errorCode == "M_MISSING_PARAM")
            for length in [101, 513] {
                let text = String(repeating: "a", count: length)
                #expect(try await server.client.request("GET", "/_landline/v1/qr.svg", query: [("text", text)]).errorCode == "M_TOO_LARGE")
            }
        }
    }
}
