import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// Links for guests, and the addresses that browsers download from.
struct ShareTests {
    /// Puts a file into a folder of a user.
    private static func put(_ text: String, _ path: String, _ client: MatrixClient, _ server: TestServer, type: String = "text/plain") async throws {
        let caller = FileCaller(try #require(client.userID))
        let path = try FilePath(path)
        if let folder = path.parent, folder.components.count > 1 { _ = try? await server.homeserver.files.makeFolder(folder, by: caller) }
        nonisolated(unsafe) var rest: [UInt8]? = Array(text.utf8)
        _ = try await server.homeserver.files.put(path, FileDescription(contentType: type), by: caller) {
            guard let bytes = rest else { return nil }
            rest = nil
            return { take in try bytes.withUnsafeBytes { try take($0) } }
        }
    }

    private static func share(_ client: MatrixClient, _ body: JSONObject) async throws -> (token: String, path: String) {
        let token = try #require(try await client.call("POST", "/_landline/v1/shares", json: body).string("token"))
        return (token, "/s/\(token)")
    }

    private static func form(_ files: [(name: String, text: String)]) -> (body: [UInt8], headers: [String: String]) {
        var text = ""
        for file in files {
            text += "--XyZ\r\nContent-Disposition: form-data; name=\"files\"; filename=\"\(file.name)\"\r\nContent-Type: text/plain\r\n\r\n"
            text += file.text + "\r\n"
        }
        return (Array((text + "--XyZ--\r\n").utf8), ["Content-Type": "multipart/form-data; boundary=XyZ", "Accept": "text/html"])
    }

    private static let html = ["Accept": "text/html"]

    // MARK: Sharing

    @Test func aGuestReadsWhatIsSharedAndNothingElse() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let guest = server.client
            try await Self.put("hello", "/Private/Photos/a&<b>.txt", anna, server)
            try await Self.put("secret", "/Private/secret.txt", anna, server)
            let answer = try await anna.call("POST", "/_landline/v1/shares", json: ["path": "/Private/Photos"])
            let token = try #require(answer.string("token"))
            #expect(token.utf8.count == 32 && answer.string("link") == "\(server.url)/s/\(token)" && answer.string("kind") == "folder")
            let page = try await guest.request("GET", "/s/\(token)", headers: Self.html)
            #expect(page.status == 200 && page.text.contains("a&amp;&lt;b&gt;.txt") && !page.text.contains("secret"))
            #expect(page.text.contains("anna") && page.text.contains("Test box") && !page.text.contains("<script"))
            #expect(page.headers["content-security-policy"]?.hasPrefix("default-src 'none';") == true)
            #expect(page.headers["referrer-policy"] == "no-referrer" && page.headers["cache-control"] == "no-store")

            let file = try await guest.request("GET", "/s/\(token)/a%26%3Cb%3E.txt")
            #expect(file.status == 200 && file.text == "hello" && file.headers["content-security-policy"]?.contains("sandbox") == true)
            #expect(file.headers["referrer-policy"] == "no-referrer")
            #expect(try await guest.request("GET", "/s/\(token)/a%26%3Cb%3E.txt", headers: ["Range": "bytes=1-2"]).text == "el")
            for path in ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2Fsecret.txt", "/%2Fsecret.txt", "/secret.txt", "//secret.txt"] {
                let response = try await guest.request("GET", "/s/\(token)\(path)")
                #expect((400...499).contains(response.status) && !response.text.contains("secret\n"), "\(path): \(response.status)")
            }
            let chinese = try await guest.request("GET", "/s/\(token)", headers: ["Accept": "text/html", "Accept-Language": "zh-CN,zh"])
            #expect(chinese.text.contains("全部下载"))
            #expect(try await guest.request("GET", "/s/\(token)x", headers: Self.html).status == 404)
            #expect(try await guest.request("GET", "/s/\(token)x").errorCode == "M_NOT_FOUND")
        }
    }

    @Test func aLinkEndsWithItsFileItsTimeAndItsMaker() async throws {
        let clockOffset = Offset()
        let clock = Clock { Clock.system.nowMilliseconds + clockOffset.milliseconds }
        try await TestServer.run(clock: clock) { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            try await Self.put("hello", "/Shared/Photos/a.txt", anna, server)
            let link = try await Self.share(anna, ["path": "/Shared/Photos/a.txt", "expires_seconds": 3_600])
            // Somebody sets the clock: the link was made for an hour.
            clockOffset.milliseconds = 10 * 24 * 3_600 * 1_000
            #expect(try await server.client.request("GET", "\(link.path)/a.txt").text == "hello")
            clockOffset.milliseconds = 0

            #expect(try await ben.request("DELETE", "/_landline/v1/shares/\(link.token)").status == 404)
            #expect(try await ben.call("GET", "/_landline/v1/shares").array("shares") == [])
            // It follows the file.
            let caller = FileCaller(try #require(anna.userID))
            _ = try await server.homeserver.files.move(
                FilePath("/Shared/Photos/a.txt"), to: FilePath("/Shared/b.txt"), overwrites: false, by: caller)
            #expect(try await server.client.request("GET", "\(link.path)/b.txt").text == "hello")
            // Into somebody's own folder it is not followed.
            _ = try await server.homeserver.files.move(
                FilePath("/Shared/b.txt"), to: FilePath("/Private/b.txt"), overwrites: false, by: FileCaller(try #require(ben.userID)))
            #expect(try await server.client.request("GET", "\(link.path)/b.txt").status == 404)

            try await Self.put("hello", "/Shared/Photos/c.txt", anna, server)
            let inBin = try await Self.share(anna, ["path": "/Shared/Photos/c.txt"])
            try await server.homeserver.files.delete(FilePath("/Shared/Photos"), by: caller)
            #expect(try await server.client.request("GET", inBin.path).status == 404)

            try await Self.put("hello", "/Private/d.txt", anna, server)
            let revoked = try await Self.share(anna, ["path": "/Private/d.txt"])
            try await anna.call("DELETE", "/_landline/v1/shares/\(revoked.token)")
            #expect(try await server.client.request("GET", revoked.path).status == 404)
            let last = try await Self.share(anna, ["path": "/Private/d.txt"])
            #expect(try await anna.call("GET", "/_landline/v1/shares").array("shares")?.count == 1)
            try await server.homeserver.accounts.deactivate(try #require(anna.userID))
            #expect(try await server.client.request("GET", last.path).status == 404)
        }
    }

    private final class Offset: @unchecked Sendable {
        // The test changes it between requests only.
        var milliseconds: Int64 = 0
    }

    @Test func anOldLinkExpiresByTheClock() async throws {
        let directory = try TemporaryDirectory()
        let link = try await TestServer.run(on: directory) { server in
            let anna = try await server.register("anna")
            try await Self.put("hello", "/Private/a.txt", anna, server)
            return try await Self.share(anna, ["path": "/Private/a.txt", "expires_seconds": 3_600])
        }
        try await TestServer.run(on: directory) { server in
            let answer = try await server.client.request("GET", "\(link.path)/a.txt")
            #expect(answer.text == "hello")
        }
        try await TestServer.run(on: directory, clock: Clock { Clock.system.nowMilliseconds + 3_601_000 }) { server in
            let gone = try await server.client.request("GET", "\(link.path)/a.txt")
            #expect(gone.status == 404)
        }
    }

    @Test func aPINIsAskedForOnce() async throws {
        try await TestServer.run(configure: { $0.hasRateLimits = true }, withPIN)
    }

    private func withPIN(_ server: TestServer) async throws {
        let anna = try await server.register("anna")
        try await Self.put("hello", "/Private/a.txt", anna, server)
        let link = try await Self.share(anna, ["path": "/Private/a.txt", "pin": "246810"])
        let asked = try await server.client.request("GET", link.path, headers: Self.html)
        #expect(asked.status == 403 && asked.text.contains("name=\"pin\"") && !asked.text.contains("a.txt"))
        #expect(try await server.client.request("GET", "\(link.path)/a.txt").errorCode == "LANDLINE_PIN")
        let formType = ["Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"]
        let raw = try RawClient(server)
        let right = try await raw.request("POST", link.path, body: Array("pin=246810".utf8))
        #expect(right.status == 303)
        // What the cookie holds is good for this link alone.
        let proof = try await server.homeserver.shares.proof(of: "246810", for: link.token, address: nil)
        let cookie = ["Cookie": "other=1; landline_share=\(proof)"]
        #expect(try await server.client.request("GET", "\(link.path)/a.txt", headers: cookie).text == "hello")
        let other = try await Self.share(anna, ["path": "/Private/a.txt", "pin": "246810"])
        #expect(try await server.client.request("GET", other.path, headers: cookie).status == 403)
        var statuses: [Int] = []
        for guess in 0..<14 {
            statuses.append(try await server.client.request("POST", link.path, body: Array("pin=\(guess)".utf8), headers: formType).status)
        }
        #expect(statuses.first == 403 && statuses.last == 429)
        #expect(try await server.client.request("GET", "\(link.path)/a.txt", headers: cookie).text == "hello")
    }

    // MARK: Drop boxes

    @Test func guestsPutFilesIntoADropBox() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            try await Self.put("mine", "/Private/Inbox/mine.txt", anna, server)
            let link = try await Self.share(anna, ["path": "/Private/Inbox", "upload": true, "max_bytes": 1_000])
            let page = try await server.client.request("GET", link.path, headers: Self.html)
            #expect(page.status == 200 && page.text.contains("type=\"file\"") && !page.text.contains("mine.txt"))
            #expect(try await server.client.request("GET", "\(link.path)/mine.txt").status == 404)
            #expect(try await server.client.request("GET", link.path, query: [("zip", "1")], headers: Self.html).text.contains("type=\"file\""))

            let form = Self.form([("mine.txt", "theirs"), ("../../x\u{1}<y>.txt", ""), ("家.txt", "--XyY\r\n"), ("", "")])
            let raw = try RawClient(server)
            let head =
                "POST \(link.path) HTTP/1.1\r\nHost: test.example\r\nContent-Type: multipart/form-data; boundary=XyZ\r\n"
                + "Content-Length: \(form.body.count)\r\n\r\n"
            // Byte by byte, so that boundaries come in parts.
            try await raw.connection.send(head)
            for byte in form.body { try await raw.connection.send([byte]) }
            let answer = try await raw.connection.receive(until: "\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 303") && answer.contains("\(link.path)?sent=3"))
            let caller = FileCaller(try #require(anna.userID))
            let nodes = try await server.homeserver.files.list(FilePath("/Private/Inbox"), FileListing(), for: caller).nodes
            #expect(Set(nodes.map(\.name)) == ["mine.txt", "mine (2).txt", "x__y_.txt", "家.txt"])
            let texts = try await server.homeserver.files.open(FilePath("/Private/Inbox/家.txt"), for: caller).node.byteCount
            #expect(texts == 7)
            #expect(nodes.allSatisfy { $0.userID == anna.userID })
            let listed = try await anna.call("GET", "/_landline/v1/shares").array("shares")?.first?.objectValue
            #expect(listed?.integer("uploaded_files") == 3 && listed?.integer("uploaded_bytes") == 13)
        }
    }

    @Test func aDropBoxTakesNoMoreThanItWasMadeFor() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            try await Self.put("x", "/Private/Inbox/x.txt", anna, server)
            let link = try await Self.share(anna, ["path": "/Private/Inbox", "upload": true, "max_bytes": 1_000])
            let large = Self.form([("large.txt", String(repeating: "x", count: 70_000))])
            #expect(try await server.client.request("POST", link.path, body: large.body, headers: large.headers).status == 413)
            var broken = Self.form([("a.txt", "hello")])
            broken.body.removeLast(10)
            #expect(try await server.client.request("POST", link.path, body: broken.body, headers: broken.headers).status == 400)
            // A link for reading takes nothing.
            let reading = try await Self.share(anna, ["path": "/Private/Inbox"])
            let form = Self.form([("b.txt", "hello")])
            #expect(try await server.client.request("POST", reading.path, body: form.body, headers: form.headers).status == 403)
            let caller = FileCaller(try #require(anna.userID))
            #expect(try await server.homeserver.files.list(FilePath("/Private/Inbox"), FileListing(), for: caller).nodes.map(\.name) == ["x.txt"])
        }
    }

    @Test func whatCannotBeShared() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            try await Self.put("x", "/Private/x.txt", anna, server)
            func status(_ body: JSONObject, _ client: MatrixClient) async throws -> Int {
                try await client.request("POST", "/_landline/v1/shares", json: body).status
            }
            #expect(try await status(["path": "/Private/x.txt"], ben) == 404)
            #expect(try await status(["path": "/Private"], anna) == 403)
            #expect(try await status(["path": "/"], anna) == 403)
            #expect(try await status(["path": "/Private/x.txt", "upload": true], anna) == 403)
            #expect(try await status(["path": "/Private/x.txt", "pin": "123"], anna) == 400)
            #expect(try await status(["path": "/Private/x.txt", "expires_seconds": 0], anna) == 400)
            #expect(try await status(["path": "/Private/x.txt", "expires_seconds": 100_000_000], anna) == 400)
            #expect(try await status([:], anna) == 400)
        }
    }

    // MARK: Tickets

    @Test func aTicketOpensOneFileAndEndsWithTheSession() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            try await Self.put("hello", "/Private/家 1.txt", anna, server)
            let url = try #require(try await anna.call("POST", "/_landline/v1/tickets", json: ["path": "/Private/家 1.txt"]).string("url"))
            #expect(url.hasSuffix("/%E5%AE%B6%201.txt"))
            let shown = try await server.client.request("GET", url)
            #expect(shown.text == "hello" && shown.headers["content-disposition"]?.hasPrefix("inline") == true)
            #expect(shown.headers["referrer-policy"] == "no-referrer")
            #expect(try await server.client.request("GET", url, headers: ["Range": "bytes=1-"]).status == 206)
            let saved = try await server.client.request("GET", url, query: [("download", "1")])
            #expect(saved.headers["content-disposition"]?.hasPrefix("attachment") == true)
            #expect(try await server.client.request("GET", "/d/x/a.txt").status == 404)
            for body: JSONObject in [[:], ["path": "/Private/a", "mxc": "mxc://a/b"], ["mxc": "http://x"], ["paths": [7]], ["paths": []]] {
                #expect((400...413).contains(try await anna.request("POST", "/_landline/v1/tickets", json: body).status), "\(body)")
            }
            try await anna.call("POST", "/_matrix/client/v3/logout", json: [:])
            #expect(try await server.client.request("GET", url).status == 404)
        }
    }

    @Test func aUserHasOnlySoManyTickets() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            try await Self.put("hello", "/Private/a.txt", anna, server)
            let first = try #require(try await anna.call("POST", "/_landline/v1/tickets", json: ["path": "/Private/a.txt"]).string("url"))
            for _ in 0..<500 { try await anna.call("POST", "/_landline/v1/tickets", json: ["path": "/Private/a.txt"]) }
            #expect(try await server.client.request("GET", first).status == 404)
        }
    }
}
