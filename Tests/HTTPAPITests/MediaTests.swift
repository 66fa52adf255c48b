import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

struct MediaTests {
    private let contents = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    private func upload(
        _ bytes: [UInt8], _ client: MatrixClient, type: String = "image/png", name: String? = nil
    ) async throws -> (server: String, id: String) {
        let response = try await client.request(
            "POST", "/_matrix/media/v3/upload", query: name.map { [("filename", $0)] } ?? [], body: bytes, headers: ["Content-Type": type])
        let uri = try #require(response.json.string("content_uri"), "\(response.status) \(response.text)")
        let parts = uri.split(separator: "/")
        #expect(uri.hasPrefix("mxc://test.example/"))
        return (String(parts[1]), String(parts[2]))
    }

    private func path(_ media: (server: String, id: String), _ action: String = "download") -> String {
        "/_matrix/client/v1/media/\(action)/\(media.server)/\(media.id)"
    }

    @Test func whatIsUploadedComesBack() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let media = try await upload(contents, anna, name: "a b.png")
            let response = try await anna.request("GET", path(media))
            #expect(response.status == 200 && response.body == contents)
            #expect(response.headers["content-type"] == "image/png")
            #expect(response.headers["content-length"] == "200000")
            #expect(response.headers["content-disposition"] == #"inline; filename="a b.png""#)
            #expect(response.headers["x-content-type-options"] == "nosniff")
            #expect(response.headers["cross-origin-resource-policy"] == "cross-origin")
            #expect(response.headers["content-security-policy"]?.hasPrefix("sandbox; default-src 'none'; script-src 'none';") == true)
            #expect(response.headers["accept-ranges"] == "bytes")

