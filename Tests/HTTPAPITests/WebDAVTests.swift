import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// RFC 4918. What the protocol's own test suite asks is asked by it, in Tests/EndToEnd/test_webdav.py.
struct WebDAVTests {
    // MARK: Files

    @Test func aFileIsPutReplacedAndRead() async throws {
        try await TestServer.withDrive { _, _, drive in
            let first = try await drive.request("PUT", "Private/a%20b.txt", body: "first")
            #expect(first.status == 201)
            let second = try await drive.request("PUT", "Private/a%20b.txt", ["X-OC-Mtime": "1000000000"], body: "second")
            #expect(second.status == 204 && second.headers["x-oc-mtime"] == "accepted")
            let got = try await drive.request("GET", "Private/a%20b.txt")
            #expect(got.status == 200 && got.text == "second" && got.headers["etag"] == second.headers["etag"])
            #expect(got.headers["content-type"] == "text/plain" && got.headers["last-modified"] == "Sun, 09 Sep 2001 01:46:40 GMT")
            #expect(got.headers["content-security-policy"]?.contains("sandbox") == true && got.headers["x-content-type-options"] == "nosniff")
            #expect(got.headers["cross-origin-resource-policy"] == "same-origin")
            let tag = try #require(got.headers["etag"])
            #expect(first.headers["etag"] != nil && first.headers["etag"] != tag)
            #expect(try await drive.request("GET", "Private/a%20b.txt", ["If-None-Match": tag]).status == 304)
            let part = try await drive.request("GET", "Private/a%20b.txt", ["Range": "bytes=1-2", "If-Range": tag])
            #expect(part.status == 206 && part.text == "ec" && part.headers["content-range"] == "bytes 1-2/6")
            let head = try await drive.request("HEAD", "Private/a%20b.txt")
            #expect(head.status == 200 && head.headers["content-length"] == "6" && head.body.isEmpty)
        }
    }

    @Test func aFileIsWrittenOnlyAsTheClientExpectsIt() async throws {
        try await TestServer.withDrive { _, _, drive in
            #expect(try await drive.request("PUT", "Private/a", ["If-Match": "*"], body: "x").status == 412)
            let made = try await drive.request("PUT", "Private/a", ["If-None-Match": "*"], body: "one")
            #expect(made.status == 201)
            #expect(try await drive.request("PUT", "Private/a", ["If-None-Match": "*"], body: "x").status == 412)
            #expect(try await drive.request("PUT", "Private/a", ["If-Match": "\"other\""], body: "x").status == 412)
            #expect(try await drive.request("PUT", "Private/a", ["Content-Range": "bytes 0-0/3"], body: "x").status == 400)
            #expect(try await drive.request("GET", "Private/a").text == "one")
            let tag = try #require(made.headers["etag"])
            #expect(try await drive.request("PUT", "Private/a", ["If-Match": "\"x\", \(tag)"], body: "two").status == 204)
            #expect(try await drive.request("PUT", "Private/a", ["If": "([\(tag)])"], body: "x").status == 412)
            #expect(try await drive.request("PUT", "Private/a", ["If": "(Not [\(tag)])"], body: "three").status == 204)
        }
    }

    @Test func aFileThatIsCutOffIsNoFile() async throws {
        try await TestServer.withDrive { server, _, drive in
            _ = try await drive.request("PUT", "Private/a", body: "whole")
            let connection = try RawConnection(port: server.port)
            try await connection.send(
                "PUT /dav/Private/a HTTP/1.1\r\nHost: box\r\nAuthorization: \(drive.authorization ?? "")\r\nContent-Length: 100\r\n\r\npart")
            try await connection.finishSending()
            _ = try await connection.receive()
            #expect(try await drive.request("GET", "Private/a").text == "whole")
            #expect(try await drive.request("PUT", "Private/a", ["Content-Length": "-1"], body: "x").status == 400)
        }
    }

    // MARK: Folders, copies and moves

