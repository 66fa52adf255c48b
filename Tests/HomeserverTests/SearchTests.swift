import Glibc
import MatrixCore
import Storage
import Testing

@testable import Homeserver

@Suite struct SearchTests {
    private static func request(_ term: String, _ more: JSONObject = [:], page: String? = nil) throws -> SearchRequest {
        var criteria = more
        criteria["search_term"] = .string(term)
        return try SearchRequest(criteria, nextBatch: page)
    }

    private static func find(
        _ term: String, _ more: JSONObject = [:], page: String? = nil, _ fixture: HomeFixture, _ searcher: Session
    ) async throws -> SearchResults {
        try await fixture.home.search.roomEvents(request(term, more, page: page), for: searcher.userID)
    }

    private static func ids(_ term: String, _ more: JSONObject = [:], _ fixture: HomeFixture, _ searcher: Session) async throws -> Set<EventID> {
        Set(try await find(term, more, fixture, searcher).entries.map(\.event.eventID))
    }

    // MARK: Words

    @Test func wordsOfEveryScript() async throws {
        try await HomeFixture.with { fixture in
            let anna = try await fixture.person("anna")
            let room = try await fixture.room(by: anna)
            let chinese = try await fixture.say("明天我们在会议室开会讨论部署方案 gen-itgc后", in: room, by: anna)
            let japanese = try await fixture.say("会議は東京タワーでします", in: room, by: anna)
            let korean = try await fixture.say("내일 회의실에서 만나요", in: room, by: anna)
            let french = try await fixture.say("Rendez-vous au café, très tôt", in: room, by: anna)
            let english = try await fixture.say("The meeting's notes: budget v2.0 (draft)", in: room, by: anna)
            let russian = try await fixture.say("Встреча в Москве", in: room, by: anna)
            for (term, expected) in [
                ("会议室", [chinese]), ("开会", [chinese]), ("会", [chinese, japanese]), ("后", [chinese]), ("案", [chinese]), ("gen", [chinese]),
                ("itgc", [chinese]),
                ("gen-itgc后", [chinese]), ("方案讨论", []), ("部署 会议", [chinese]), ("部署 東京", []), ("タワー", [japanese]), ("タ", [japanese]),
                ("회의실", [korean]),
                ("회의", [korean]), ("내일 만나", [korean]), ("cafe", [french]), ("CAFÉ", [french]), ("caf tres", [french]), ("meet", [english]),
                ("meetings", []), ("\"meeting\"", [english]), ("\"meet\"", []), ("budget notes", [english]), ("\"notes budget\"", [english]),
                ("\"budget notes\"", []), ("v2.0", [english]), ("москв", [russian]), ("nothing", []), ("***", []), ("", []),
            ] as [(String, [EventID])] {
                #expect(try await Self.ids(term, [:], fixture, anna) == Set(expected), "\(term)")
            }
        }
    }

