import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

struct DiscoveryTests {
    @Test func versionsLeaveNoneOut() async throws {
        try await TestServer.run { server in
            let answer = try await server.client.call("GET", "/_matrix/client/versions")
            let versions = answer.array("versions")?.compactMap(\.stringValue) ?? []
            #expect(versions == ["r0.6.1"] + (1...19).map { "v1.\($0)" })
            #expect(answer.object("unstable_features")?["org.matrix.simplified_msc3575"] == true)
        }
    }

    @Test func whatIsNotHereIsSaidAsClientsExpectIt() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let client = "/_matrix/client"
            for (method, path) in [
                ("GET", "\(client)/v1/auth_metadata"), ("GET", "\(client)/unstable/org.matrix.msc2965/auth_metadata"),
                ("POST", "\(client)/v1/login/get_token"), ("GET", "\(client)/unstable/org.matrix.msc3814.v1/dehydrated_device"),
                ("PUT", "\(client)/unstable/org.matrix.msc3814.v1/dehydrated_device"),
            ] {
                let response = try await anna.request(method, path, body: method == "GET" ? nil : Array("{}".utf8))
                #expect(response.status == 404 && response.errorCode == "M_UNRECOGNIZED", "\(path): \(response.status) \(response.text)")
                #expect(response.headers["content-type"] == "application/json")
            }
            let refresh = try await server.client.request("POST", "\(client)/v3/refresh", json: ["refresh_token": "x"])
            #expect(refresh.status == 401 && refresh.errorCode == "M_UNKNOWN_TOKEN")
            #expect(try await server.client.request("POST", "\(client)/v3/refresh", json: [:]).errorCode == "M_MISSING_PARAM")
        }
    }

    @Test func wellKnownNamesWhatWasAsked() async throws {
        try await TestServer.run { server in
            let answer = try await server.client.call("GET", "/.well-known/matrix/client")
            #expect(answer.object("m.homeserver")?.string("base_url") == server.url)
            let support = try await server.client.request("GET", "/.well-known/matrix/support")
            #expect(support.status == 404 && support.errorCode != nil)
        }
    }

    @Test func capabilities() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let capabilities = try #require(try await anna.call("GET", "/_matrix/client/v3/capabilities").object("capabilities"))
            #expect(capabilities.object("m.room_versions")?.string("default") == "11")
            #expect(capabilities.object("m.room_versions")?.object("available")?.keys.map { $0 } == ["10", "11", "12", "6", "7", "8", "9"])
            #expect(capabilities.object("m.3pid_changes")?.bool("enabled") == false)
        }
    }

    @Test func stubsThatClientsAskForAtTheirStart() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            #expect(try await anna.call("GET", "/_matrix/client/v3/thirdparty/protocols") == [:])
            #expect(try await anna.call("GET", "/_matrix/client/v3/voip/turnServer") == [:])
            #expect(try await anna.call("GET", "/_matrix/client/v3/account/3pid") == ["threepids": []])
            #expect(try await anna.call("GET", "/_matrix/federation/v1/version").object("server")?.string("name") == "Landline")
            let keys: JSONObject = ["one_time_keys": ["signed_curve25519:AAAA": [:], "signed_curve25519:AAAB": [:]]]
            #expect(
                try await anna.call("POST", "/_matrix/client/v3/keys/upload", json: keys) == ["one_time_key_counts": ["signed_curve25519": 2]])
            let queried = try await anna.call("POST", "/_matrix/client/v3/keys/query", json: ["device_keys": [:]])
            #expect(queried.object("device_keys") == [:] && queried.object("failures") == [:])
            let backup = try await anna.request("GET", "/_matrix/client/v3/room_keys/version")
            #expect(backup.status == 404 && backup.errorCode == "M_NOT_FOUND")
            let mail = try await server.client.request("POST", "/_matrix/client/v3/register/email/requestToken", json: [:])
            #expect(mail.status == 403 && mail.errorCode == "M_THREEPID_DENIED")
        }
    }

    @Test func qrCodes() async throws {
        try await TestServer.run { server in
            let code = try await server.client.request("GET", "/_landline/v1/qr.svg", query: [("text", "http://a/j/b?c=d&e")])
            #expect(code.status == 200 && code.text == "<svg>http://a/j/b?c=d&e</svg>")
            #expect(code.headers["content-type"] == "image/svg+xml")
            #expect(code.headers["content-security-policy"]?.contains("default-src 'none'") == true)
            #expect(try await server.client.request("GET", "/_landline/v1/qr.svg").errorCode == "M_MISSING_PARAM")
            for length in [101, 513, 5_000] {
                let text = String(repeating: "a", count: length)
                #expect(try await server.client.request("GET", "/_landline/v1/qr.svg", query: [("text", text)]).status == 413)
            }
        }
    }
}
