import Logging
import MatrixCore
import Storage
import Testing

@testable import Homeserver

struct RegistrationFileTests {
    static let example = """
        # As bridges write it
        id: "IRC Bridge"
        url: 'http://127.0.0.1:1234'   # where it listens
        as_token: as-secret#1
        hs_token: "hs\\u002dsecret"
        sender_localpart: _irc_bot
        rate_limited: false
        de.sorunome.msc2409.push_ephemeral: true
        namespaces:
          users:
          - exclusive: true
            regex: '@_irc_bridge_.*'
          -
            exclusive: false
            regex: "@_plain_\\\\d+:.*"
          aliases:
            - { exclusive: true, regex: "#_irc_bridge_.*" }
          rooms: []
        protocols: [irc, "xmpp"]

        """

    private func registration(_ text: String) throws -> ApplicationServiceRegistration {
        try ApplicationServiceRegistration(YAMLReader.read(Array(text.utf8)))
    }

    /// The same as a block, in flow style, as JSON with tabs and with the line ends of Windows.
    @Test func everyStyleSaysTheSame() throws {
        let flow = """
            {id: IRC Bridge, url: "http://127.0.0.1:1234", as_token: "as-secret#1", hs_token: hs-secret, sender_localpart: _irc_bot,
             rate_limited: False, receive_ephemeral: true, namespaces: {users: [{regex: '@_irc_bridge_.*', exclusive: true},
             {regex: '@_plain_\\d+:.*'}], aliases: [{exclusive: true, regex: '#_irc_bridge_.*'}]}, protocols: [irc, xmpp]}
            """
        let json = """
            {
            \t"id": "IRC Bridge", "url": "http://127.0.0.1:1234", "as_token": "as-secret#1", "hs_token": "hs-secret",
            \t"sender_localpart": "_irc_bot", "rate_limited": false, "receive_ephemeral": true,
            \t"namespaces": {
            \t\t"users": [{"exclusive": true, "regex": "@_irc_bridge_.*"}, {"exclusive": false, "regex": "@_plain_\\\\d+:.*"}],
            \t\t"aliases": [{"exclusive": true, "regex": "#_irc_bridge_.*"}], "rooms": null
            \t},
            \t"protocols": ["irc", "xmpp"]
            }
            """
        for text in [Self.example, flow, json, Self.example.replacing("\n", with: "\r\n"), "%YAML 1.2\n---\n" + Self.example + "...\n"] {
            let registration = try registration(text)
            #expect(registration.id == "IRC Bridge")
            #expect(registration.url == "http://127.0.0.1:1234")
            #expect(registration.accessToken == "as-secret#1")
            #expect(registration.homeserverToken == "hs-secret")
            #expect(registration.senderLocalpart == "_irc_bot")
            #expect(!registration.isRateLimited && registration.receivesEphemeral)
            #expect(registration.users.map(\.expression.pattern) == ["@_irc_bridge_.*", "@_plain_\\d+:.*"])
            #expect(registration.users.map(\.isExclusive) == [true, false])
            #expect(registration.aliases.map(\.expression.pattern) == ["#_irc_bridge_.*"])
            #expect(registration.rooms.isEmpty)
            #expect(registration.protocols == ["irc", "xmpp"])
        }
    }

    @Test func whatMayBeMissing() throws {
        let registration = try registration("id: a\nurl: null\nas_token: b\nhs_token: c\nsender_localpart: d\nnamespaces:\n")
        #expect(registration.url == nil && registration.isRateLimited && !registration.receivesEphemeral && registration.users.isEmpty)
    }

    /// Each mistake is named with its line.
    @Test(arguments: [
        ("id: \"IRC Bridge\"", "id: [a]", 2), ("id: \"IRC Bridge\"", "id: 7", 2), ("id: \"IRC Bridge\"", "", 3),
        ("id: \"IRC Bridge\"", "id: \"open", 2),
        ("as-secret#1", "@secret", 4), ("as-secret#1", "|\n  secret", 4), ("as-secret#1", "&a secret", 4), ("as-secret#1", "\"two words\"", 4),
        ("_irc_bot", "\"@irc:box\"", 6), ("rate_limited: false", "rate_limited: nope", 7), ("rate_limited: false", "rate_limited: 'false'", 7),
        ("rate_limited: false", "rate_limited: false\nid: again", 8), ("  users:", "\tusers:", 10), ("  users:", "   users:", 11),
        ("regex: '@_irc_bridge_.*'", "regex: '@_irc_(.*'", 12), ("regex: '@_irc_bridge_.*'", "regex: '(?!a)'", 12),
        ("exclusive: true\n    regex: '@_irc_bridge_.*'", "exclusive: true", 11), ("rooms: []", "rooms: [", 19), ("rooms: []", "rooms: yes", 18),
        ("rooms: []", "rooms: []]", 18), ("protocols: [irc, \"xmpp\"]", "protocols: [irc, \"xmpp\"", 19),
        ("protocols: [irc, \"xmpp\"]", "protocols: [irc]\n--- \na: b", 20),
    ])
    func mistakes(original: String, replacement: String, line: Int) throws {
        let text = Self.example.replacing(original, with: replacement, maxReplacements: 1)
        #expect(text != Self.example)
        do {
            _ = try registration(text)
            Issue.record("\(replacement) was taken")
        } catch let error as YAMLError {
            #expect(error.line == line, "\(error)")
        }
    }

