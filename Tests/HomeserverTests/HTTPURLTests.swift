import Testing

@testable import Homeserver

struct HTTPURLTests {
    @Test func everyPartIsTakenAsItStands() throws {
        let url = try #require(HTTPURL("https://Push.Example:8443/a%20b/c?x=1&y=%2F"))
        #expect(url.scheme == .https)
        #expect(url.host == "push.example")
        #expect(url.port == 8443)
        #expect(url.path == "/a%20b/c")
        #expect(url.query == "x=1&y=%2F")
        #expect(url.target == "/a%20b/c?x=1&y=%2F")
        #expect(url.authority == "push.example:8443")
    }

    @Test func whatIsLeftOutHasItsDefault() throws {
        let plain = try #require(HTTPURL("http://192.168.1.5"))
        #expect(plain.port == 80)
        #expect(plain.target == "/")
        #expect(plain.authority == "192.168.1.5")
        let secure = try #require(HTTPURL("HTTPS://box.local?q"))
        #expect(secure.port == 443)
        #expect(secure.target == "/?q")
        #expect(HTTPURL("http://a/?")?.target == "/?")
    }

    @Test func anIPv6AddressHasBrackets() throws {
        let url = try #require(HTTPURL("http://[FE80::1]:8008/x"))
        #expect(url.host == "fe80::1")
        #expect(url.isIPv6)
        #expect(url.authority == "[fe80::1]:8008")
        #expect(HTTPURL("http://[::1]/")?.authority == "[::1]")
    }

    @Test(arguments: [
        "", "http", "http:", "http:/a", "http://", "http:///x", "//a/", "ftp://a/", "file:///etc/passwd", "http://user@a/", "http://user:word@a/",
        "http://a:/", "http://a:0/", "http://a:65536/", "http://a:-1/", "http://a:+1/", "http://a:1a/", "http://a:00080x/", "http://a b/",
        "http://a/b c", "http://a/\r\nX: y", "http://a/#f", "http://a/%", "http://a/%2", "http://a/%zz", "http://ä/", "http://a/ä", "http://[::1/",
        "http://::1/", "http://[::1]x/", "http://[fe80::1%25eth0]/", "http://[127.0.0.1]/", "http://a\\b/", "http://a\"/", " http://a/",
        "http://a/\u{0}",
    ])
    func everythingElseIsRefused(_ text: String) {
        #expect(HTTPURL(text) == nil)
    }

    @Test func lengthIsBounded() {
        let start = "http://a/"
        #expect(HTTPURL(start + String(repeating: "x", count: HTTPURL.maxBytes - start.utf8.count)) != nil)
        #expect(HTTPURL(start + String(repeating: "x", count: HTTPURL.maxBytes - start.utf8.count + 1)) == nil)
        #expect(HTTPURL("http://" + String(repeating: "a", count: 256) + "/") == nil)
    }
}
