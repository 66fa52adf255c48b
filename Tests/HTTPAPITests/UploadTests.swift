import Cryptography
import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// Uploads that can be continued (tus 1.0).
struct UploadTests {
    private let contents = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    private static let path = "/_landline/v1/uploads"

    private static func metadata(_ pairs: [(String, String)]) -> String {
        pairs.map { "\($0) \(Base64.encodePadded(Array($1.utf8)))" }.joined(separator: ",")
    }

    private static func request(
        _ client: MatrixClient, _ method: String, _ path: String = path, _ headers: [String: String] = [:], _ body: [UInt8]? = nil
    ) async throws -> MatrixClient.Response {
        try await client.request(method, path, body: body, headers: headers.merging(["Tus-Resumable": "1.0.0"]) { own, _ in own })
    }

    private static func create(_ client: MatrixClient, _ byteCount: Int, _ pairs: [(String, String)] = []) async throws -> String {
        let response = try await request(
            client, "POST", path, ["Upload-Length": String(byteCount), "Upload-Metadata": metadata(pairs), "Content-Type": "text/plain"])
        #expect(response.status == 201, "\(response.text)")
        return try #require(response.headers["location"])
    }

    private static func patch(
        _ client: MatrixClient, _ location: String, at offset: Int, _ bytes: ArraySlice<UInt8>, _ headers: [String: String] = [:]
    ) async throws -> MatrixClient.Response {
        let own = ["Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream"]
        return try await request(client, "PATCH", location, headers.merging(own) { given, _ in given }, Array(bytes))
    }

    private static func offset(_ client: MatrixClient, _ location: String) async throws -> String? {
        let response = try await request(client, "HEAD", location)
        #expect(response.status == 200 && response.headers["cache-control"] == "no-store")
        return response.headers["upload-offset"]
    }

    // MARK: What it is for

    @Test func anUploadInPartsBecomesMedia() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let location = try await Self.create(anna, contents.count, [("filename", "家.png"), ("filetype", "image/png")])
            #expect(try await Self.offset(anna, location) == "0")
            let first = try await Self.patch(anna, location, at: 0, contents[..<70_000])
            #expect(first.status == 204 && first.headers["upload-offset"] == "70000" && first.headers["landline-content-uri"] == nil)
            #expect(first.headers["tus-resumable"] == "1.0.0" && first.headers["upload-expires"]?.hasSuffix("GMT") == true)
            #expect(try await Self.offset(anna, location) == "70000")
            let last = try await Self.patch(anna, location, at: 70_000, contents[70_000...])
            #expect(last.status == 204 && last.headers["upload-offset"] == "200000")
            let uri = try #require(last.headers["landline-content-uri"])

