import Glibc
import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// spec: client-server-api/#sending-events-to-a-room
@Suite struct TimelineTests {
    // MARK: Transaction IDs

    @Test func theSameRequestOfOneDeviceIsOneEvent() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let other = try await fixture.device(of: alice.userID)
            let room = try await fixture.room(by: alice)
            let second = try await fixture.room(by: alice)
            let first = try await fixture.say("hello", in: room, by: alice, transactionID: "1")
            #expect(try await fixture.say("hello", in: room, by: alice, transactionID: "1") == first)
            #expect(try await fixture.say("changed", in: room, by: alice, transactionID: "1") == first)
            // Another device, room or type of event is another path, and so another request.
            #expect(try await fixture.say("hello", in: room, by: other, transactionID: "1") != first)
            #expect(try await fixture.say("hello", in: second, by: alice, transactionID: "1") != first)
            let sticker = try await fixture.home.timeline.send(type: "m.sticker", content: [:], to: room, transactionID: "1", session: alice)
            #expect(sticker != first)
            #expect(try await fixture.wholeTimeline(of: room).filter { $0.stateKey == nil }.count == 3)

            try await fixture.restart()
            #expect(try await fixture.say("hello", in: room, by: alice, transactionID: "1") == first)
        }
    }

    @Test func aRepeatedRedactionIsOneEvent() async throws {
        for version in RoomVersion.allCases {
            try await HomeFixture.with { fixture in
                let alice = try await fixture.person("alice")
                let room = try await fixture.room(by: alice, version: version)
                let one = try await fixture.say("one", in: room, by: alice)
                let two = try await fixture.say("two", in: room, by: alice)
                func redact(_ event: EventID) async throws -> EventID {
                    try await fixture.home.timeline.redact(event, in: room, reason: nil, transactionID: "x", session: alice)
                }
                let first = try await redact(one)
                #expect(try await redact(one) == first)
                #expect(try await redact(two) != first)
            }
        }
    }

    @Test func concurrentDuplicatesAreOneEvent() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            let events = try await withThrowingTaskGroup(of: (Int, EventID).self) { group in
                for index in 0..<60 {
                    group.addTask { (index % 6, try await fixture.say("m\(index)", in: room, by: alice, transactionID: "t\(index % 6)")) }
                }
                return try await group.reduce(into: [Int: Set<EventID>]()) { $0[$1.0, default: []].insert($1.1) }
            }
            #expect(events.count == 6 && events.values.allSatisfy { $0.count == 1 })
            #expect(try await fixture.wholeTimeline(of: room).filter { $0.type == "m.room.message" }.count == 6)
        }
    }

    @Test func onlyTheSendingDeviceIsToldItsTransactionID() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let phone = try await fixture.device(of: alice.userID)
            let room = try await fixture.room(by: alice)
            let event = try await fixture.say("hello", in: room, by: alice, transactionID: "tx-7")
            for (session, expected) in [(alice, "tx-7" as String?), (phone, nil)] {
                var writer = JSONWriter()
                EventFormat(for: session).write(try await fixture.home.history.event(event, in: room, for: alice.userID).event, to: &writer)
                let json = try JSONObject(parsing: writer.bytes)
                #expect(json.object("unsigned")?.string("transaction_id") == expected)
                #expect(json.string("room_id") == room.rawValue)
            }
        }
    }

    // MARK: Refused content

    struct Refused: Sendable {
        let content: JSONObject
        let code: MatrixError.Code
    }

    @Test(arguments: [
        Refused(content: ["x": .double(1.5)], code: .badJSON),
        Refused(content: ["x": ["y": [.double(1e100)]]], code: .badJSON),
        Refused(content: ["x": .integer(1 << 53)], code: .badJSON),
        Refused(content: ["body": .string(String(repeating: "x", count: 65_536))], code: .tooLarge),
        Refused(content: ["body": .string(String(repeating: "x", count: 65_000))], code: .tooLarge),
    ]) func contentThatNoEventMayHave(_ refused: Refused) async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            let before = try await fixture.wholeTimeline(of: room).count
            await expect(refused.code) {
                _ = try await fixture.home.timeline.send(type: "m", content: refused.content, to: room, transactionID: "1", session: alice)
            }
            await expect(refused.code) { try await fixture.setState("m", "", refused.content, in: room, by: alice) }
            #expect(try await fixture.wholeTimeline(of: room).count == before)
        }
    }

    @Test func longTypesKeysAndTransactionIDs() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            let long = String(repeating: "x", count: 256)
            await expect(.tooLarge) {
                _ = try await fixture.home.timeline.send(type: long, content: [:], to: room, transactionID: "1", session: alice)
            }
            await expect(.tooLarge) { try await fixture.setState("t", long, [:], in: room, by: alice) }
            await expect(.invalidParameter) { try await fixture.say("x", in: room, by: alice, transactionID: long) }
            // As large as can be.
            let bytes = String(repeating: "x", count: 64_000)
            try await fixture.say(bytes, in: room, by: alice)
        }
    }

    // MARK: State

    @Test func theSameStateAgainIsTheSameEvent() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            let first = try await fixture.setState("m.room.topic", "", ["topic": "a"], in: room, by: alice)
            #expect(try await fixture.setState("m.room.topic", "", ["topic": "a"], in: room, by: alice) == first)
            let second = try await fixture.setState("m.room.topic", "", ["topic": "b"], in: room, by: alice)
            #expect(second != first)
            #expect(try await fixture.setState("m.room.topic", "", ["topic": "a"], in: room, by: alice) != first)
            await expect(.forbidden) { try await fixture.setState("m.room.topic", "", ["topic": "a"], in: room, by: bob) }
            try await fixture.leave(room, alice)
            await expect(.forbidden) { try await fixture.setState("m.room.topic", "", ["topic": "a"], in: room, by: alice) }
        }
    }

    @Test func stateKeysThatAreUsersBelongToThem() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            await expect(.forbidden) { try await fixture.setState("x", bob.userID.rawValue, [:], in: room, by: alice) }
            try await fixture.setState("x", alice.userID.rawValue, [:], in: room, by: alice)
            await expect(.forbidden) { try await fixture.setState("m.room.create", "", ["room_version": "11", "x": 1], in: room, by: alice) }
        }
    }

    @Test func canonicalAliasesLeadToTheRoom() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            let other = try await fixture.room(by: alice)
            let here = try #require(RoomAlias("#here:box.test"))
            let there = try #require(RoomAlias("#there:box.test"))
            try await fixture.home.directory.add(here, for: room, by: bob.userID)
            try await fixture.home.directory.add(there, for: other, by: alice.userID)
            func set(_ content: JSONObject) async throws { try await fixture.setState("m.room.canonical_alias", "", content, in: room, by: alice) }
            await expect(.badAlias) { try await set(["alias": "#nowhere:box.test"]) }
            await expect(.badAlias) { try await set(["alias": "#there:box.test"]) }
            await expect(.badAlias) { try await set(["alias": "#here:box.test", "alt_aliases": ["#there:box.test"]]) }
            await expect(.invalidParameter) { try await set(["alias": "here"]) }
            await expect(.invalidParameter) { try await set(["alias": 1]) }
            await expect(.invalidParameter) { try await set(["alt_aliases": ["%here:box.test"]]) }
            try await set(["alias": "#here:box.test", "alt_aliases": ["#here:box.test"]])
            // An alias that was removed meanwhile, by somebody who may not set this state, may stay.
            try await fixture.home.directory.remove(here, by: bob)
            try await set(["alias": "#here:box.test"])
            try await set([:])
            await expect(.badAlias) { try await set(["alias": "#here:box.test"]) }
        }
    }

    // MARK: Redaction

    @Test(arguments: RoomVersion.allCases) func whoMayRedact(version: RoomVersion) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol", "stranger")
            let (alice, bob, carol, stranger) = (people[0], people[1], people[2], people[3])
            let room = try await fixture.room(by: alice, version: version, members: [bob, carol])
            let elsewhere = try await fixture.room(by: alice)
            let foreign = try await fixture.say("foreign", in: elsewhere, by: alice)
            let message = try await fixture.say("mine", in: room, by: bob)
            await expect(.forbidden) { _ = try await fixture.redact(message, in: room, by: carol) }
            await expect(.forbidden) { _ = try await fixture.redact(message, in: room, by: stranger) }
            await expect(.invalidParameter) { _ = try await fixture.redact(foreign, in: room, by: alice) }
            await expect(.notFound) { _ = try await fixture.redact(EventID(trusted: "$nothing"), in: room, by: alice) }
            #expect(try await fixture.home.history.event(message, in: room, for: bob.userID).event.redactedBecause == nil)

            _ = try await fixture.redact(message, in: room, by: bob)
            let second = try await fixture.say("mine too", in: room, by: bob)
            let redaction = try await fixture.redact(second, in: room, by: alice, reason: "rude")
            let event = try await fixture.home.history.event(second, in: room, for: carol.userID).event
            #expect(event.content == Array("{}".utf8))
            #expect(event.redactedBecause?.eventID == redaction)
            var writer = JSONWriter()
            EventFormat(for: carol).write(event, to: &writer)
            let because = try JSONObject(parsing: writer.bytes).object("unsigned")?.object("redacted_because")
            #expect(because?.string("redacts") == second.rawValue)
            #expect(because?.object("content")?.string("reason") == "rude")
            #expect(because?.object("content")?.string("redacts") == (version.redactsInContent == false ? nil : second.rawValue))

            try await fixture.leave(room, bob)
            let left = try await fixture.wholeTimeline(of: room).last { $0.sender == bob.userID }
            await expect(.forbidden) { _ = try await fixture.redact(try #require(left).eventID, in: room, by: bob) }
        }
    }

    @Test func aRedactionSentAsAnEventRedacts() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            let message = try await fixture.say("oops", in: room, by: alice)
            func send(_ content: JSONObject) async throws -> EventID {
                try await fixture.home.timeline.send(type: "m.room.redaction", content: content, to: room, transactionID: "1", session: alice)
            }
            await expect(.missingParameter) { _ = try await send([:]) }
            _ = try await send(["redacts": .string(message.rawValue), "reason": "typo"])
            let event = try await fixture.home.history.event(message, in: room, for: alice.userID).event
            #expect(event.content == Array("{}".utf8))
        }
    }

    @Test func whatARedactionKeeps() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            try await fixture.home.profiles.setField("displayname", of: bob.userID, body: ["displayname": "Rude Name"])
            let room = try await fixture.room(by: alice, members: [bob])
            let events = try await fixture.wholeTimeline(of: room)
            let member = try #require(events.last { $0.stateKey == bob.userID.rawValue })
            let topic = try await fixture.setState("m.room.topic", "", ["topic": "rude"], in: room, by: alice)
            _ = try await fixture.redact(member.eventID, in: room, by: alice)
            _ = try await fixture.redact(topic, in: room, by: alice)
            let state = try await fixture.state(of: room)
            #expect(state[StateKey("m.room.member", bob.userID.rawValue)] == ["membership": "join"])
            #expect(state[StateKey("m.room.topic")] == [:])
            try await fixture.say("still here", in: room, by: bob)
        }
    }

    /// A word that stands nowhere else.
    private static let secret = "Zaunkoenig-Geheimnis-4711"

    @Test func redactedWordsAreGoneFromMemoryResponsesAndDisk() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            var waiting = SyncClient(bob)
            try await waiting.sync(fixture)
            let filler = String(repeating: "f", count: 6_000)
            let short = try await fixture.say(Self.secret, in: room, by: alice)
            let long = try await fixture.say(filler + Self.secret + filler, in: room, by: alice)
            let topic = try await fixture.setState("m.room.topic", "", ["topic": .string(Self.secret)], in: room, by: alice)
            // The next topic carries the one it replaced.
            try await fixture.setState("m.room.topic", "", ["topic": "harmless"], in: room, by: alice)
            let victim = try await fixture.say("x", in: room, by: alice)
            // And a redacted event carries its redaction, whose reason can be redacted in turn.
            let reason = try await fixture.redact(victim, in: room, by: alice, reason: Self.secret)
            for event in [short, long, topic, reason] { _ = try await fixture.redact(event, in: room, by: alice) }

            // The first answer counts what is unread, with the database; the second one comes from memory.
            for _ in 0..<2 {
                let answer = try await waiting.ask(fixture)
                #expect(answer.joined(room)?.events("timeline").count == 10)
                #expect(!String(decoding: answer.body.serialized(), as: UTF8.self).contains(Self.secret))
            }
            let since = try #require(waiting.since)
            let changes = try #require(fixture.home.sync.feed.changes(after: since.position, upTo: Position(.max), concerning: bob.userID))
            for case .event(let event, _) in changes.map(\.kind) {
                for bytes in [event.content, event.previousContent ?? [], event.redactedBecause?.content ?? []] {
                    #expect(!String(decoding: bytes, as: UTF8.self).contains(Self.secret))
                }
            }
            var fresh = SyncClient(bob)
            let initial = try await fresh.sync(fixture)
            #expect(!String(decoding: initial.body.serialized(), as: UTF8.self).contains(Self.secret))

            await fixture.close()
            for file in ["landline.db", "landline.db-wal"] {
                #expect(!Self.contains(Self.secret, file: fixture.directory + "/" + file), "\(file) still has it")
            }
        }
    }

    private static func contains(_ text: String, file path: String) -> Bool {
        guard let file = fopen(path, "r") else { return false }
        defer { fclose(file) }
        let wanted = Array(text.utf8)
        var bytes = [UInt8](repeating: 0, count: 1 << 24)
        let count = fread(&bytes, 1, bytes.count, file)
        return bytes.withUnsafeBytes { bytes in
            var start = 0
            while let hit = memchr(bytes.baseAddress! + start, Int32(wanted[0]), count - start) {
                let offset = hit - UnsafeMutableRawPointer(mutating: bytes.baseAddress!)
                if offset + wanted.count <= count, memcmp(hit, wanted, wanted.count) == 0 { return true }
                start = offset + 1
            }
            return false
        }
    }

    @Test func redactionsOfRedactionsDoNotNest() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            let first = try await fixture.say("x", in: room, by: alice)
            var last = first
            for _ in 0..<50 { last = try await fixture.redact(last, in: room, by: alice) }
            let event = try await fixture.home.history.event(first, in: room, for: alice.userID).event
            #expect(event.redactedBecause != nil)
            #expect(event.redactedBecause?.redactedBecause == nil)
        }
    }

    @Test func aSecondRedactionChangesNothing() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            let event = try await fixture.say("x", in: room, by: alice)
            let first = try await fixture.redact(event, in: room, by: alice)
            #expect(try await fixture.redact(event, in: room, by: alice) != first)
            #expect(try await fixture.home.history.event(event, in: room, for: alice.userID).event.redactedBecause?.eventID == first)
        }
    }
}