            let renamed = try await anna.request("GET", path(media) + "/%E5%AE%B6.png")
            #expect(renamed.headers["content-disposition"] == "inline; filename*=utf-8''%E5%AE%B6.png")
        }
    }

    @Test func pagesAreNeverShown() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            for type in ["text/html", "image/svg+xml", "application/pdf", "nonsense", "text"] {
                let media = try await upload(Array("<script>".utf8), anna, type: type)
                let response = try await anna.request("GET", path(media))
                #expect(response.status == 200)
                #expect(response.headers["content-disposition"] == "attachment", "\(type)")
            }
        }
    }

    @Test func onlyTheNewPathsWantAToken() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let media = try await upload(contents, anna)
            #expect(try await server.client.request("GET", path(media)).status == 401)
            for version in ["v3", "r0", "v1"] {
                let response = try await server.client.request("GET", "/_matrix/media/\(version)/download/\(media.server)/\(media.id)")
                #expect(response.status == 200 && response.body == contents)
            }
            #expect(try await server.client.request("POST", "/_matrix/media/v3/upload", body: [1]).status == 401)
        }
    }

    @Test func partsAreServed() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let media = try await upload(contents, anna)
            func part(_ range: String, ifRange: String? = nil) async throws -> MatrixClient.Response {
                var headers = ["Range": range]
                headers["If-Range"] = ifRange
                return try await anna.request("GET", path(media), headers: headers)
            }
            let middle = try await part("bytes=65530-131080")
            #expect(middle.status == 206 && middle.body == Array(contents[65530...131080]))
            #expect(middle.headers["content-range"] == "bytes 65530-131080/200000")
            #expect(try await part("bytes=-7").body == Array(contents.suffix(7)))
            #expect(try await part("bytes=199999-").body == Array(contents.suffix(1)))

            let beyond = try await part("bytes=200000-")
            #expect(beyond.status == 416 && beyond.headers["content-range"] == "bytes */200000")
            #expect(beyond.headers["access-control-allow-origin"] == "*")

            let tag = try #require(middle.headers["etag"])
            #expect(try await part("bytes=0-0", ifRange: tag).status == 206)
            let changed = try await part("bytes=0-0", ifRange: "\"other\"")
            #expect(changed.status == 200 && changed.body.count == 200_000)
            #expect(try await anna.request("GET", path(media), headers: ["If-None-Match": tag]).status == 304)
        }
    }

    @Test func sizesHaveALimit() async throws {
        let configure: @Sendable (inout HomeserverConfiguration) -> Void = { $0.maxUploadBytes = 1_000 }
        try await TestServer.run(configure: configure) { server in
            let anna = try await server.register("anna")
            #expect(try await anna.call("GET", "/_matrix/client/v1/media/config").integer("m.upload.size") == 1_000)
            _ = try await upload([UInt8](repeating: 1, count: 1_000), anna)
            let response = try await anna.request("POST", "/_matrix/media/v3/upload", body: [UInt8](repeating: 1, count: 1_001))
            #expect(response.status == 413 && response.errorCode == "M_TOO_LARGE")

            let chunked = try RawConnection(port: server.port)
            try await chunked.send(
                "POST /_matrix/media/v3/upload HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(anna.accessToken ?? "")\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + String(repeating: "a", count: 1_001) + "\r\n0\r\n\r\n")
            #expect(try await chunked.receive(until: "M_TOO_LARGE").hasPrefix("HTTP/1.1 413 "))
            #expect(try server.stagingFiles() == [])
        }
    }

    /// A body that ends too early is no file, however it was framed.
    @Test(arguments: ["Content-Length: 100\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"])
    func anUploadThatBreaksOffLeavesNothing(_ rest: String) async throws {
        let server = try await TestServer()
        let anna = try await server.register("anna")
        let connection = try RawConnection(port: server.port)
        try await connection.send("POST /_matrix/media/v3/upload HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(anna.accessToken ?? "")\r\n" + rest)
        try await connection.finishSending()
        #expect(try await !connection.receiveAll().contains("mxc://"))
        // Stopping waits for the staging files to be deleted.
        await server.stop()
        #expect(try server.stagingFiles() == [])
        #expect(try server.blobs() == [])
    }

    @Test func equalContentsAreKeptOnce() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let first = try await upload(contents, anna)
            let second = try await upload(contents, anna, type: "text/plain")
            #expect(first.id != second.id)
            #expect(try server.blobs().count == 1)
            #expect(try await anna.request("GET", path(second)).headers["content-type"] == "text/plain")
            // A small one is in the database.
            _ = try await upload([1], anna)
            #expect(try server.blobs().count == 1)
        }
    }

    @Test func anEmptyFileIsAFile() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let media = try await upload([], anna)
            let response = try await anna.request("GET", path(media))
            #expect(response.status == 200 && response.body == [])
        }
    }

    @Test func unknownMedia() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            for path in ["test.example/nothing", "other.example/nothing", "test.example/..%2F..%2Flandline.db", "test.example/%00"] {
                let response = try await anna.request("GET", "/_matrix/client/v1/media/download/\(path)")
                #expect(response.status == 404 && response.errorCode == "M_NOT_FOUND", "\(path)")
            }
            let text = try await upload([1], anna, type: "text/plain")
            #expect(try await anna.request("GET", path(text, "thumbnail"), query: [("width", "8"), ("height", "8")]).status == 400)
            #expect(try await anna.request("GET", path(text, "thumbnail")).errorCode == "M_MISSING_PARAM")
        }
    }

    @Test func aReservedURIIsFilledOnce() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let uri = try #require(try await anna.call("POST", "/_matrix/media/v1/create").string("content_uri"))
            let id = String(uri.split(separator: "/")[2])
            let media = (server: "test.example", id: id)
            #expect(try await anna.request("GET", path(media)).errorCode == "M_NOT_YET_UPLOADED")
            let target = "/_matrix/media/v3/upload/test.example/\(id)"
            #expect(try await ben.request("PUT", target, body: [1]).errorCode == "M_FORBIDDEN")
            #expect(try await anna.request("PUT", target, body: contents).status == 200)
            #expect(try await anna.request("GET", path(media)).body == contents)
            #expect(try await anna.request("PUT", target, body: [1]).errorCode == "M_CANNOT_OVERWRITE_MEDIA")
            #expect(try await anna.request("PUT", "/_matrix/media/v3/upload/test.example/other", body: [1]).status == 404)
        }
    }

    @Test func filesOutliveARestart() async throws {
        let directory = try TemporaryDirectory()
        var server: TestServer? = try await TestServer(on: directory)
        let media = try await upload(contents, #require(try await server?.register("anna")))
        await server?.stop()
        // The data directory stays locked as long as this server exists.
        server = nil
        try await TestServer.run(on: directory) { server in
            let anna = try await server.client.loggedIn("anna")
            #expect(try await anna.request("GET", path(media)).body == contents)
        }
    }
}