            let file = try await anna.request("GET", "/_matrix/client/v1/media/download/\(uri.dropFirst(6))")
            #expect(file.body == contents && file.headers["content-type"] == "image/png")
            #expect(file.headers["content-disposition"] == "inline; filename*=utf-8''%E5%AE%B6.png")
            // What it became can be asked for a while.
            let status = try await Self.request(anna, "HEAD", location)
            #expect(status.headers["landline-content-uri"] == uri && status.headers["upload-length"] == "200000")
            #expect(status.headers["upload-metadata"] == Self.metadata([("filename", "家.png"), ("filetype", "image/png")]))
            #expect(try await Self.patch(anna, location, at: 200_000, []).status == 409)
        }
    }

    @Test func anUploadBecomesTheFileOfAFolder() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            func upload(_ bytes: [UInt8], _ more: [(String, String)] = []) async throws -> MatrixClient.Response {
                let pairs = [("path", "/Shared/夏 1.txt"), ("filetype", "text/plain"), ("modified", "1700000000123")] + more
                let location = try await Self.create(anna, bytes.count, pairs)
                return try await Self.patch(anna, location, at: 0, bytes[...])
            }
            #expect(try await upload(Array("one".utf8)).headers["landline-path"] == "/Shared/%E5%A4%8F%201.txt")
            // Another file keeps its name; the same one is there already.
            #expect(try await upload(Array("two".utf8)).headers["landline-path"] == "/Shared/%E5%A4%8F%201%20%282%29.txt")
            #expect(try await upload(Array("one".utf8)).headers["landline-path"] == "/Shared/%E5%A4%8F%201.txt")
            #expect(try await upload(Array("three".utf8), [("overwrite", "true")]).headers["landline-path"] == "/Shared/%E5%A4%8F%201.txt")
            let caller = FileCaller(try #require(anna.userID))
            let nodes = try await server.homeserver.files.list(FilePath("/Shared"), FileListing(), for: caller).nodes
            #expect(nodes.map(\.name).sorted() == ["夏 1 (2).txt", "夏 1.txt"])
            #expect(nodes.allSatisfy { $0.contentType == "text/plain" && $0.modifiedTimestamp == 1_700_000_000_123 })
            #expect(nodes.map(\.byteCount).sorted() == [3, 5])
        }
    }

    @Test func creationCanBringBytes() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let headers = ["Upload-Length": "5", "Content-Type": "application/offset+octet-stream"]
            let part = try await Self.request(anna, "POST", Self.path, headers, Array("hel".utf8))
            #expect(part.status == 201 && part.headers["upload-offset"] == "3")
            let whole = try await Self.request(anna, "POST", Self.path, headers, Array("hello".utf8))
            #expect(whole.status == 201 && whole.headers["landline-content-uri"] != nil)
            let empty = try await Self.request(anna, "POST", Self.path, ["Upload-Length": "0"])
            #expect(empty.status == 201 && empty.headers["landline-content-uri"] != nil)
            // More than was said is refused, and nothing of it stays.
            let wrong = try await Self.request(anna, "POST", Self.path, headers, Array("hello world".utf8))
            #expect(wrong.status == 413)
            #expect(try await anna.call("GET", Self.path).array("uploads")?.count == 1)
        }
    }

    @Test func theLengthMayBeSaidLater() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let response = try await Self.request(anna, "POST", Self.path, ["Upload-Defer-Length": "1"])
            let location = try #require(response.headers["location"])
            #expect(try await Self.patch(anna, location, at: 0, contents[..<10]).status == 204)
            let status = try await Self.request(anna, "HEAD", location)
            #expect(status.headers["upload-defer-length"] == "1" && status.headers["upload-length"] == nil)
            #expect(try await Self.patch(anna, location, at: 10, contents[10..<20], ["Upload-Length": "15"]).status == 413)
            #expect(try await Self.patch(anna, location, at: 10, contents[10..<15], ["Upload-Length": "15"]).headers["landline-content-uri"] != nil)
        }
    }

    @Test func itGoesOnAfterARestart() async throws {
        let directory = try TemporaryDirectory()
        let location = try await TestServer.run(on: directory) { server in
            let anna = try await server.register("anna")
            let location = try await Self.create(anna, contents.count)
            #expect(try await Self.patch(anna, location, at: 0, contents[..<100_000]).status == 204)
            return location
        }
        try await TestServer.run(on: directory) { server in
            let anna = try await server.client.loggedIn("anna")
            #expect(try await Self.offset(anna, location) == "100000")
            let last = try await Self.patch(anna, location, at: 100_000, contents[100_000...])
            let uri = try #require(last.headers["landline-content-uri"])
            #expect(try await anna.request("GET", "/_matrix/client/v1/media/download/\(uri.dropFirst(6))").body == contents)
        }
    }

    /// A connection that is silent is no reason to wait: a phone comes back on a new one.
    @Test func aNewRequestTakesOverFromADeadConnection() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let location = try await Self.create(anna, contents.count)
            let dead = try RawConnection(port: server.port)
            try await dead.send(
                """
                PATCH \(location) HTTP/1.1\r\nHost: test.example\r\nAuthorization: Bearer \(anna.accessToken ?? "")\r\nTus-Resumable: 1.0.0\r
                Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: \(contents.count)\r\n\r\n
                """)
            try await dead.send(Array(contents[..<50_000]))
            // The first answers may come before the bytes do.
            var offset = 0
            let deadline = ContinuousClock.now + .seconds(20)
            while offset == 0, ContinuousClock.now < deadline {
                offset = try await Self.offset(anna, location).flatMap { Int($0) } ?? -1
                if offset == 0 {
                    // Its turn was ended by the question.
                    try await dead.send(Array(contents[..<1]))
                    break
                }
            }
            #expect((0...50_000).contains(offset))
            var last = try await Self.patch(anna, location, at: offset, contents[offset...])
            // Where the question came before the dead connection's turn had begun, its bytes count after all; a client asks again.
            while last.status == 409, ContinuousClock.now < deadline {
                offset = try #require(try await Self.offset(anna, location).flatMap { Int($0) })
                last = try await Self.patch(anna, location, at: offset, contents[offset...])
            }
            let uri = try #require(last.headers["landline-content-uri"])
            #expect(try await anna.request("GET", "/_matrix/client/v1/media/download/\(uri.dropFirst(6))").body == contents)
        }
    }

    // MARK: Refusals

    @Test func aWrongOffsetChangesNothing() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let location = try await Self.create(anna, contents.count)
            #expect(try await Self.patch(anna, location, at: 0, contents[..<100]).status == 204)
            for offset in [0, 99, 101, 200_000] {
                let response = try await Self.patch(anna, location, at: offset, contents[..<10])
                #expect(response.status == 409 && response.errorCode == "LANDLINE_OFFSET", "\(offset): \(response.status)")
            }
            #expect(try await Self.offset(anna, location) == "100")
        }
    }

    @Test func requestsThatAreNotTus() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let location = try await Self.create(anna, 10)
            func status(_ method: String, _ path: String, _ headers: [String: String], _ body: [UInt8]? = nil) async throws -> Int {
                try await Self.request(anna, method, path, headers, body).status
            }
            let bytes = "application/offset+octet-stream"
            #expect(try await status("PATCH", location, ["Upload-Offset": "0", "Content-Type": "text/plain"], [1]) == 415)
            #expect(try await status("PATCH", location, ["Content-Type": bytes], [1]) == 400)
            for offset in ["-1", "x", "", "1.0", "99999999999999999999"] {
                #expect(try await status("PATCH", location, ["Upload-Offset": offset, "Content-Type": bytes], [1]) == 400, "\(offset)")
            }
            let unknown = try await Self.request(anna, "HEAD", location, ["Tus-Resumable": "0.2.2"])
            #expect(unknown.status == 412 && unknown.headers["tus-version"] == "1.0.0")
            #expect(try await anna.request("HEAD", location).status == 412)

            #expect(try await status("POST", Self.path, [:]) == 400)
            #expect(try await status("POST", Self.path, ["Upload-Length": "1", "Upload-Defer-Length": "1"]) == 400)
            #expect(try await status("POST", Self.path, ["Upload-Length": "-1"]) == 400)
            for metadata in ["filename %%%", "filename YQ==,filename YQ==", "a b c", "filename /w==", String(repeating: "a,", count: 100)] {
                #expect(try await status("POST", Self.path, ["Upload-Length": "1", "Upload-Metadata": metadata]) == 400, "\(metadata)")
            }
            #expect(try await status("POST", location, [:]) == 405)
            #expect(try await Self.offset(anna, location) == "0")
        }
    }

    @Test func targetsThatCannotBe() async throws {
        func limit(_ configuration: inout HomeserverConfiguration) { configuration.maxUploadBytes = 1_000 }
        try await TestServer.run(configure: limit) { server in
            let anna = try await server.register("anna")
            func refusal(_ path: String, byteCount: Int = 1) async throws -> Int {
                let headers = ["Upload-Length": String(byteCount), "Upload-Metadata": Self.metadata([("path", path)])]
                return try await Self.request(anna, "POST", Self.path, headers).status
            }
            #expect(try await refusal("/Shared/missing/a") == 409)
            #expect(try await refusal("/Elsewhere/a") == 404)
            #expect(try await refusal("/Shared/../Private/a") == 400)
            #expect(try await refusal("/Shared/a\u{0}b") == 400)
            #expect(try await refusal("/Shared") == 405)
            #expect(try await refusal("/Shared/a", byteCount: 1_001) == 413)
            #expect(try await Self.request(anna, "POST", Self.path, ["Upload-Length": String(Int64.max)]).status == 413)
            #expect(try await anna.call("GET", Self.path).array("uploads") == [])
        }
    }

    @Test func aWrongChecksumTakesTheBytesBack() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let location = try await Self.create(anna, 20)
            func checksum(_ bytes: [UInt8]) -> [String: String] { ["Upload-Checksum": "sha256 \(Base64.encodePadded(Digest.sha256(bytes)))"] }
            #expect(try await Self.patch(anna, location, at: 0, contents[..<10], checksum(Array(contents[..<10]))).status == 204)
            #expect(try await Self.patch(anna, location, at: 10, contents[10..<20], checksum([1])).status == 460)
            #expect(try await Self.patch(anna, location, at: 10, contents[10..<20], ["Upload-Checksum": "crc32 AAAA"]).status == 400)
            #expect(try await Self.offset(anna, location) == "10")
            let sha1 = ["Upload-Checksum": "sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk="]
            #expect(try await Self.patch(anna, location, at: 10, contents[10..<10], sha1).status == 204)
            let last = try await Self.patch(anna, location, at: 10, contents[10..<20], checksum(Array(contents[10..<20])))
            let uri = try #require(last.headers["landline-content-uri"])
            #expect(try await anna.request("GET", "/_matrix/client/v1/media/download/\(uri.dropFirst(6))").body == Array(contents[..<20]))
        }
    }

    @Test func uploadsAreTheirOwners() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let location = try await Self.create(anna, 10, [("filename", "x")])
            #expect(try await Self.request(ben, "HEAD", location).status == 404)
            #expect(try await Self.patch(ben, location, at: 0, contents[..<10]).status == 404)
            #expect(try await Self.request(ben, "DELETE", location).status == 404)
            #expect(try await ben.call("GET", Self.path).array("uploads") == [])
            let listed = try #require(try await anna.call("GET", Self.path).array("uploads")?.first?.objectValue)
            #expect(listed.string("name") == "x" && listed.integer("size") == 10 && listed.integer("offset") == 0)
            #expect(try await Self.request(anna, "POST", location, ["X-HTTP-Method-Override": "DELETE"]).status == 204)
            #expect(try await Self.request(anna, "HEAD", location).status == 404)
        }
    }

    @Test func aUserHasOnlySoManyUnfinishedUploads() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            for _ in 0..<256 { _ = try await Self.create(anna, 10) }
            let response = try await Self.request(anna, "POST", Self.path, ["Upload-Length": "10"])
            #expect(response.status == 429 && response.errorCode == "M_LIMIT_EXCEEDED")
        }
    }

    @Test func whatIsAbandonedGoes() async throws {
        let directory = try TemporaryDirectory()
        let location = try await TestServer.run(on: directory) { server in
            let anna = try await server.register("anna")
            let location = try await Self.create(anna, 10)
            #expect(try await Self.patch(anna, location, at: 0, contents[..<5]).status == 204)
            return location
        }
        let later = Clock { Clock.system.nowMilliseconds + 8 * 24 * 3_600 * 1_000 }
        try await TestServer.run(on: directory, clock: later) { server in
            let anna = try await server.client.loggedIn("anna")
            #expect(try await Self.request(anna, "HEAD", location).status == 404)
        }
    }

    @Test func pagesOfOtherOriginsMayUpload() async throws {
        try await TestServer.run { server in
            for path in [Self.path, Self.path + "/x"] {
                let response = try await server.client.request("OPTIONS", path, headers: ["Origin": "http://other.example"])
                #expect(response.status == 204)
                #expect(response.headers["tus-version"] == "1.0.0" && response.headers["tus-max-size"] != nil)
                #expect(response.headers["tus-extension"]?.contains("creation-with-upload") == true)
                #expect(response.headers["access-control-allow-methods"]?.contains("PATCH") == true)
                #expect(response.headers["access-control-allow-headers"]?.contains("Upload-Offset") == true)
                #expect(response.headers["access-control-allow-headers"]?.contains("Authorization") == true)
                #expect(response.headers["access-control-allow-origin"] == "*")
            }
        }
    }
}
