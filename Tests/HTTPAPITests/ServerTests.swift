import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// What holds for every request, whatever it asks for.
struct ServerTests {
    @Test func unknownPathsAndMethods() async throws {
        try await TestServer.run { server in
            for path in [
                "/_matrix/client/v3/nothing", "/_matrix/client/v99/sync", "/_matrix", "/_landline/v1/nothing", "/.well-known/matrix/nothing",
            ] {
                let response = try await server.client.request("GET", path)
                #expect(response.status == 404 && response.errorCode == "M_UNRECOGNIZED", "\(path)")
            }
            let wrong = try await server.client.request("DELETE", "/_matrix/client/versions")
            #expect(wrong.status == 405 && wrong.errorCode == "M_UNRECOGNIZED")
            #expect(wrong.headers["allow"] == "GET")
            // OAuth and dehydrated devices: clients go on without them only for exactly this answer.
            for path in ["/_matrix/client/v1/auth_metadata", "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device"] {
                let response = try await server.client.request("GET", path)
                #expect(response.status == 404 && response.errorCode == "M_UNRECOGNIZED", "\(path)")
            }
        }
    }

    @Test func everyResponseMayBeReadByWebPages() async throws {
        try await TestServer.run { server in
            for (method, path, status) in [
                ("GET", "/_matrix/client/versions", 200), ("GET", "/_matrix/client/v3/sync", 401), ("GET", "/_matrix/nothing", 404),
                ("GET", "/", 200),
                ("DELETE", "/_matrix/client/versions", 405), ("OPTIONS", "/_matrix/client/v3/sync", 204), ("OPTIONS", "/anything", 204),
                ("HEAD", "/_matrix/client/versions", 200), ("GET", "/_matrix/media/v3/download/a/b", 404),
            ] {
                let response = try await server.client.request(method, path)
                #expect(response.status == status, "\(method) \(path)")
                #expect(response.headers["access-control-allow-origin"] == "*", "\(method) \(path)")
                for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
                    #expect(response.headers["access-control-allow-methods"]?.contains(method) == true)
                }
                for name in ["X-Requested-With", "Content-Type", "Authorization", "Range"] {
                    #expect(response.headers["access-control-allow-headers"]?.contains(name) == true)
                }
            }
        }
    }

    @Test func tokens() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let token = try #require(anna.accessToken)
            let path = "/_matrix/client/v3/capabilities"
            #expect(try await anna.request("GET", path).status == 200)
            #expect(try await server.client.request("GET", path, query: [("access_token", token)]).status == 200)
            #expect(try await server.client.request("GET", path, headers: ["Authorization": "bearer \(token)"]).status == 200)
            let missing = try await server.client.request("GET", path)
            #expect(missing.status == 401 && missing.errorCode == "M_MISSING_TOKEN")
            for header in ["Bearer x\(token)", "Bearer ", "Basic \(token)"] {
                let wrong = try await server.client.request("GET", path, headers: ["Authorization": header])
                #expect(wrong.status == 401, "\(header)")
            }
            let unknown = try await server.client.request("GET", path, query: [("access_token", "nobody's")])
            #expect(unknown.status == 401 && unknown.errorCode == "M_UNKNOWN_TOKEN")
        }
    }

    @Test func bodiesThatAreNoJSONObject() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            func errorCode(_ body: [UInt8]) async throws -> String? {
                try await anna.request("POST", "/_matrix/client/v3/createRoom", body: body).errorCode
            }
            #expect(try await errorCode(Array("{".utf8)) == "M_NOT_JSON")
            #expect(try await errorCode([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]) == "M_NOT_JSON")
            #expect(try await errorCode(Array("[]".utf8)) == "M_BAD_JSON")
            #expect(try await errorCode(Array(#"{"a":1,"a":2}"#.utf8)) == "M_BAD_JSON")
            let tooLarge = Array(#"{"a":""#.utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: Limits.maxJSONBodyBytes) + Array(#""}"#.utf8)
            let response = try await anna.request("POST", "/_matrix/client/v3/createRoom", body: tooLarge)
            #expect(response.status == 413 && response.errorCode == "M_TOO_LARGE")
            #expect(response.headers["access-control-allow-origin"] == "*")
        }
    }

    /// Bodies without a declared length are counted while they come.
    @Test func aChunkedBodyIsLimitedToo() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let connection = try RawConnection(port: server.port)
            try await connection.send(
                "POST /_matrix/client/v3/createRoom HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(anna.accessToken ?? "")\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n")
            let chunk = "10000\r\n" + String(repeating: " ", count: 0x10000) + "\r\n"
            for _ in 0...(Limits.maxJSONBodyBytes / 0x10000) { try await connection.send(chunk) }
            try await connection.send("0\r\n\r\n")
            #expect(try await connection.receive(until: "M_TOO_LARGE").hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func severalRequestsOnOneConnection() async throws {
        try await TestServer.run { server in
            let connection = try RawConnection(port: server.port)
            // The second and third come before the first is answered, and one has a body that nobody reads.
            try await connection.send(
                "GET /_matrix/client/versions HTTP/1.1\r\nHost: a\r\n\r\n"
                    + "POST /_matrix/nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
                    + "GET /.well-known/matrix/client HTTP/1.1\r\nHost: kitchen.local:8008\r\nConnection: close\r\n\r\n")
            let answers = try await connection.receiveAll()
            let statuses = answers.split(separator: "HTTP/1.1 ").map { $0.prefix(3) }
            #expect(statuses == ["200", "404", "200"])
            #expect(answers.contains(#"{"m.homeserver":{"base_url":"http://kitchen.local:8008"}}"#))
        }
    }

    @Test func aHostThatIsNoneIsNotRepeated() async throws {
        try await TestServer.run { server in
            let connection = try RawConnection(port: server.port)
            try await connection.send("GET /.well-known/matrix/client HTTP/1.1\r\nHost: a\"b<script>\r\nConnection: close\r\n\r\n")
            let answer = try await connection.receiveAll()
            #expect(!answer.contains("script") || answer.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test func aBodyIsAskedForOnlyWhenItIsWanted() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let head =
                "POST /_matrix/client/v3/createRoom HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(anna.accessToken ?? "")\r\n"
                + "Expect: 100-continue\r\n"
            let wanted = try RawConnection(port: server.port)
            try await wanted.send(head + "Content-Length: 2\r\n\r\n")
            #expect(try await wanted.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 "))
            try await wanted.send("{}")
            #expect(try await wanted.receive(until: "room_id").hasPrefix("HTTP/1.1 200 "))

            let unwanted = try RawConnection(port: server.port)
            try await unwanted.send(head + "Content-Length: 999999999\r\n\r\n")
            #expect(try await unwanted.receiveAll().hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func headersHaveALimit() async throws {
        try await TestServer.run { server in
            let connection = try RawConnection(port: server.port)
            try await connection.send(
                "GET /_matrix/client/versions HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "a", count: 2 * Limits.maxHeaderBytes) + "\r\n\r\n")
            let answer = try await connection.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 431 ") || answer.hasPrefix("HTTP/1.1 400 "))

            let path = "/_matrix/" + String(repeating: "a", count: Limits.maxPathBytes)
            #expect(try await server.client.request("GET", path).status == 414)
        }
    }

    @Test func whatIsNoHTTPIsRefused() async throws {
        try await TestServer.run { server in
            let connection = try RawConnection(port: server.port)
            try await connection.send("hello\r\n\r\n")
            #expect(try await connection.receiveAll().hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test func aHeadHasTheLengthAndNotTheBody() async throws {
        try await TestServer.run { server in
            let length = try await server.client.request("GET", "/_matrix/client/versions").body.count
            let connection = try RawConnection(port: server.port)
            try await connection.send("HEAD /_matrix/client/versions HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let answer = try await connection.receiveAll()
            #expect(answer.contains("Content-Length: \(length)\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n"))
        }
    }
}
