import Foundation
import NIOCore
import TestSupport
import Testing

@testable import HTTPAPI

struct WebClientTests {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../web").standardizedFileURL.path

    /// The list in CWebClient.c is kept by hand: it has each file of web/, and nothing else.
    @Test func theExecutableHoldsTheFilesOfTheWebClient() throws {
        let onDisk = try Set(
            FileManager.default.subpathsOfDirectory(atPath: Self.directory).filter { path in
                var isDirectory: ObjCBool = false
                return FileManager.default.fileExists(atPath: "\(Self.directory)/\(path)", isDirectory: &isDirectory) && !isDirectory.boolValue
            })
        #expect(Set(WebFiles.all.keys).subtracting(onDisk) == [], "in CWebClient.c, not in web/")
        #expect(onDisk.subtracting(WebFiles.all.keys) == [], "in web/, not in CWebClient.c")
        for (path, file) in WebFiles.all {
            let contents = try [UInt8](Data(contentsOf: URL(filePath: "\(Self.directory)/\(path)")))
            let isSame = contents.elementsEqual(file.contents.readableBytesView)
            #expect(isSame, "\(path) was embedded from something else")
            #expect(file.contentType != "application/octet-stream", "\(path) has no content type")
        }
    }

    @Test func pagesAndFilesAreServed() async throws {
        try await TestServer.run { server in
            let index = WebFiles.all["index.html"].map { [UInt8]($0.contents.readableBytesView) }
            for path in ["/", "/index.html", "/j/K7QF2M", "/?x=y"] {
                let page = try await server.client.request("GET", path)
                #expect(page.status == 200 && page.body == index)
                #expect(page.headers["content-type"] == "text/html; charset=utf-8")
                #expect(page.headers["content-security-policy"]?.contains("default-src 'none'; script-src 'self';") == true)
                #expect(page.headers["content-security-policy"]?.contains("unsafe") == false)
                #expect(page.headers["x-content-type-options"] == "nosniff")
                #expect(page.headers["referrer-policy"] == "no-referrer")
                #expect(page.headers["cache-control"] == "no-cache")
            }
            let script = try await server.client.request("GET", "/js/main.js")
            #expect(script.status == 200 && script.headers["content-type"] == "text/javascript; charset=utf-8")
        }
    }

    @Test func anUnchangedFileIsNotSentAgain() async throws {
        try await TestServer.run { server in
            let first = try await server.client.request("GET", "/js/main.js")
            let tag = try #require(first.headers["etag"])
            let second = try await server.client.request("GET", "/js/main.js", headers: ["If-None-Match": tag])
            #expect(second.status == 304 && second.body.isEmpty)
            let other = try await server.client.request("GET", "/js/main.js", headers: ["If-None-Match": "\"other\""])
            #expect(other.status == 200 && other.body == first.body)
        }
    }

    @Test(arguments: ["/js/", "/js/nothing.js", "/j/", "/j/a/b", "/../Package.swift", "/%2e%2e/Package.swift", "/js%2Fmain.js", "/index.html/"])
    func nothingElseIs(_ path: String) async throws {
        try await TestServer.run { server in
            let connection = try RawConnection(port: server.port)
            try await connection.send("GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try await connection.receiveAll().hasPrefix("HTTP/1.1 404 "))
        }
    }
}
