import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// RFC 4918, sections 9.1, 9.2, 9.10 and 9.11.
struct WebDAVPropertyTests {
    private func find(_ drive: DriveClient, _ path: String, _ wanted: String, depth: String = "0") async throws -> DriveClient.Answer {
        try await drive.request("PROPFIND", path, ["Depth": depth], body: "<propfind xmlns=\"DAV:\" xmlns:x=\"urn:x\">\(wanted)</propfind>")
    }

    private func patch(_ drive: DriveClient, _ path: String, _ changes: String, _ headers: [String: String] = [:]) async throws -> DriveClient.Answer
    {
        try await drive.request(
            "PROPPATCH", path, headers, body: "<D:propertyupdate xmlns:D=\"DAV:\" xmlns:x=\"urn:x\">\(changes)</D:propertyupdate>")
    }

    private func statuses(_ answer: DriveClient.Answer) -> [String] { answer.elements(.dav("status")).map { String($0.text.dropFirst(9).prefix(3)) } }

    @Test func propertiesOfAFile() async throws {
        try await TestServer.withDrive { _, _, drive in
            let made = try await drive.request("PUT", "Private/a.png", ["X-OC-Mtime": "1000000000"], body: "12345")
            let all = try await drive.request("PROPFIND", "Private/a.png", ["Depth": "0"])
            #expect(all.status == 207 && all.headers["content-type"] == "application/xml; charset=utf-8")
            func value(_ name: String) -> String? { all.elements(.dav(name)).first?.text }
            #expect(value("href") == "/dav/Private/a.png" && value("displayname") == "a.png" && value("getcontentlength") == "5")
            #expect(value("getcontenttype") == "image/png" && value("getetag") == made.headers["etag"])
            #expect(value("getlastmodified") == "Sun, 09 Sep 2001 01:46:40 GMT" && value("creationdate")?.count == 20)
            #expect(all.elements(.dav("lockentry")).count == 2 && all.elements(.dav("resourcetype")).first?.children == [])
            #expect(all.elements(.dav("quota-used-bytes")).isEmpty)

            let named = try await find(drive, "Private/a.png", "<prop><getetag/><x:none/><getcontentlength/><quota-used-bytes/></prop>")
            #expect(statuses(named) == ["200", "404"])
            let missing = named.elements(.dav("propstat")).last?.child(.dav("prop"))?.children.map(\.name)
            #expect(missing == [.dav("quota-used-bytes"), XMLName("urn:x", "none")])
            #expect(statuses(try await find(drive, "Private/a.png", "<prop><x:none/></prop>")) == ["404"])
            #expect(statuses(try await find(drive, "Private/a.png", "<prop/>")) == ["200"])

            let names = try await find(drive, "Private/a.png", "<propname/>")
            #expect(names.elements(.dav("getetag")).first?.content.isEmpty == true && names.elements(.dav("quota-used-bytes")).isEmpty)
            let quota = try await find(drive, "Private/", "<prop><quota-available-bytes/><quota-used-bytes/></prop>")
            #expect(quota.elements(.dav("quota-used-bytes")).first?.text == "5")
            #expect(quota.elements(.dav("quota-available-bytes")).first.flatMap { Int64($0.text) } ?? 0 > 0)
        }
    }

    @Test func aLargeFolderIsListedOnceAndWhole() async throws {
        try await TestServer.withDrive { _, _, drive in
            _ = try await drive.request("MKCOL", "Private/many")
            let names = (0..<620).map { "file \($0)" }
            for name in names { _ = try await drive.request("PUT", "Private/many/\(MatrixClient.encoded(name))", body: "x") }
            let listed = try await drive.request("PROPFIND", "Private/many", ["Depth": "1"])
            #expect(listed.status == 207 && listed.headers["transfer-encoding"] == "chunked")
            // More elements than the reader takes from a client.
            let hrefs = listed.text.split(separator: "<D:href>").dropFirst().map { String($0.prefix { $0 != "<" }) }
            #expect(hrefs.count == 621 && Set(hrefs) == Set(names.map { "/dav/Private/many/\(MatrixClient.encoded($0))" } + ["/dav/Private/many/"]))
            #expect(listed.text.hasSuffix("</D:multistatus>\n"))
        }
    }

