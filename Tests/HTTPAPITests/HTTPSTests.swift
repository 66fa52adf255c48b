import Cryptography
import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// The server behind TLS, asked by the box's own client.
struct HTTPSTests {
    private let files: TestCertificates

    init() throws { files = try TestCertificates() }

    private func withHTTPS(_ body: (_ port: Int, _ server: TestServer) async throws -> Void) async throws {
        try await TestServer.run { server in
            let tls = try TLSContext.server(certificate: files.certificate, key: files.key)
            let secure = HTTPServer(context: server.context, endpoint: .network(address: "127.0.0.1", port: 0, tls: tls))
            let port = try await secure.start()
            do {
                try await body(port, server)
            } catch {
                await secure.stop()
                throw error
            }
            await secure.stop()
        }
    }

    private func send(_ method: OutgoingRequest.Method, _ path: String, port: Int, token: String? = nil, body: [UInt8]? = nil) async throws
        -> OutgoingResponse
    {
        let authority = files.authority
        let client = NetworkHTTPClient(tls: OutgoingTLS(verifiesLoopback: true) { try TLSContext.client(authorities: authority) })
        let headers = token.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []
        let url = try #require(HTTPURL("https://localhost:\(port)\(path)"))
        return try await client.send(OutgoingRequest(method, url, headers: headers, body: body, maxResponseBytes: 32 << 20))
    }

    @Test func requestsAreAnswered() async throws {
        try await withHTTPS { port, server in
            let versions = try await send(.get, "/_matrix/client/versions", port: port)
            #expect(versions.status == 200)
            let anna = try await server.register("anna")
            let me = try await send(.get, "/_matrix/client/v3/account/whoami", port: port, token: anna.accessToken)
            #expect(try JSONObject(parsing: me.body).string("user_id") == anna.userID?.rawValue)
        }
    }

    /// Clients that came by HTTPS are sent on to it.
    @Test func theAddressIsGivenWithItsScheme() async throws {
        try await withHTTPS { port, _ in
            let answer = try await send(.get, "/.well-known/matrix/client", port: port)
            let base = try JSONObject(parsing: answer.body).object("m.homeserver")?.string("base_url")
            #expect(base == "https://localhost:\(port)")
        }
    }

    @Test func largeFilesGoBothWays() async throws {
        try await withHTTPS { port, server in
            let anna = try await server.register("anna")
            let bytes = SecureRandom.bytes(3_000_000)
            let uploaded = try await send(.post, "/_matrix/media/v3/upload", port: port, token: anna.accessToken, body: bytes)
            let uri = try #require(try JSONObject(parsing: uploaded.body).string("content_uri"))
            let path = "/_matrix/client/v1/media/download/" + uri.dropFirst("mxc://".count)
            let response = try await send(.get, path, port: port, token: anna.accessToken)
            #expect(response.status == 200)
            #expect(response.body == bytes)
        }
    }

    @Test func plainHTTPIsNotAnswered() async throws {
        try await withHTTPS { port, _ in
            let connection = try RawConnection(port: port)
            try await connection.send("GET /_matrix/client/versions HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let answer = try await connection.receive(until: "\r\n\r\n")
            #expect(!answer.contains("HTTP/1.1"))
        }
    }
}
