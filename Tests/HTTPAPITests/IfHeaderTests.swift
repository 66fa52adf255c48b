import MatrixCore
import Testing

@testable import HTTPAPI

/// RFC 4918, section 10.4.
struct IfHeaderTests {
    @Test func listsWithoutATag() throws {
        let header = try IfHeader("(<urn:uuid:1> [\"etag\"]) (Not <urn:uuid:2> [W/\"weak\"])")
        #expect(header.lists.count == 2)
        #expect(header.lists[0].resource == nil)
        #expect(header.lists[0].conditions.map(\.state) == [.token("urn:uuid:1"), .entityTag("\"etag\"")])
        #expect(header.lists[1].conditions.map(\.isNegated) == [true, false])
        #expect(header.lists[1].conditions[1].state == .entityTag("W/\"weak\""))
        #expect(header.tokens == ["urn:uuid:1", "urn:uuid:2"])
    }

    @Test func taggedLists() throws {
        let header = try IfHeader("<http://box/dav/a> (<urn:uuid:1>) (<urn:uuid:2>)</dav/b>([\"x\"])")
        #expect(header.lists.map(\.resource) == ["http://box/dav/a", "http://box/dav/a", "/dav/b"])
    }

    @Test(arguments: [
        "", " ", "()", "(", "(<a>", "<a>", "(<a>) <b> (<c>)", "<a> (<b>) <c>", "<a> <b> (<c>)", "(<>)", "([etag])", "([\"etag\")", "(Not)", "(a)",
        "(<a b>)", "junk (<a>)", "(<a>) junk", "(Not Not <a>)",
    ])
    func whatTheGrammarDoesNotHaveIsRefused(_ text: String) {
        #expect(throws: MatrixError.self) { try IfHeader(text) }
    }

    @Test func oneListHasToHold() async throws {
        func holds(_ text: String) async throws -> Bool {
            try await IfHeader(text).holds { resource, state in
                state == .token("held") && resource == nil || state == .entityTag("\"now\"") && resource == "/dav/b"
            }
        }
        #expect(try await holds("(<held>)"))
        #expect(try await !holds("(<other>)"))
        #expect(try await holds("(<other>) (<held>)"))
        #expect(try await !holds("(<held> <other>)"))
        #expect(try await holds("(<held> Not <DAV:no-lock>)"))
        #expect(try await !holds("(Not <held>)"))
        #expect(try await holds("</dav/b> ([\"now\"])"))
        #expect(try await !holds("</dav/b> (<held>)"))
    }

    @Test func thereAreNotTooManyConditions() {
        #expect(throws: MatrixError.self) { try IfHeader(String(repeating: "(<urn:uuid:1>)", count: 129)) }
    }
}