    @Test func foldersAreMadeAndDeleted() async throws {
        try await TestServer.withDrive { _, anna, drive in
            #expect(try await drive.request("MKCOL", "Private/a/").status == 201)
            #expect(try await drive.request("MKCOL", "Private/a").status == 405)
            #expect(try await drive.request("MKCOL", "Private").status == 405)
            #expect(try await drive.request("MKCOL", "Private/x/y").status == 409)
            #expect(try await drive.request("MKCOL", "Private/b", body: "<x/>").status == 415)
            #expect(try await drive.request("MKCOL", "Elsewhere").status == 404)
            #expect(try await drive.request("PUT", "Private/x/y", body: "x").status == 409)
            #expect(try await drive.request("PUT", "Private/a", body: "x").status == 405)
            #expect(try await drive.request("PUT", "Private/a/file", body: "x").status == 201)
            #expect(try await drive.request("DELETE", "Private/a", ["Depth": "0"]).status == 400)
            #expect(try await drive.request("DELETE", "Private/a").status == 204)
            #expect(try await drive.request("DELETE", "Private/a").status == 404)
            for path in ["", "Private", "Shared/"] { #expect(try await drive.request("DELETE", path).status == 403, "\(path)") }
            let bin = try await anna.call("GET", "/_landline/v1/files/bin")
            #expect(bin.array("files")?.compactMap { $0.objectValue?.string("original_path") } == ["/Private/a"])
        }
    }

    @Test func copiesAndMovesGoWhereTheyShould() async throws {
        try await TestServer.withDrive { _, _, drive in
            _ = try await drive.request("PUT", "Private/a", body: "a")
            _ = try await drive.request("PUT", "Private/b", body: "b")
            func copy(_ destination: String, _ headers: [String: String] = [:]) async throws -> Int {
                try await drive.request("COPY", "Private/a", headers.merging(["Destination": destination]) { $1 }).status
            }
            #expect(try await copy("http://box/dav/Private/c") == 201)
            #expect(try await copy("HTTPS://anna@BOX/dav/Private/c") == 204)
            #expect(try await copy("/dav/Private/d%20e") == 201)
            #expect(try await copy("/dav/Private/b", ["Overwrite": "F"]) == 412)
            #expect(try await copy("/dav/Private/b", ["Overwrite": "x"]) == 400)
            #expect(try await copy("/dav/Private/a") == 403)
            #expect(try await copy("/dav/Private/x/y") == 409)
            #expect(try await copy("/dav/Private/x", ["Depth": "1"]) == 400)
            #expect(try await copy("http://other/dav/Private/x") == 502)
            #expect(try await copy("http://box/davx/Private/x") == 502)
            #expect(try await copy("/_matrix/x") == 502)
            #expect(try await copy("ftp://box/dav/Private/x") == 400)
            #expect(try await copy("/dav/Private/x?y") == 400)
            #expect(try await copy("/dav/Private/%zz") == 400)
            #expect(try await copy("/dav/Private/..") == 400)
            #expect(try await drive.request("COPY", "Private/a").status == 400)
            #expect(try await drive.request("GET", "Private/b").text == "b")
            #expect(try await drive.request("MOVE", "Private/a", ["Destination": "/dav/Shared/a"]).status == 201)
            #expect(try await drive.request("GET", "Private/a").status == 404)
            #expect(try await drive.request("GET", "Shared/a").text == "a")
            #expect(try await drive.request("MOVE", "Private/b", ["Destination": "/dav/Shared/a", "Overwrite": "T"]).status == 204)
            #expect(try await drive.request("GET", "Shared/a").text == "b")
            #expect(try await drive.request("MOVE", "Private", ["Destination": "/dav/Shared/all"]).status == 403)
        }
    }

    @Test func optionsSayWhatIsPossible() async throws {
        try await TestServer.withDrive { server, _, drive in
            for path in ["/dav", "/dav/", "/dav/Private/x"] {
                let answer = try await drive.send("OPTIONS", path)
                #expect(answer.status == 200 && answer.headers["dav"] == "1, 2, 3" && answer.headers["ms-author-via"] == "DAV", "\(path)")
                #expect(answer.headers["allow"]?.contains("PROPFIND") == true)
            }
            let nobody = DriveClient(port: server.port)
            #expect(try await nobody.send("OPTIONS", "/").headers["dav"] == "1, 2, 3")
            #expect(try await nobody.send("OPTIONS", "/dav/").status == 401)
            let preflight = try await nobody.send("OPTIONS", "/dav/", ["Origin": "http://x", "Access-Control-Request-Method": "PUT"])
            #expect(preflight.status == 204 && preflight.headers["access-control-allow-origin"] == "*")
        }
    }

    // MARK: Bad input

    @Test(arguments: [
        "..", "%2e%2e", "%2E%2e/x", ".", "a%2Fb", "a%2fb", "..%2f..%2fetc%2fpasswd", "a%00b", "%00", "a%0Ab", "a%7Fb", "%C0%AE%C0%AE", "%FF", "%",
        "%4", "%zz", "%ED%A0%80", "%C2%85",
    ])
    func namesThatAreTricksAreRefused(_ name: String) async throws {
        try await TestServer.withDrive { _, _, drive in
            for method in ["PUT", "MKCOL", "GET", "DELETE", "PROPFIND", "LOCK"] {
                let isPut = method == "PUT"
                let answer = try await drive.request(method, "Private/\(name)", isPut ? [:] : ["Depth": "0"], body: isPut ? "x" : nil)
                #expect(answer.status == 400, "\(method): \(answer.status)")
            }
            #expect(try await drive.request("PROPFIND", "Private/", ["Depth": "1"]).elements(.dav("href")).map(\.text) == ["/dav/Private/"])
        }
    }

    @Test func namesAreKeptAsTheyAre() async throws {
        try await TestServer.withDrive { _, _, drive in
            let names = ["CON", "nul.txt", "a:b", "<b>&\"'.html", "%41", "a\\b", "*?|", " x ", "...", ".hidden", "文件", "🙂", "~", "name.", "A", "a"]
            for name in names {
                #expect(try await drive.request("PUT", "Private/\(MatrixClient.encoded(name))", body: name).status == 201, "\(name)")
            }
            let listed = try await drive.request("PROPFIND", "Private/", ["Depth": "1"])
            #expect(Set(listed.elements(.dav("displayname")).map(\.text)) == Set(names + ["Private"]))
            for href in listed.elements(.dav("href")).map(\.text).dropFirst() {
                let got = try await drive.send("GET", href)
                #expect(got.status == 200 && names.contains(got.text), "\(href)")
            }
            // macOS takes letters and their accents apart.
            #expect(try await drive.request("PUT", "Private/Ka%CC%88se", body: "1").status == 201)
            #expect(try await drive.request("PUT", "Private/K%C3%A4se", body: "2").status == 204)
            let long = String(repeating: "%C3%A4", count: 127)
            #expect(try await drive.request("PUT", "Private/\(long)b", body: "x").status == 201)
            #expect(try await drive.request("PUT", "Private/\(long)bc", body: "x").status == 400)
            let deep = Array(repeating: "x", count: 70).joined(separator: "/")
            #expect(try await drive.request("PUT", "Private/\(deep)", body: "x").status == 400)
        }
    }

    /// The first or the second is there in the end, and never a mixture.
    @Test func twoWritersOfOneFile() async throws {
        try await TestServer.withDrive { _, _, drive in
            let bodies = ["a", "b"].map { String(repeating: $0, count: 300_000) }
            for _ in 0..<5 {
                async let first = drive.request("PUT", "Private/x", body: bodies[0])
                async let second = drive.request("PUT", "Private/x", body: bodies[1])
                let statuses = try await [first.status, second.status]
                #expect(statuses.allSatisfy { $0 == 201 || $0 == 204 }, "\(statuses)")
                #expect(bodies.contains(try await drive.request("GET", "Private/x").text))
            }
        }
    }

    // MARK: A browser without scripts

    @Test func aFolderIsAPage() async throws {
        try await TestServer.withDrive { _, _, drive in
            _ = try await drive.request("PUT", "Private/%3Cimg%20src=x%3E.txt", body: "x")
            let page = try await drive.request("GET", "Private/", ["Accept-Language": "en"])
            #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8")
            #expect(page.text.contains("&lt;img src=x&gt;.txt") && !page.text.contains("<img") && !page.text.contains("<script"))
            #expect(page.headers["content-security-policy"]?.contains("default-src 'none'") == true)
            #expect(try await drive.request("GET", "", ["Accept-Language": "zh-CN"]).text.contains("名称"))
            #expect(try await drive.request("GET", "Private/nothing/").status == 404)
        }
    }

    private func form(_ parts: [(String, String)]) -> String {
        parts.map { "--x\r\nContent-Disposition: form-data; \($0.0)\r\n\r\n\($0.1)\r\n" }.joined() + "--x--\r\n"
    }

    @Test func aFormUploadsAndReplacesNothing() async throws {
        try await TestServer.withDrive { _, _, drive in
            let type = ["Content-Type": "multipart/form-data; boundary=x"]
            let files = form([("name=\"file\"; filename=\"a.txt\"", "one"), ("name=\"file\"; filename=\"\"", ""), ("name=\"folder\"", "New")])
            let sent = try await drive.request("POST", "Private/", type, body: files)
            #expect(sent.status == 303 && sent.headers["location"] == "/dav/Private/")
            #expect(try await drive.request("POST", "Private", type, body: form([("name=\"file\"; filename=\"a.txt\"", "two")])).status == 303)
            #expect(try await drive.request("GET", "Private/a.txt").text == "one")
            #expect(try await drive.request("GET", "Private/a%20(2).txt").text == "two")
            #expect(try await drive.request("GET", "Private/New/").status == 200)
            let refused = try await drive.request("POST", "Private/", type, body: form([("name=\"folder\"", "..")]))
            #expect(refused.status == 400 && refused.text.contains("role=\"alert\""))
            #expect(try await drive.request("POST", "Private/", ["Content-Type": "text/plain"], body: "x").status == 415)
            let cut = "--x\r\nContent-Disposition: form-data; name=folder\r\n\r\ncut"
            #expect(try await drive.request("POST", "Private/", type, body: cut).status == 400)
        }
    }
}