    @Test(arguments: [
        "<propfind xmlns=\"DAV:\"/>", "<propfind xmlns=\"DAV:\"><allprop/><propname/></propfind>", "<other xmlns=\"DAV:\"/>", "<propfind/>", "no",
        "<!DOCTYPE x [<!ENTITY a \"b\">]><propfind xmlns=\"DAV:\"><allprop/></propfind>",
        "<propfind xmlns=\"DAV:\"><prop><a:b xmlns:a=\"\"/></prop></propfind>",
    ])
    func whatIsNoPropfindIsRefused(_ body: String) async throws {
        try await TestServer.withDrive { _, _, drive in
            let answer = try await drive.request("PROPFIND", "Private/", ["Depth": "0"], body: body)
            #expect(answer.status == 400)
        }
    }

    @Test func nothingIsAsLargeAsEverything() async throws {
        try await TestServer.withDrive { _, _, drive in
            for headers in [["Depth": "infinity"], [:]] {
                let refused = try await drive.request("PROPFIND", "", headers)
                #expect(refused.status == 403 && refused.xml?.child(.dav("propfind-finite-depth")) != nil)
            }
            #expect(try await drive.request("PROPFIND", "", ["Depth": "2"]).status == 400)
            let many = String(repeating: "<x:a/>", count: 101)
            #expect(try await find(drive, "", "<prop>\(many)</prop>").status == 413)
            #expect(try await find(drive, "", "<prop>\(String(repeating: " ", count: 140_000))</prop>").status == 413)
        }
    }

    @Test func deadPropertiesAreKept() async throws {
        try await TestServer.withDrive { _, _, drive in
            _ = try await drive.request("PUT", "Private/a", body: "x")
            let colour = "<x:colour y=\"1\"><b xmlns=\"urn:b\">&lt;blau&gt;</b></x:colour>"
            let set = "<D:set><D:prop xml:lang=\"de\">\(colour)<plain>1</plain></D:prop></D:set>"
            #expect(statuses(try await patch(drive, "Private/a", set)) == ["200"])
            let found = try await find(drive, "Private/a", "<prop><x:colour/></prop>").elements(XMLName("urn:x", "colour")).first
            #expect(found?.child(XMLName("urn:b", "b"))?.text == "<blau>")
            #expect(Set(found?.attributes.map(\.name) ?? []) == [XMLName("", "y"), XMLElement.languageAttribute])
            // They go with the file, and with its copy.
            _ = try await drive.request("MOVE", "Private/a", ["Destination": "/dav/Private/b"])
            _ = try await drive.request("COPY", "Private/b", ["Destination": "/dav/Private/c"])
            for path in ["Private/b", "Private/c"] {
                #expect(try await drive.request("PROPFIND", path, ["Depth": "0"]).elements(XMLName("", "plain")).first?.text == "1", "\(path)")
            }
            #expect(statuses(try await patch(drive, "Private/b", "<D:remove><D:prop><plain/><x:never/></D:prop></D:remove>")) == ["200"])
            #expect(statuses(try await find(drive, "Private/b", "<prop><plain xmlns=\"\"/></prop>")) == ["404"])
        }
    }

    @Test func protectedPropertiesStayAndTakeTheOthersAlong() async throws {
        try await TestServer.withDrive { _, _, drive in
            _ = try await drive.request("PUT", "Private/a", body: "x")
            let both = "<D:set><D:prop><x:a>1</x:a><D:getetag>no</D:getetag></D:prop></D:set>"
            let refused = try await patch(drive, "Private/a", both)
            #expect(statuses(refused) == ["403", "424"] && !refused.elements(.dav("cannot-modify-protected-property")).isEmpty)
            #expect(statuses(try await find(drive, "Private/a", "<prop><x:a/></prop>")) == ["404"])
            let date = "Sun, 06 Nov 1994 08:49:37 GMT"
            let property = "<Z:Win32LastModifiedTime xmlns:Z=\"urn:schemas-microsoft-com:\">\(date)</Z:Win32LastModifiedTime>"
            let windows = "<D:set><D:prop>\(property)</D:prop></D:set>"
            #expect(statuses(try await patch(drive, "Private/a", windows)) == ["200"])
            #expect(try await drive.request("GET", "Private/a").headers["last-modified"] == date)
            #expect(try await patch(drive, "Private/none", windows).status == 404)
            #expect(try await patch(drive, "Private/a", "<D:set/>").status == 400)
            let large = String(repeating: "x", count: 40_000)
            #expect(try await patch(drive, "Private/a", "<D:set><D:prop><x:a>\(large)</x:a></D:prop></D:set>").status == 507)
        }
    }

    // MARK: Locks

