import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// spec: client-server-api/#forming-relationships-between-events
@Suite struct RelationTests {
    private struct Scene {
        let fixture: HomeFixture
        let alice: Session
        let bob: Session
        let room: RoomID

        func relations(
            of event: EventID, for session: Session? = nil, type: String? = nil, eventType: String? = nil, recurses: Bool = false,
            direction: History.Direction = .backwards, limit: Int = 50
        ) async throws -> [EventID] {
            try await fixture.home.history.relations(
                of: event, in: room, for: (session ?? alice).userID, type: type, eventType: eventType, recurses: recurses, from: nil, to: nil,
                direction: direction, limit: limit
            ).events.map(\.eventID)
        }

        func bundled(_ event: EventID, for session: Session? = nil) async throws -> JSONObject {
            try await fixture.bundled(with: event, in: room, for: session ?? alice)
        }
    }

    private static func scene(version: RoomVersion = .v11, _ body: @Sendable @escaping (Scene) async throws -> Void) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], version: version, members: [people[1]])
            try await body(Scene(fixture: fixture, alice: people[0], bob: people[1], room: room))
        }
    }

    // MARK: Edits

    @Test func theNewestValidEditIsBundledWhole() async throws {
        try await Self.scene { scene in
            let (fixture, room) = (scene.fixture, scene.room)
            let original = try await fixture.say("one", in: room, by: scene.alice)
            #expect(try await scene.bundled(original).isEmpty)
            _ = try await fixture.edit(original, to: "two", in: room, by: scene.alice)
            let newest = try await fixture.edit(original, to: "three", in: room, by: scene.alice)
            let edit = try #require(try await scene.bundled(original).object("m.replace"))
            #expect(
                edit.string("event_id") == newest.rawValue && edit.string("room_id") == room.rawValue
                    && edit.string("sender") == scene.alice.userID.rawValue)
            #expect(edit.object("content")?.object("m.new_content")?.string("body") == "three")
            #expect(edit.object("unsigned")?.string("transaction_id") != nil, "it is the device's own")
            // The event itself stays what it was.
            #expect(try await fixture.event(original, in: room, for: scene.bob).object("content")?.string("body") == "one")
            // By the clock, not by the order of arrival.
            fixture.clock.jump(milliseconds: -1_000_000)
            _ = try await fixture.edit(original, to: "from the past", in: room, by: scene.alice)
            #expect(try await scene.bundled(original).object("m.replace")?.string("event_id") == newest.rawValue)
            // Redacting the newest one brings back the one before it.
            _ = try await fixture.redact(newest, in: room, by: scene.alice)
            #expect(
                try await scene.bundled(original).object("m.replace")?.object("content")?.object("m.new_content")?.string("body") == "two")
            // And a redacted original shows none, though they are still related to it.
            _ = try await fixture.redact(original, in: room, by: scene.alice)
            #expect(try await scene.bundled(original).isEmpty)
            #expect(try await scene.relations(of: original).count == 2)
        }
    }

    @Test func ofEditsInOneMillisecondTheLargestIDIsTheNewest() async throws {
        let stopped = SteppedClock()
        try await HomeFixture.with(clock: stopped) { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            let original = try await fixture.say("one", in: room, by: alice)
            for round in 0..<8 {
                var edits: [EventID] = []
                fixture.clock.jump(milliseconds: 1_000)
                for index in 0..<4 {
                    // The clock goes on by itself with each look.
                    fixture.clock.jump(milliseconds: -1)
                    edits.append(try await fixture.edit(original, to: "\(round) \(index)", in: room, by: alice))
                }
                let times = Set(try await fixture.wholeTimeline(of: room).filter { edits.contains($0.eventID) }.map(\.originServerTimestamp))
                try #require(times.count == 1)
                #expect(
                    try await fixture.bundled(with: original, in: room, for: alice).object("m.replace")?.string("event_id") == edits.max()?.rawValue)
            }
        }
    }

    @Test func invalidEditsAreIgnored() async throws {
        try await Self.scene { scene in
            let (fixture, room, alice) = (scene.fixture, scene.room, scene.alice)
            let original = try await fixture.say("one", in: room, by: alice)
            // By another, of another type, without new content, as state.
            _ = try await fixture.edit(original, to: "mine now", in: room, by: scene.bob)
            _ = try await fixture.relate("m.replace", to: original, in: room, by: alice, type: "m.sticker", ["m.new_content": [:]])
            _ = try await fixture.relate("m.replace", to: original, in: room, by: alice)
            try await fixture.setState(
                "m.room.message", "", ["m.new_content": [:], "m.relates_to": ["rel_type": "m.replace", "event_id": .string(original.rawValue)]],
                in: room, by: alice)
            #expect(try await scene.bundled(original).isEmpty)
            // An edit of an edit, and of state.
            let edit = try await fixture.edit(original, to: "two", in: room, by: alice)
            _ = try await fixture.edit(edit, to: "three", in: room, by: alice)
            #expect(try await scene.bundled(edit).isEmpty)
            #expect(try await scene.bundled(original).object("m.replace")?.string("event_id") == edit.rawValue)
            let topic = try await fixture.setState("m.room.topic", "", ["topic": "x"], in: room, by: alice)
            _ = try await fixture.relate("m.replace", to: topic, in: room, by: alice, type: "m.room.topic", ["m.new_content": [:]])
            _ = try await fixture.relate("m.reference", to: topic, in: room, by: alice)
            #expect(try await scene.bundled(topic).isEmpty, "state has nothing bundled")
            // Encrypted ones are believed: their new content is inside.
            let encrypted: JSONObject = ["algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x"]
            let secret = try await fixture.home.timeline.send(
                type: "m.room.encrypted", content: encrypted, to: room, transactionID: "secret", session: alice)
            let secretEdit = try await fixture.relate("m.replace", to: secret, in: room, by: alice, type: "m.room.encrypted", encrypted)
            #expect(try await scene.bundled(secret).object("m.replace")?.string("event_id") == secretEdit.rawValue)
            // In another room it is no edit of this event.
            let elsewhere = try await fixture.room(by: alice)
            let foreign = try await fixture.edit(original, to: "elsewhere", in: elsewhere, by: alice)
            #expect(try await !scene.relations(of: original).contains(foreign))
        }
    }

    // MARK: Annotations

    @Test func aReactionCountsOnce() async throws {
        try await Self.scene { scene in
            let (fixture, room) = (scene.fixture, scene.room)
            let event = try await fixture.say("one", in: room, by: scene.alice)
            let thumb = try await fixture.react("👍", to: event, in: room, by: scene.bob)
            let before = try await fixture.wholeTimeline(of: room).count
            await expect(.duplicateAnnotation) { _ = try await fixture.react("👍", to: event, in: room, by: scene.bob) }
            #expect(try await fixture.wholeTimeline(of: room).count == before)
            // Another key, type, sender or event is another annotation. Keys are compared by their bytes.
            _ = try await fixture.react("👎", to: event, in: room, by: scene.bob)
            _ = try await fixture.react("e\u{301}", to: event, in: room, by: scene.bob)
            _ = try await fixture.react("\u{e9}", to: event, in: room, by: scene.bob)
            _ = try await fixture.relate("m.annotation", to: event, in: room, by: scene.bob, type: "org.example.mark", key: "👍", [:])
            _ = try await fixture.react("👍", to: event, in: room, by: scene.alice)
            let other = try await fixture.say("two", in: room, by: scene.alice)
            _ = try await fixture.react("👍", to: other, in: room, by: scene.bob)
            // What is redacted can be said again.
            _ = try await fixture.redact(thumb, in: room, by: scene.bob)
            _ = try await fixture.react("👍", to: event, in: room, by: scene.bob)
            #expect(try await scene.bundled(event).isEmpty, "annotations are not bundled")
            #expect(try await scene.relations(of: event, type: "m.annotation", eventType: "m.reaction").count == 5)
        }
    }

    @Test func aRepeatedRequestIsNoSecondReaction() async throws {
        try await Self.scene { scene in
            let event = try await scene.fixture.say("one", in: scene.room, by: scene.alice)
            let content: JSONObject = ["m.relates_to": ["rel_type": "m.annotation", "event_id": .string(event.rawValue), "key": "x"]]
            func send() async throws -> EventID {
                try await scene.fixture.home.timeline.send(
                    type: "m.reaction", content: content, to: scene.room, transactionID: "same", session: scene.bob)
            }
            let first = try await send()
            #expect(try await send() == first)
        }
    }

    /// However many clients of one user say it at the same time, it is said once.
    @Test func reactionsOfManyAtOnce() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol", "dave")
            let room = try await fixture.room(by: people[0], members: Array(people.dropFirst()))
            let event = try await fixture.say("one", in: room, by: people[0])
            let keys = ["a", "b", "c"]
            let accepted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for person in people {
                    for key in keys {
                        for device in 0..<5 {
                            group.addTask {
                                do {
                                    _ = try await fixture.home.timeline.send(
                                        type: "m.reaction",
                                        content: [
                                            "m.relates_to": ["rel_type": "m.annotation", "event_id": .string(event.rawValue), "key": .string(key)]
                                        ],
                                        to: room, transactionID: "\(key) \(device)", session: person)
                                    return true
                                } catch let error as MatrixError where error.code == .duplicateAnnotation { return false }
                            }
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(accepted == people.count * keys.count)
            let page = try await fixture.home.history.relations(
                of: event, in: room, for: people[0].userID, type: "m.annotation", eventType: nil, recurses: false, from: nil, to: nil,
                direction: .forwards, limit: 100)
            #expect(page.events.count == accepted && page.next == nil)
            let said = try Set(page.events.map { "\($0.sender) \(try JSONObject(parsing: $0.content).object("m.relates_to")?.string("key") ?? "")" })
            #expect(said.count == accepted)
        }
    }

    // MARK: References

    @Test func referencesAreListedInOrder() async throws {
        try await Self.scene { scene in
            let (fixture, room) = (scene.fixture, scene.room)
            let event = try await fixture.say("one", in: room, by: scene.alice)
            var references: [EventID] = []
            for person in [scene.alice, scene.bob, scene.alice] {
                references.append(try await fixture.relate("m.reference", to: event, in: room, by: person))
            }
            func listed() async throws -> [String] {
                try await scene.bundled(event).object("m.reference")?.array("chunk")?.compactMap { $0.objectValue?.string("event_id") } ?? []
            }
            #expect(try await listed() == references.map(\.rawValue))
            _ = try await fixture.redact(references[1], in: room, by: scene.bob)
            #expect(try await listed() == [references[0].rawValue, references[2].rawValue])
            // A redacted parent keeps them.
            _ = try await fixture.redact(event, in: room, by: scene.alice)
            #expect(try await listed().count == 2)
        }
    }

    // MARK: The list of relations

    @Test func filtersAndRecursion() async throws {
        try await Self.scene { scene in
            let (fixture, room) = (scene.fixture, scene.room)
            let root = try await fixture.say("root", in: room, by: scene.alice)
            let reply = try await fixture.relate("m.thread", to: root, in: room, by: scene.bob)
            let edit = try await fixture.edit(reply, to: "better", in: room, by: scene.bob)
            let reaction = try await fixture.react("x", to: reply, in: room, by: scene.alice)
            let third = try await fixture.relate("m.reference", to: edit, in: room, by: scene.alice)
            let fourth = try await fixture.relate("m.reference", to: third, in: room, by: scene.alice)
            let ofRoot = try await fixture.react("y", to: root, in: room, by: scene.bob)
            #expect(try await scene.relations(of: root) == [ofRoot, reply])
            #expect(try await scene.relations(of: root, direction: .forwards) == [reply, ofRoot])
            #expect(try await scene.relations(of: root, recurses: true) == [ofRoot, third, reaction, edit, reply])
            #expect(try await scene.relations(of: edit, recurses: true, direction: .forwards) == [third, fourth])
            // What is reached only through something else than was asked for is not there.
            #expect(try await scene.relations(of: root, type: "m.replace", recurses: true) == [])
            #expect(try await scene.relations(of: root, type: "m.thread", recurses: true) == [reply])
            #expect(try await scene.relations(of: reply, type: "m.annotation", eventType: "m.reaction", recurses: true) == [reaction])
            #expect(try await scene.relations(of: reply, type: "m.annotation", eventType: "m.room.message") == [])
            // A redacted event leads nowhere.
            _ = try await fixture.redact(edit, in: room, by: scene.bob)
            #expect(try await scene.relations(of: root, recurses: true) == [ofRoot, reaction, reply])
            #expect(try await scene.relations(of: edit) == [third])
        }
    }

    @Test func whatIsNoRelation() async throws {
        try await Self.scene { scene in
            let (fixture, room) = (scene.fixture, scene.room)
            let event = try await fixture.say("one", in: room, by: scene.alice)
            let id = JSONValue.string(event.rawValue)
            let odd: [JSONValue] = [
                "text", ["rel_type": "m.thread"], ["event_id": id], ["rel_type": 1, "event_id": id], ["rel_type": "", "event_id": id],
                ["rel_type": "x", "event_id": ["a"]], ["rel_type": "x", "event_id": "$unknown"], ["rel_type": "m.thread", "event_id": "nothing"],
                ["m.in_reply_to": ["event_id": id]], ["rel_type": .string(String(repeating: "x", count: 300)), "event_id": id],
            ]
            for (number, relatesTo) in odd.enumerated() {
                _ = try await fixture.home.timeline.send(
                    type: "m.room.message", content: ["body": "x", "m.relates_to": relatesTo], to: room, transactionID: "odd\(number)",
                    session: scene.bob)
            }
            #expect(try await scene.relations(of: event) == [])
            #expect(try await scene.bundled(event).isEmpty)
        }
    }

    @Test(arguments: [History.Direction.backwards, .forwards], [false, true])
    func pagesOfManyRelations(direction: History.Direction, recurses: Bool) async throws {
        try await Self.scene { scene in
            let (fixture, room, history) = (scene.fixture, scene.room, scene.fixture.home.history)
            let event = try await fixture.say("one", in: room, by: scene.alice)
            var all: [EventID] = []
            for index in 0..<130 {
                all.append(try await fixture.relate(index.isMultiple(of: 3) ? "m.reference" : "x", to: event, in: room, by: scene.bob))
                if index.isMultiple(of: 5) { try await fixture.say("between", in: room, by: scene.alice) }
                if index.isMultiple(of: 7) {
                    let nested = try await fixture.react("x", to: all[all.count - 1], in: room, by: scene.alice)
                    if recurses { all.append(nested) }
                }
            }
            let expected = direction == .forwards ? all : all.reversed()
            for limit in [1_000, 50, 7] {
                var found: [EventID] = []
                var token: StreamToken?
                var pages = 0
                repeat {
                    let page = try await history.relations(
                        of: event, in: room, for: scene.bob.userID, type: nil, eventType: nil, recurses: recurses, from: token, to: nil,
                        direction: direction, limit: limit)
                    #expect(!page.events.isEmpty && page.events.count <= limit)
                    found += page.events.map(\.eventID)
                    token = page.next
                    pages += 1
                } while token != nil
                #expect(found == expected)
                #expect(pages == (expected.count + limit - 1) / limit)
            }
            // Between two tokens, and from the token of a sync.
            var client = SyncClient(scene.bob)
            try await client.sync(fixture)
            let late = try await fixture.relate("x", to: event, in: room, by: scene.bob)
            let old = try await history.relations(
                of: event, in: room, for: scene.bob.userID, type: nil, eventType: nil, recurses: recurses, from: client.since, to: nil,
                direction: .backwards, limit: 1_000)
            #expect(old.events.map(\.eventID) == all.reversed())
            let new = try await history.relations(
                of: event, in: room, for: scene.bob.userID, type: nil, eventType: nil, recurses: recurses, from: client.since, to: nil,
                direction: .forwards, limit: 1_000)
            #expect(new.events.map(\.eventID) == [late])
            let between = try await history.relations(
                of: event, in: room, for: scene.bob.userID, type: nil, eventType: nil, recurses: recurses, from: nil, to: client.since,
                direction: .backwards, limit: 1_000)
            #expect(between.events.map(\.eventID) == [late])
        }
    }

    // MARK: Who sees what

    @Test func historyVisibilityHolds() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: alice, members: [bob], visibility: "joined")
            let early = try await fixture.say("early", in: room, by: alice)
            _ = try await fixture.edit(early, to: "changed", in: room, by: alice)
            try await fixture.leave(room, bob)
            _ = try await fixture.edit(early, to: "unseen", in: room, by: alice)
            let hidden = try await fixture.relate("m.thread", to: early, in: room, by: alice)
            try await fixture.join(room, carol)
            func relations(of event: EventID, for session: Session) async throws -> [TimelineEvent] {
                try await fixture.home.history.relations(
                    of: event, in: room, for: session.userID, type: nil, eventType: nil, recurses: true, from: nil, to: nil,
                    direction: .backwards, limit: 50
                ).events
            }
            // Who has left sees what there was.
            let seen = try await fixture.bundled(with: early, in: room, for: bob)
            #expect(seen.object("m.replace")?.object("content")?.object("m.new_content")?.string("body") == "changed")
            #expect(seen["m.thread"] == nil)
            #expect(try await relations(of: early, for: bob).count == 1)
            #expect(try await fixture.home.history.threads(of: room, for: bob.userID, isParticipated: false, from: nil, limit: 5).events.isEmpty)
            // Who came later does not see the event at all.
            await expect(.notFound) { _ = try await relations(of: early, for: carol) }
            #expect(try await fixture.home.history.threads(of: room, for: carol.userID, isParticipated: false, from: nil, limit: 5).events.isEmpty)
            // And of an event that both see, only what both see.
            try await fixture.join(room, bob)
            let shown = try await fixture.relate("m.thread", to: early, in: room, by: alice)
            let thread = try await fixture.bundled(with: early, in: room, for: bob).object("m.thread")
            #expect(thread?.integer("count") == 1 && thread?.object("latest_event")?.string("event_id") == shown.rawValue)
            #expect(try await fixture.bundled(with: early, in: room, for: alice).object("m.thread")?.integer("count") == 2)
            #expect(try await !relations(of: early, for: bob).map(\.eventID).contains(hidden))
        }
    }

    @Test func ignoredSendersAreLeftOut() async throws {
        try await Self.scene { scene in
            let (fixture, room) = (scene.fixture, scene.room)
            let root = try await fixture.say("root", in: room, by: scene.alice)
            let own = try await fixture.relate("m.thread", to: root, in: room, by: scene.alice)
            _ = try await fixture.relate("m.thread", to: root, in: room, by: scene.bob)
            _ = try await fixture.relate("m.reference", to: root, in: room, by: scene.bob)
            let other = try await fixture.say("other", in: room, by: scene.alice)
            _ = try await fixture.relate("m.thread", to: other, in: room, by: scene.bob)
            #expect(try await scene.bundled(root).object("m.thread")?.integer("count") == 2)
            try await fixture.home.accountData.set(
                "m.ignored_user_list", of: scene.alice.userID, room: nil, to: ["ignored_users": [scene.bob.userID.rawValue: [:]]])
            let bundled = try await scene.bundled(root)
            #expect(bundled["m.reference"] == nil)
            #expect(bundled.object("m.thread")?.integer("count") == 1)
            #expect(bundled.object("m.thread")?.object("latest_event")?.string("event_id") == own.rawValue)
            #expect(try await scene.relations(of: root) == [own])
            let threads = try await fixture.home.history.threads(of: room, for: scene.alice.userID, isParticipated: false, from: nil, limit: 9)
            #expect(threads.events.map(\.eventID) == [root])
            #expect(try await scene.bundled(root, for: scene.bob).object("m.thread")?.integer("count") == 2)
        }
    }

    // MARK: Filters

    @Test func filtersByWhatIsRelated() async throws {
        try await Self.scene { scene in
            let (fixture, room) = (scene.fixture, scene.room)
            var events: [EventID] = []
            for index in 0..<4 { events.append(try await fixture.say("\(index)", in: room, by: scene.alice)) }
            _ = try await fixture.relate("m.thread", to: events[0], in: room, by: scene.bob)
            _ = try await fixture.react("x", to: events[1], in: room, by: scene.bob)
            _ = try await fixture.relate("m.thread", to: events[2], in: room, by: scene.alice)
            _ = try await fixture.react("x", to: events[2], in: room, by: scene.bob)
            for (filter, expected) in [
                (["related_by_rel_types": ["m.thread"]], [0, 2]), (["related_by_senders": [.string(scene.bob.userID.rawValue)]], [0, 1, 2]),
                (["related_by_rel_types": ["m.thread"], "related_by_senders": [.string(scene.bob.userID.rawValue)]], [0]),
                (["related_by_rel_types": []], []), (["related_by_rel_types": ["x", "m.annotation"]], [1, 2]),
            ] as [(JSONObject, [Int])] {
                let roomFilter = try RoomEventFilter(filter)
                let page = try await fixture.home.history.messages(
                    of: room, for: scene.alice.userID, from: nil, to: nil, direction: .forwards, limit: 50, filter: roomFilter)
                #expect(page.events.map(\.eventID) == expected.map { events[$0] }, "\(filter)")
                let context = try await fixture.home.history.context(of: events[3], in: room, for: scene.alice.userID, limit: 50, filter: roomFilter)
                #expect(context.before.map(\.eventID) == expected.reversed().map { events[$0] }, "\(filter)")
                var client = SyncClient(scene.alice, filter: try Filter(["room": ["timeline": .object(filter)]]))
                try await client.sync(fixture)
                #expect(client.rooms[room]?.timeline == expected.map { events[$0].rawValue }, "\(filter)")
            }
        }
    }

    // MARK: Where it is bundled

    @Test func pagesContextsAndSyncsBundle() async throws {
        try await Self.scene { scene in
            let (fixture, room) = (scene.fixture, scene.room)
            let event = try await fixture.say("one", in: room, by: scene.alice)
            let edit = try await fixture.edit(event, to: "two", in: room, by: scene.alice)
            let page = try await fixture.home.history.messages(
                of: room, for: scene.bob.userID, from: nil, to: nil, direction: .backwards, limit: 5, filter: RoomEventFilter())
            let context = try await fixture.home.history.context(of: edit, in: room, for: scene.bob.userID, limit: 5, filter: RoomEventFilter())
            for (events, aggregations) in [(page.events, page.aggregations), (context.before, context.aggregations)] {
                var format = EventFormat(for: scene.bob)
                format.aggregations = aggregations
                var writer = JSONWriter()
                format.write(events, to: &writer)
                let shown = try JSONValue(parsing: writer.bytes).arrayValue?.compactMap(\.objectValue).first {
                    $0.string("event_id") == event.rawValue
                }
                #expect(shown?.object("unsigned")?.object("m.relations")?.object("m.replace")?.string("event_id") == edit.rawValue)
            }
            func bundled(_ answer: SyncAnswer) -> JSONObject? {
                answer.joined(room)?.events("timeline").first { $0.string("event_id") == event.rawValue }?.object("unsigned")?.object("m.relations")
            }
            var client = SyncClient(scene.bob)
            let first = try await client.sync(fixture)
            #expect(bundled(first)?.object("m.replace")?.string("event_id") == edit.rawValue)
            #expect(bundled(first)?.object("m.replace")?["room_id"] == nil, "as in the events of a sync")
            // In a gap.
            client.since = StreamToken(try #require(try await fixture.wholeTimeline(of: room).first { $0.eventID == event }).position.value - 1)
            client.filter.room.timeline.events.limit = 2
            #expect(bundled(try await client.ask(fixture)) == nil, "the client has all of it")
            try await fixture.say("three", in: room, by: scene.alice)
            client.filter.room.timeline.events.limit = 3
            #expect(bundled(try await client.ask(fixture)) == nil)
            try await fixture.say("four", in: room, by: scene.alice)
            client.since = StreamToken(Position(client.since?.position.value ?? 0).value - 1)
            client.filter.room.timeline.events.limit = 4
            #expect(bundled(try await client.ask(fixture))?.object("m.replace")?.string("event_id") == edit.rawValue)
        }
    }
}

extension StreamToken {
    fileprivate init(_ value: Int64) { self.init(Position(value)) }
}