    /// Whatever is typed, the index understands the question.
    @Test func noQuestionIsAnError() async throws {
        var random = SeededGenerator()
        print("SearchTests seed \(random.seed)")
        let seed = random.next()
        try await HomeFixture.with { fixture in
            var random = SeededGenerator(seed: seed)
            let anna = try await fixture.person("anna")
            let room = try await fixture.room(by: anna)
            let alphabet =
                Array(#"ab"'*:^(){}+-~\NEAR AND OR NOT ,.;会议室ー가한ก็é😀"#.unicodeScalars) + ["\u{0}", "\u{3000}", "\u{301}", "\u{10FFFF}", "\u{FF02}"]
            for _ in 0..<300 {
                var text = String.UnicodeScalarView()
                for _ in 0..<Int.random(in: 0..<12, using: &random) { text.append(alphabet.randomElement(using: &random) ?? "a") }
                let term = String(text)
                let event = try await fixture.say("x \(term)", in: room, by: anna)
                let found = try await Self.find(term, ["order_by": "recent"], fixture, anna)
                // Whoever searches for a whole text finds it, if it has a word at all.
                if !found.highlights.isEmpty { #expect(found.entries.first?.event.eventID == event, "\(term.debugDescription)") }
            }
        }
    }

    @Test func namesAndTopicsByKey() async throws {
        try await HomeFixture.with { fixture in
            let anna = try await fixture.person("anna")
            let room = try await fixture.room(by: anna)
            let body = try await fixture.say("garden", in: room, by: anna)
            let name = try await fixture.setState("m.room.name", "", ["name": "Garden"], in: room, by: anna)
            let topic = try await fixture.setState("m.room.topic", "", ["topic": "the garden"], in: room, by: anna)
            #expect(try await Self.ids("garden", [:], fixture, anna) == [body, name, topic])
            #expect(try await Self.ids("garden", ["keys": ["content.name"]], fixture, anna) == [name])
            #expect(try await Self.ids("garden", ["keys": ["content.topic", "content.body"]], fixture, anna) == [topic, body])
            #expect(try await Self.ids("garden", ["filter": ["types": ["m.room.topic"]]], fixture, anna) == [topic])
            // The words by which the index knows rooms are nobody's words.
            #expect(try await Self.ids("1", [:], fixture, anna).isEmpty)
        }
    }

    // MARK: Who sees what

    @Test func onlyWhatTheSearcherMaySee() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("anna", "ben", "carl")
            let (anna, ben, carl) = (people[0], people[1], people[2])
            let secret = try await fixture.room(by: anna, preset: .privateChat)
            try await fixture.say("apple in secret", in: secret, by: anna)
            let joined = try await fixture.room(by: anna, visibility: "joined")
            try await fixture.say("apple before", in: joined, by: anna)
            try await fixture.join(joined, ben)
            let during = try await fixture.say("apple during", in: joined, by: anna)
            try await fixture.leave(joined, ben)
            try await fixture.say("apple after", in: joined, by: anna)
            let shared = try await fixture.room(by: anna)
            let early = try await fixture.say("apple early", in: shared, by: anna)
            try await fixture.join(shared, ben)
            let own = try await fixture.say("apple mine", in: shared, by: ben)
            let open = try await fixture.room(by: anna, visibility: "world_readable")
            try await fixture.say("apple for everyone", in: open, by: anna)
            try await fixture.invite(ben, to: secret, by: anna)

            #expect(try await Self.ids("apple", [:], fixture, ben) == [during, early, own])
            #expect(try await Self.ids("apple", [:], fixture, carl).isEmpty)
            #expect(try await Self.ids("apple", [:], fixture, anna).count == 7)
            let context = try await Self.find("during", ["event_context": [:]], fixture, ben).entries.first?.context
            let shown = try (context?.before ?? [] + (context?.after ?? [])).map { try JSONObject(parsing: $0.content).string("body") ?? "" }
            #expect(!shown.contains("apple before") && !shown.contains("apple after"))
            #expect(context?.after.last?.type == "m.room.member")

            try await fixture.home.accountData.set(
                "m.ignored_user_list", of: ben.userID, room: nil, to: ["ignored_users": .object(JSONObject([(anna.userID.rawValue, .object([:]))]))])
            #expect(try await Self.ids("apple", [:], fixture, ben) == [own])
            try await fixture.home.membership.forget(joined, as: ben.userID)
            #expect(try await Self.ids("during", [:], fixture, ben).isEmpty)
        }
    }