    private static let lockInfo = """
        <lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype><owner>Anna &amp; co</owner></lockinfo>
        """

    @Test func aLockKeepsOthersOut() async throws {
        try await TestServer.withDrive { server, _, drive in
            let ben = try await server.drive(try await server.register("ben"))
            _ = try await drive.request("PUT", "Shared/a", body: "one")
            let locked = try await drive.request("LOCK", "Shared/a", ["Timeout": "Infinite, Second-60", "Depth": "0"], body: Self.lockInfo)
            #expect(locked.status == 200)
            let token = try #require(locked.headers["lock-token"])
            #expect(locked.elements(.dav("owner")).first?.text == "Anna & co" && locked.elements(.dav("timeout")).first?.text == "Second-3600")
            #expect(locked.elements(.dav("lockroot")).first?.child(.dav("href"))?.text == "/dav/Shared/a")

            for client in [ben, drive] {
                let refused = try await client.request("PUT", "Shared/a", body: "two")
                #expect(refused.status == 423 && refused.xml?.child(.dav("lock-token-submitted"))?.child(.dav("href"))?.text == "/dav/Shared/a")
                #expect(try await client.request("DELETE", "Shared/a").status == 423)
                #expect(try await client.request("MOVE", "Shared/a", ["Destination": "/dav/Shared/b"]).status == 423)
            }
            _ = try await ben.request("PUT", "Shared/c", body: "c")
            #expect(try await ben.request("COPY", "Shared/c", ["Destination": "/dav/Shared/a"]).status == 423)
            #expect(try await ben.request("LOCK", "Shared/a", body: Self.lockInfo).status == 423)
            #expect(try await patch(ben, "Shared/a", "<D:set><D:prop><x:a/></D:prop></D:set>").status == 423)
            #expect(try await ben.request("PUT", "Shared/a", ["If": "(\(token))"], body: "two").status == 423)
            #expect(try await ben.request("GET", "Shared/a").text == "one")
            #expect(try await ben.request("PROPFIND", "Shared/", ["Depth": "1"]).elements(.dav("activelock")).count == 1)

            #expect(try await drive.request("PUT", "Shared/a", ["If": "(\(token))"], body: "two").status == 204)
            #expect(try await drive.request("PUT", "Shared/a", ["If": "<http://box/dav/Shared/a> (\(token))"], body: "two").status == 204)
            #expect(try await drive.request("PUT", "Shared/a", ["If": "(<opaquelocktoken:x>)"], body: "x").status == 412)
            #expect(try await drive.request("PUT", "Shared/a", ["If": "(\(token)"], body: "x").status == 400)
            let refreshed = try await drive.request("LOCK", "Shared/a", ["If": "(\(token))", "Timeout": "Second-60"])
            #expect(refreshed.status == 200 && refreshed.elements(.dav("timeout")).first?.text == "Second-60")
            #expect(try await drive.request("LOCK", "Shared/a").status == 412)
            #expect(try await ben.request("UNLOCK", "Shared/a", ["Lock-Token": token]).status == 403)
            #expect(try await drive.request("UNLOCK", "Shared/c", ["Lock-Token": token]).status == 409)
            #expect(try await drive.request("UNLOCK", "Shared/a").status == 400)
            #expect(try await drive.request("UNLOCK", "Shared/a", ["Lock-Token": token]).status == 204)
            #expect(try await ben.request("PUT", "Shared/a", body: "three").status == 204)
        }
    }

    @Test func aNameThatIsFreeCanBeLocked() async throws {
        try await TestServer.withDrive { _, _, drive in
            let locked = try await drive.request("LOCK", "Private/new.txt", ["Depth": "0"], body: Self.lockInfo)
            #expect(locked.status == 201)
            #expect(try await drive.request("GET", "Private/new.txt").text == "")
            #expect(try await drive.request("PUT", "Private/new.txt", body: "x").status == 423)
            #expect(try await drive.request("PUT", "Private/new.txt", ["If": "(\(locked.headers["lock-token"] ?? ""))"], body: "x").status == 204)
            #expect(try await drive.request("LOCK", "Private/x/y", body: Self.lockInfo).status == 409)
            #expect(try await drive.request("LOCK", "Private/z", ["Depth": "1"], body: Self.lockInfo).status == 400)
            #expect(try await drive.request("LOCK", "Private/z", body: "<lockinfo xmlns=\"DAV:\"/>").status == 400)
            #expect(try await drive.request("GET", "Private/z").status == 404)
        }
    }
}
