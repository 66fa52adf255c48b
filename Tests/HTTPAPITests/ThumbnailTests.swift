import Foundation
import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// Thumbnails over HTTP: which are made, which are shared, and what becomes of a process that fails.
struct ThumbnailTests {
    private let large = TestPicture.png(1_000, 700, isTransparent: true)

    private func upload(_ bytes: [UInt8], _ client: MatrixClient, type: String = "image/png") async throws -> String {
        let response = try await client.request("POST", "/_matrix/media/v3/upload", body: bytes, headers: ["Content-Type": type])
        return try #require(response.json.string("content_uri")?.split(separator: "/").last.map { String($0) })
    }

    private func thumbnail(
        _ id: String, _ client: MatrixClient, _ width: Int, _ height: Int, _ method: String? = nil, animated: String? = nil
    ) async throws -> MatrixClient.Response {
        var query = [("width", "\(width)"), ("height", "\(height)")]
        if let method { query.append(("method", method)) }
        if let animated { query.append(("animated", animated)) }
        return try await client.request("GET", "/_matrix/client/v1/media/thumbnail/test.example/\(id)", query: query)
    }

    /// A program that notes that it was started, and then does as `rest` says; `$BOX "$@"` is the real one.
    private func program(_ rest: String, in directory: TemporaryDirectory) throws -> String {
        let path = directory.path + "/program"
        let text = "#!/bin/sh\nBOX=\(TestServer.executable)\necho x >> \(directory.path)/runs\n\(rest)\n"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    private func runs(_ directory: TemporaryDirectory) -> Int {
        ((try? String(contentsOfFile: directory.path + "/runs", encoding: .utf8)) ?? "").count / 2
    }

    private func withProgram(_ rest: String, _ body: (TestServer, TemporaryDirectory) async throws -> Void) async throws {
        try #require(FileManager.default.isExecutableFile(atPath: TestServer.executable), "swift build makes \(TestServer.executable)")
        let directory = try TemporaryDirectory()
        let path = try program(rest, in: directory)
        let server = try await TestServer { $0.thumbnailExecutable = path }
        do {
            try await body(server, directory)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    @Test func aThumbnailIsMadeOnceAndOutlivesARestart() async throws {
        let directory = try TemporaryDirectory()
        let path = try program("exec $BOX \"$@\"", in: directory)
        var id = ""
        let configure: @Sendable (inout HomeserverConfiguration) -> Void = { $0.thumbnailExecutable = path }
        try await TestServer.run(on: directory, configure: configure) { server in
            let anna = try await server.register("anna")
            id = try await upload(large, anna)
            let first = try await thumbnail(id, anna, 300, 200)
            #expect(first.status == 200 && TestPicture.size(ofPNG: first.body) == [320, 224])
            #expect(first.headers["content-type"] == "image/png")
            #expect(first.headers["content-disposition"] == #"inline; filename="thumbnail.png""#)
            #expect(first.headers["x-content-type-options"] == "nosniff")
            let second = try await thumbnail(id, anna, 320, 240, "scale")
            #expect(second.body == first.body && second.headers["etag"] == first.headers["etag"])
            #expect(runs(directory) == 1)
            let cropped = try await thumbnail(id, anna, 20, 20, "crop")
            #expect(TestPicture.size(ofPNG: cropped.body) == [32, 32])
            #expect(runs(directory) == 2)
        }
        try await TestServer.run(on: directory, configure: configure) { server in
            let anna = try await server.client.loggedIn("anna")
            #expect(TestPicture.size(ofPNG: try await thumbnail(id, anna, 32, 32, "crop").body) == [32, 32])
            // The legacy path wants no token.
            let old = try await server.client.request(
                "GET", "/_matrix/media/v3/thumbnail/test.example/\(id)", query: [("width", "300"), ("height", "200"), ("allow_remote", "false")])
            #expect(old.status == 200 && TestPicture.size(ofPNG: old.body) == [320, 224])
            #expect(runs(directory) == 2)
        }
    }

    @Test func whoAsksForTheSameWaitsForTheSame() async throws {
        try await withProgram("sleep 0.3; exec $BOX \"$@\"") { server, directory in
            let anna = try await server.register("anna")
            let id = try await upload(large, anna)
            let sizes = try await withThrowingTaskGroup(of: [Int].self) { group in
                for _ in 0..<12 { group.addTask { TestPicture.size(ofPNG: try await thumbnail(id, anna, 90, 90, "crop").body) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(sizes == Array(repeating: [96, 96], count: 12))
            #expect(runs(directory) == 1)
        }
    }

    @Test func aSmallPictureIsGivenAsItIs() async throws {
        try await withProgram("exec $BOX \"$@\"") { server, directory in
            let anna = try await server.register("anna")
            let small = TestPicture.png(90, 40)
            let id = try await upload(small, anna, type: "text/html")
            for _ in 0..<3 {
                let response = try await thumbnail(id, anna, 40, 40, "crop")
                #expect(response.status == 200 && response.body == small)
                // What it is, and not what it was said to be.
                #expect(response.headers["content-type"] == "image/png" && response.headers["content-disposition"]?.hasPrefix("inline") == true)
            }
            #expect(runs(directory) == 1)
        }
    }

    @Test(arguments: ["kill -SEGV $$", "head -c 100 /dev/urandom", "printf 'Tp\\144\\0\\0\\0abc'", "$BOX \"$@\" | head -c 50", "exec cat"])
    func aProcessThatFailsIsAnErrorOfThatPicture(_ rest: String) async throws {
        try await withProgram(rest) { server, directory in
            let anna = try await server.register("anna")
            let id = try await upload(large, anna)
            for _ in 0..<2 {
                let response = try await thumbnail(id, anna, 32, 32)
                #expect(response.status == 400 && response.errorCode == "M_UNKNOWN", "\(response.status) \(response.text)")
            }
            #expect(runs(directory) == 1)
            #expect(try await anna.request("GET", "/_matrix/client/v1/media/download/test.example/\(id)").body == large)
        }
    }

    /// That says nothing about the picture, so it is tried again.
    @Test func aProcessThatCannotStart() async throws {
        try await withProgram("exit 9") { server, directory in
            let anna = try await server.register("anna")
            let id = try await upload(large, anna)
            for _ in 0..<2 { #expect(try await thumbnail(id, anna, 32, 32).status == 500) }
            #expect(runs(directory) == 2)
            _ = try program("exec $BOX \"$@\"", in: directory)
            #expect(try await thumbnail(id, anna, 32, 32).status == 200)
        }
        let configure: @Sendable (inout HomeserverConfiguration) -> Void = { $0.thumbnailExecutable = "/nowhere" }
        try await TestServer.run(configure: configure) { server in
            let anna = try await server.register("anna")
            #expect(try await thumbnail(try await upload(large, anna), anna, 32, 32).status == 500)
        }
    }

    @Test func wishesThatMakeNoSense() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let id = try await upload(large, anna)
            for query in [
                [("width", "0"), ("height", "8")], [("width", "8"), ("height", "-1")], [("width", "8"), ("height", "x")],
                [("width", "8"), ("height", "8"), ("method", "stretch")], [("width", "8")],
            ] {
                let response = try await anna.request("GET", "/_matrix/client/v1/media/thumbnail/test.example/\(id)", query: query)
                #expect(response.status == 400, "\(query)")
            }
            #expect(try await thumbnail(id, anna, 99_999, 99_999).status == 200)
            #expect(try await thumbnail("nothing", anna, 32, 32).errorCode == "M_NOT_FOUND")
        }
    }

    @Test func picturesInFolders() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let guest = try await server.guest()
            let caller = FileCaller(try #require(anna.userID))
            func put(_ path: String, _ bytes: [UInt8]) async throws {
                var pieces = [bytes]
                _ = try await server.homeserver.files.put(
                    FilePath(path), FileDescription(contentType: nil, byteCount: nil, modifiedTimestamp: nil), by: caller
                ) {
                    guard let piece = pieces.popLast() else { return nil }
                    return { take in try piece.withUnsafeBytes(take) }
                }
            }
            func get(_ path: String, _ client: MatrixClient) async throws -> MatrixClient.Response {
                try await client.request(
                    "GET", "/_landline/v1/files/thumbnail", query: [("path", path), ("width", "32"), ("height", "32"), ("method", "crop")])
            }
            try await put("/Shared/a b.png", large)
            try await put("/Private/mine.png", large)
            try await put("/Shared/a.txt", Array("text".utf8))
            for path in ["/Shared/a b.png", "/Private/mine.png"] {
                let response = try await get(path, anna)
                #expect(TestPicture.size(ofPNG: response.body) == [32, 32])
                #expect(response.headers["cache-control"] == "private, no-cache" && response.headers["etag"] != nil)
            }
            #expect(try await get("/Shared/a b.png", ben).status == 200)
            #expect(try await get("/Private/mine.png", ben).status == 404)
            #expect(try await get("/Shared/a b.png", guest).status == 403)
            #expect(try await get("/Shared/a.txt", anna).errorCode == "M_UNKNOWN")
            #expect(try await get("/Shared/none.png", anna).status == 404)
            #expect(try await get("/Shared", anna).status != 200)

            try await put("/Shared/a b.png", TestPicture.png(600, 600, isTransparent: true))
            #expect(TestPicture.size(ofPNG: try await get("/Shared/a b.png", anna).body) == [32, 32])
            try await server.homeserver.files.delete(FilePath("/Shared/a b.png"), by: caller)
            #expect(try await get("/Shared/a b.png", anna).status == 404)
        }
    }
}