    @Test func filters() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("anna", "ben")
            let (anna, ben) = (people[0], people[1])
            let one = try await fixture.room(by: anna, members: [ben])
            let other = try await fixture.room(by: anna, members: [ben])
            let first = try await fixture.say("pear", in: one, by: anna)
            let second = try await fixture.say("pear", in: other, by: ben)
            let image = try await fixture.home.timeline.send(
                type: "m.room.message", content: ["msgtype": "m.image", "body": "pear.jpg", "url": "mxc://box.test/x"], to: one, transactionID: "i",
                session: ben)
            func found(_ filter: JSONObject) async throws -> Set<EventID> { try await Self.ids("pear", ["filter": .object(filter)], fixture, anna) }
            #expect(try await found(["rooms": [.string(one.rawValue)]]) == [first, image])
            #expect(try await found(["not_rooms": [.string(one.rawValue)]]) == [second])
            #expect(try await found(["senders": [.string(ben.userID.rawValue)]]) == [second, image])
            #expect(try await found(["not_senders": [.string(ben.userID.rawValue)]]) == [first])
            #expect(try await found(["contains_url": true]) == [image])
            #expect(try await found(["contains_url": false]) == [first, second])
            #expect(try await found(["types": ["m.room.name"]]).isEmpty)
            #expect(try await found(["rooms": []]).isEmpty)
        }
    }

    @Test func manyRoomsAreSearchedToo() async throws {
        try await HomeFixture.with { fixture in
            let anna = try await fixture.person("anna")
            var sent: Set<EventID> = []
            for _ in 0..<20 { sent.insert(try await fixture.say("plum", in: try await fixture.room(by: anna), by: anna)) }
            #expect(try await Self.ids("plum", ["filter": ["limit": 50]], fixture, anna) == sent)
        }
    }

    // MARK: Order, pages, groups

    @Test(arguments: ["rank", "recent"]) func pages(_ order: String) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("anna", "ben")
            let (anna, ben) = (people[0], people[1])
            let rooms = [try await fixture.room(by: anna, members: [ben]), try await fixture.room(by: anna, members: [ben])]
            var sent: [EventID] = []
            for index in 0..<23 {
                sent.append(
                    try await fixture.say(
                        "fig \(index % 3 == 0 ? "fig fig" : "and many other words that nobody looks for")", in: rooms[index % 2],
                        by: index % 4 == 0 ? ben : anna))
            }
            let wanted: JSONObject = [
                "order_by": .string(order), "filter": ["limit": 5], "groupings": ["group_by": [["key": "room_id"], ["key": "sender"]]],
            ]
            var seen: [EventID] = []
            var ranks: [Double] = []
            var page: String?
            var first: SearchResults?
            repeat {
                let results = try await Self.find("fig", wanted, page: page, fixture, anna)
                #expect(results.count == 23)
                #expect(results.entries.count <= 5)
                seen += results.entries.map(\.event.eventID)
                ranks += results.entries.map(\.rank)
                page = results.nextBatch
                first = first ?? results
                // What is sent meanwhile moves nothing.
                if seen.count == 5 { try await fixture.say("figless", in: rooms[0], by: anna) }
            } while page != nil
            #expect(seen.count == 23 && Set(seen) == Set(sent))
            if order == "recent" { #expect(seen == sent.reversed()) } else { #expect(ranks == ranks.sorted(by: >)) }

            for (key, groups) in try #require(first).groups {
                #expect(Set(groups.flatMap(\.events)) == Set(seen.prefix(5)))
                for group in groups {
                    var events = group.events
                    var page = group.nextBatch
                    while let token = page {
                        let results = try await Self.find("fig", wanted, page: token, fixture, anna)
                        events += results.entries.map(\.event.eventID)
                        page = results.nextBatch
                    }
                    let expected = try await fixture.wholeTimeline(of: rooms[0]) + fixture.wholeTimeline(of: rooms[1])
                    let members = expected.filter { event in
                        sent.contains(event.eventID) && (key == .room ? event.roomID.rawValue : event.sender.rawValue) == group.value
                    }
                    #expect(events.count == members.count && Set(events) == Set(members.map(\.eventID)), "\(key) \(group.value)")
                }
            }
        }
    }

    @Test func contextStateAndProfiles() async throws {
        try await HomeFixture.with { fixture in
            let anna = try await fixture.person("anna")
            let room = try await fixture.room(by: anna)
            try await fixture.setState(
                "m.room.member", anna.userID.rawValue, ["membership": "join", "displayname": "Anna of old"], in: room, by: anna)
            for text in ["one", "two", "needle", "three", "four"] { try await fixture.say(text, in: room, by: anna) }
            try await fixture.setState("m.room.member", anna.userID.rawValue, ["membership": "join", "displayname": "Anna"], in: room, by: anna)
            let results = try await Self.find(
                "needle", ["event_context": ["before_limit": 1, "after_limit": 2, "include_profile": true], "include_state": true], fixture, anna)
            let context = try #require(results.entries.first?.context)
            func bodies(_ events: [TimelineEvent]) throws -> [String?] { try events.map { try JSONObject(parsing: $0.content).string("body") } }
            #expect(try bodies(context.before) == ["two"])
            #expect(try bodies(context.after) == ["three", "four"])
            #expect(context.profiles?.first?.content.string("displayname") == "Anna of old")
            #expect(results.state[room]?.contains { $0.type == "m.room.create" } == true)
            // The tokens lead on from both ends.
            let earlier = try await fixture.home.history.messages(
                of: room, for: anna.userID, from: context.start, to: nil, direction: .backwards, limit: 1, filter: RoomEventFilter())
            #expect(try bodies(earlier.events) == ["one"])
            let plain = try await Self.find("needle", [:], fixture, anna)
            #expect(plain.entries.first?.context == nil && plain.state.isEmpty)
        }
    }

    // MARK: Edits and redactions

    @discardableResult
    private static func edit(_ target: EventID, to text: String, in room: RoomID, by session: Session, _ fixture: HomeFixture) async throws -> EventID
    {
        try await fixture.home.timeline.send(
            type: "m.room.message",
            content: [
                "msgtype": "m.text", "body": .string("* \(text)"), "m.new_content": ["msgtype": "m.text", "body": .string(text)],
                "m.relates_to": ["rel_type": "m.replace", "event_id": .string(target.rawValue)],
            ], to: room, transactionID: "e\(text)", session: session)
    }

    @Test func theNewestTextOfAnEditedMessage() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("anna", "ben")
            let (anna, ben) = (people[0], people[1])
            let room = try await fixture.room(by: anna, members: [ben])
            let message = try await fixture.say("original", in: room, by: anna)
            func found(_ term: String) async throws -> Set<EventID> { try await Self.ids(term, [:], fixture, anna) }
            try await Self.edit(message, to: "second", in: room, by: anna, fixture)
            #expect(try await found("original").isEmpty)
            #expect(try await found("second") == [message])
            let third = try await Self.edit(message, to: "third", in: room, by: anna, fixture)
            #expect(try await found("second").isEmpty)
            #expect(try await found("third") == [message])
            // Nobody edits what others said, and no edit is edited.
            try await Self.edit(message, to: "forged", in: room, by: ben, fixture)
            try await Self.edit(third, to: "twice", in: room, by: anna, fixture)
            #expect(try await found("forged").isEmpty)
            #expect(try await found("twice").isEmpty)
            #expect(try await found("third") == [message])
            // Without the newest edit the one before counts again.
            _ = try await fixture.redact(third, in: room, by: anna)
            #expect(try await found("third").isEmpty)
            #expect(try await found("second") == [message])
            _ = try await fixture.redact(message, in: room, by: anna)
            #expect(try await found("second").isEmpty)
            #expect(try await found("original").isEmpty)
            try await Self.edit(message, to: "afterwards", in: room, by: anna, fixture)
            #expect(try await found("afterwards").isEmpty)
        }
    }

    /// The index tells, and the disk has, nothing of what was redacted.
    @Test func redactedWordsAreGone() async throws {
        try await HomeFixture.with { fixture in
            let anna = try await fixture.person("anna")
            let room = try await fixture.room(by: anna)
            for index in 0..<200 { try await fixture.say("filler number\(index)", in: room, by: anna) }
            let message = try await fixture.say("xylophonquartz und 鱻鱻鱻 here", in: room, by: anna)
            try await fixture.setState("m.room.topic", "", ["topic": "zzwquartopic"], in: room, by: anna)
            #expect(try await Self.ids("xylophonquartz", [:], fixture, anna) == [message])
            #expect(try await Self.ids("鱻", [:], fixture, anna) == [message])
            _ = try await fixture.redact(message, in: room, by: anna)
            #expect(try await Self.ids("xylophonquartz", [:], fixture, anna).isEmpty)
            #expect(try await Self.ids("鱻", [:], fixture, anna).isEmpty)
            #expect(try await Self.ids("number150", [:], fixture, anna).count == 1)
            try await fixture.home.searchIndexing.wipeDeletedWords(pause: .zero)
            #expect(try await !fixture.home.database.read { try $0.searchIndexHasDeletedWords() })
            #expect(try await Self.ids("number150", [:], fixture, anna).count == 1)
            await fixture.close()
            let bytes = try readFile(fixture.directory + "/landline.db")
            func contains(_ text: String) -> Bool { bytes.firstRange(of: Array(text.utf8)) != nil }
            // Words stand in the index without what they have in common with the word before them.
            #expect(!contains("lophonquartz") && !contains("鱻"))
            #expect(contains("zzwquartopic"))
            try await fixture.restart()
        }
    }

    @Test func anEncryptedMessageIsNotIndexed() async throws {
        try await HomeFixture.with { fixture in
            let anna = try await fixture.person("anna")
            let room = try await fixture.room(by: anna)
            _ = try await fixture.home.timeline.send(
                type: "m.room.encrypted", content: ["body": "leaked", "ciphertext": "leaked", "algorithm": "m.megolm.v1.aes-sha2"], to: room,
                transactionID: "1", session: anna)
            #expect(try await Self.ids("leaked", [:], fixture, anna).isEmpty)
        }
    }

    // MARK: Old databases

    @Test func whatWasThereBeforeTheIndexIsFoundInTime() async throws {
        try await HomeFixture.with { fixture in
            let anna = try await fixture.person("anna")
            let room = try await fixture.room(by: anna)
            var old: [EventID] = []
            for index in 0..<10 { old.append(try await fixture.say("old\(index) fruit", in: room, by: anna)) }
            try await Self.edit(old[3], to: "changed before", in: room, by: anna, fixture)
            _ = try await fixture.redact(old[4], in: room, by: anna)
            // As an older version left it.
            try await fixture.home.database.write { transaction in
                try transaction.indexNewEvents()
                try transaction.connection.run("INSERT INTO search (search) VALUES ('delete-all')")
                try transaction.connection.run("DELETE FROM search_edits")
                try transaction.setServerValue("search_backfill", transaction.lastPosition)
            }
            #expect(try await Self.ids("fruit", [:], fixture, anna).isEmpty)
            // Things go on meanwhile, also with what is not indexed yet.
            try await fixture.say("new fruit", in: room, by: anna)
            try await Self.edit(old[5], to: "changed since", in: room, by: anna, fixture)
            _ = try await fixture.redact(old[6], in: room, by: anna)
            #expect(try await Self.ids("fruit", [:], fixture, anna).count == 1)
            var steps = 0
            while try await fixture.home.database.write({ try $0.indexOlderEvents(limit: 4) }) {
                steps += 1
                if steps == 3 { try await fixture.restart() }
            }
            #expect(try await Self.ids("fruit", ["filter": ["limit": 50]], fixture, anna).count == 7)
            #expect(try await Self.ids("before", [:], fixture, anna) == [old[3]])
            #expect(try await Self.ids("since", [:], fixture, anna) == [old[5]])
            #expect(try await Self.ids("old4", [:], fixture, anna).isEmpty)
            #expect(try await Self.ids("old6", [:], fixture, anna).isEmpty)
            try await fixture.home.database.write { _ = try $0.connection.run("INSERT INTO search (search) VALUES ('integrity-check')") }
        }
    }

    /// Random edits and redactions, compared with what the events say.
    @Test func theIndexFollowsTheEvents() async throws {
        var random = SeededGenerator()
        print("SearchTests seed \(random.seed)")
        let seed = random.next()
        try await HomeFixture.with { fixture in
            var random = SeededGenerator(seed: seed)
            let anna = try await fixture.person("anna")
            let room = try await fixture.room(by: anna)
            var texts: [EventID: [(edit: EventID?, text: String)]] = [:]
            for step in 0..<150 {
                let text = "w\(step) \(Int.random(in: 0..<5, using: &random))号"
                let target = texts.keys.sorted { $0.rawValue < $1.rawValue }.randomElement(using: &random)
                switch (Int.random(in: 0..<6, using: &random), target) {
                case (0...2, _), (_, nil): texts[try await fixture.say(text, in: room, by: anna)] = [(nil, text)]
                case (3...4, let target?):
                    let edit = try await Self.edit(target, to: text, in: room, by: anna, fixture)
                    if texts[target]?.isEmpty == false { texts[target]?.append((edit, text)) }
                case (_, let target?):
                    if let edit = texts[target]?.last?.edit {
                        _ = try await fixture.redact(edit, in: room, by: anna)
                        texts[target]?.removeLast()
                    } else {
                        _ = try await fixture.redact(target, in: room, by: anna)
                        texts[target] = []
                    }
                }
            }
            for number in 0..<5 {
                let expected = texts.filter { $0.value.last?.text.hasSuffix(" \(number)号") == true }.keys
                #expect(try await Self.ids("\(number)号", ["filter": ["limit": 100]], fixture, anna) == Set(expected), "seed \(seed)")
            }
            try await fixture.home.database.write { _ = try $0.connection.run("INSERT INTO search (search) VALUES ('integrity-check')") }
        }
    }
}

private func readFile(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { throw StorageError(.notAccessible, path) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return bytes }
        bytes += buffer[..<count]
    }
}