    @Test(arguments: [
        "", "   ", "# nothing", "a", "- a\n- b", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "{a: {b: }", "\"", "key", ": x", "a:\n\t- b", "\u{0}",
    ])
    func whatIsNoRegistration(text: String) {
        #expect(throws: YAMLError.self) { try registration(text) }
    }

    @Test func bytesThatAreNoText() {
        #expect(throws: YAMLError.self) { try YAMLReader.read([0x69, 0x64, 0x3A, 0x20, 0xFF]) }
    }

    /// Whatever is cut off or changed gives an error or a registration, and no crash.
    @Test func damagedFiles() {
        var generator = SeededGenerator()
        let original = Array(Self.example.utf8)
        let letters = Array("{}[]:,-#\"'\\\n\t &*!|>@%~".utf8)
        for length in original.indices { _ = try? ApplicationServiceRegistration(YAMLReader.read(Array(original[..<length]))) }
        for _ in 0..<3_000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = letters.randomElement(using: &generator) ?? 0
            }
            _ = try? ApplicationServiceRegistration(YAMLReader.read(bytes))
        }
    }

    // MARK: Several files

    private func namespaces(_ texts: [String]) -> (ServiceNamespaces, [String]) {
        let (handler, lines) = RecordedLog.make()
        let files = texts.enumerated().map {
            DataDirectory.RegistrationFile(path: "/data/\($0.offset).yaml", content: .success(Array($0.element.utf8)))
        }
        let namespaces = ServiceNamespaces(files, serverName: HomeFixture.serverName, logger: Logger(label: "test") { _ in handler })
        return (namespaces, lines())
    }

    private func text(id: String = "a", token: String = "b", sender: String = "d", namespaces: String = "{}") -> String {
        "id: \(id)\nurl: null\nas_token: \(token)\nhs_token: c\nsender_localpart: \(sender)\nnamespaces: \(namespaces)\n"
    }

    @Test func aBadFileIsNamedAndLeavesTheOthers() {
        let (namespaces, log) = namespaces([text(), "id: x\nurl: [", text(id: "e", token: "f", sender: "g")])
        #expect(namespaces.services.map(\.id) == ["a", "e"])
        #expect(!namespaces.isComplete)
        #expect(log.count == 1 && log[0].contains("/data/1.yaml") && log[0].contains("line 2"), "\(log)")
    }

    @Test func nothingMayBeTheSameInTwoFiles() {
        let (namespaces, log) = namespaces([
            text(), text(id: "a", token: "t2", sender: "s2"), text(id: "i3", token: "b", sender: "s3"), text(id: "i4", token: "t4", sender: "d"),
        ])
        #expect(namespaces.services.map(\.id) == ["a"])
        #expect(log.count == 3)
    }

    @Test func whoHasWhat() throws {
        let (namespaces, _) = namespaces([
            text(
                id: "irc",
                namespaces: "{users: [{regex: '@irc_.*', exclusive: true}, {regex: '@.*'}], aliases: [{regex: '#irc_.*', exclusive: true}]}"),
            text(id: "log", token: "t2", sender: "log", namespaces: "{users: [{regex: '@log_.*'}]}"),
        ])
        let (irc, log) = (namespaces.services[0], namespaces.services[1])
        func user(_ name: String) -> UserID { UserID(localpart: name, server: HomeFixture.serverName) }
        #expect(irc.includes(user("irc_a")) && irc.isExclusive(user("irc_a")) && irc.includes(user("ann")) && !irc.isExclusive(user("ann")))
        #expect(irc.isExclusive(irc.sender) && !log.includes(user("irc_a")))
        #expect(!irc.includes(UserID(localpart: "irc_a", server: "elsewhere.test")))
        #expect(throws: MatrixError.self) { try namespaces.check(user("irc_a")) }
        #expect(throws: MatrixError.self) { try namespaces.check(user("irc_a"), for: log) }
        #expect(throws: MatrixError.self) { try namespaces.check(log.sender) }
        try namespaces.check(user("irc_a"), for: irc)
        try namespaces.check(user("log_a"))
        let alias = RoomAlias(localpart: "irc_x", server: HomeFixture.serverName)
        try namespaces.check(alias, for: irc)
        #expect(throws: MatrixError.self) { try namespaces.check(alias, for: nil) }
        #expect(throws: MatrixError.self) { try namespaces.check(alias, for: log) }
        #expect(throws: MatrixError.self) { try namespaces.check(RoomAlias(localpart: "x", server: HomeFixture.serverName), for: irc) }
        try namespaces.check(RoomAlias(localpart: "x", server: HomeFixture.serverName), for: nil)
    }
}
