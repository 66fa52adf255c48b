import MatrixCore
import Storage
import Synchronization
import Testing

@testable import Homeserver

/// spec: client-server-api/#receiving-notifications
@Suite struct UnreadCountTests {
    private static func unread(_ fixture: HomeFixture, _ session: Session, _ room: RoomID) async throws -> UnreadCounts? {
        var client = SyncClient(session)
        try await client.sync(fixture)
        return client.rooms[room]?.unread
    }

    private static func mention(_ fixture: HomeFixture, _ user: Session, in room: RoomID, by sender: Session) async throws -> EventID {
        try await fixture.home.timeline.send(
            type: "m.room.message",
            content: ["msgtype": "m.text", "body": "hey", "m.mentions": ["user_ids": [.string(user.userID.rawValue)]]],
            to: room, transactionID: "m\(fixture.clock.nowMilliseconds)", session: sender)
    }

    @Test func messagesMentionsAndWhatNeverCounts() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: alice, members: [bob, carol])
            #expect(try await Self.unread(fixture, bob, room) == UnreadCounts())
            try await fixture.say("1", in: room, by: alice)
            _ = try await Self.mention(fixture, bob, in: room, by: alice)
            #expect(try await Self.unread(fixture, bob, room) == UnreadCounts(notifications: 2, highlights: 1))
            #expect(try await Self.unread(fixture, carol, room) == UnreadCounts(notifications: 2, highlights: 0))
            #expect(try await Self.unread(fixture, alice, room) == UnreadCounts(), "one's own are read")
            // Notices, state, reactions and edits do not count.
            for (type, content) in [
                ("m.room.message", ["msgtype": "m.notice", "body": "x"]),
                ("m.reaction", ["m.relates_to": ["rel_type": "m.annotation", "event_id": "$x", "key": "x"]]),
                ("m.room.message", ["msgtype": "m.text", "body": "x", "m.relates_to": ["rel_type": "m.replace", "event_id": "$x"]]),
            ] as [(String, JSONObject)] {
                _ = try await fixture.home.timeline.send(
                    type: type, content: content, to: room, transactionID: "n\(fixture.clock.nowMilliseconds)", session: alice)
            }
            try await fixture.setState("m.room.topic", "", ["topic": "x"], in: room, by: alice)
            #expect(try await Self.unread(fixture, bob, room) == UnreadCounts(notifications: 2, highlights: 1))
            // The whole room is mentioned only by whom it is allowed.
            for (sender, highlights) in [(carol, 1), (alice, 2)] {
                _ = try await fixture.home.timeline.send(
                    type: "m.room.message", content: ["msgtype": "m.text", "body": "all", "m.mentions": ["room": true]], to: room,
                    transactionID: "r", session: sender)
                #expect(try await Self.unread(fixture, bob, room)?.highlights == highlights)
            }
        }
    }

    @Test func receiptsAndSendingRead() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            var client = SyncClient(bob)
            var messages: [EventID] = []
            for index in 0..<6 { messages.append(try await fixture.say("\(index)", in: room, by: alice)) }
            func count(_ expected: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
                try await client.sync(fixture)
                #expect(client.rooms[room]?.unread?.notifications == expected, sourceLocation: sourceLocation)
                #expect(try await Self.unread(fixture, bob, room)?.notifications == expected, sourceLocation: sourceLocation)
            }
            try await count(6)
            let receipts = fixture.home.receipts
            try await receipts.set("m.read", to: messages[1], threadID: nil, in: room, by: bob.userID)
            try await count(4)
            try await receipts.set("m.read.private", to: messages[3], threadID: nil, in: room, by: bob.userID)
            try await count(2)
            // The one that is ahead counts.
            try await receipts.set("m.read", to: messages[2], threadID: nil, in: room, by: bob.userID)
            try await count(2)
            // Receipts do not go back.
            try await receipts.set("m.read.private", to: messages[0], threadID: nil, in: room, by: bob.userID)
            try await count(2)
            try await receipts.set("m.fully_read", to: messages[5], threadID: nil, in: room, by: bob.userID)
            try await count(2)
            try await fixture.say("mine", in: room, by: bob)
            try await count(0)
            // A new name says nothing of what was read.
            try await fixture.say("more", in: room, by: alice)
            try await fixture.home.profiles.setField("displayname", of: bob.userID, body: ["displayname": "B"])
            try await count(1)
        }
    }

    @Test func redactedMessagesCountNoLonger() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            let message = try await Self.mention(fixture, people[1], in: room, by: people[0])
            try await fixture.say("x", in: room, by: people[0])
            #expect(try await Self.unread(fixture, people[1], room) == UnreadCounts(notifications: 2, highlights: 1))
            _ = try await fixture.redact(message, in: room, by: people[0])
            #expect(try await Self.unread(fixture, people[1], room) == UnreadCounts(notifications: 1, highlights: 0))
        }
    }

    @Test func rulesOfOnesOwn() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: alice, members: [bob, carol])
            let rules = fixture.home.pushRules
            try await rules.put(
                .override, room.rawValue, of: bob.userID,
                body: ["actions": [], "conditions": [["kind": "event_match", "key": "room_id", "pattern": .string(room.rawValue)]]], before: nil,
                after: nil)
            try await rules.put(
                .content, "word", of: carol.userID, body: ["actions": ["notify", ["set_tweak": "highlight"]], "pattern": "lunch"], before: nil,
                after: nil)
            try await fixture.say("lunch?", in: room, by: alice)
            _ = try await Self.mention(fixture, bob, in: room, by: alice)
            #expect(try await Self.unread(fixture, bob, room) == UnreadCounts(), "muted altogether")
            #expect(try await Self.unread(fixture, carol, room) == UnreadCounts(notifications: 2, highlights: 1))
            // Rules hold for what comes after.
            try await rules.delete(.override, room.rawValue, of: bob.userID)
            #expect(try await Self.unread(fixture, bob, room) == UnreadCounts())
            _ = try await Self.mention(fixture, bob, in: room, by: alice)
            #expect(try await Self.unread(fixture, bob, room) == UnreadCounts(notifications: 1, highlights: 1))
        }
    }

    @Test func whatHappensWhileOneIsAwayIsNotUnread() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            var client = SyncClient(bob)
            try await client.sync(fixture)
            try await fixture.say("there", in: room, by: alice)
            try await client.sync(fixture)
            #expect(client.rooms[room]?.unread == UnreadCounts(notifications: 1))
            try await fixture.leave(room, bob)
            for index in 0..<3 { try await fixture.say("away \(index)", in: room, by: alice) }
            try await fixture.join(room, bob)
            try await fixture.say("back", in: room, by: alice)
            try await client.sync(fixture)
            #expect(client.rooms[room]?.unread == UnreadCounts(notifications: 1))
        }
    }

    @Test func countsOfManyRoomsAreBoundedAndRight() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let rooms = try await withThrowingTaskGroup(of: RoomID.self) { group in
                for _ in 0..<Notifications.maxKnownRooms + 40 { group.addTask { try await fixture.room(by: alice, members: [bob]) } }
                return try await group.reduce(into: [RoomID]()) { $0.append($1) }
            }
            var client = SyncClient(bob)
            try await client.sync(fixture)
            for round in 1...3 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for room in rooms { group.addTask { try await fixture.say("x", in: room, by: alice) } }
                    try await group.waitForAll()
                }
                try await client.sync(fixture)
                #expect(rooms.allSatisfy { client.rooms[$0]?.unread == UnreadCounts(notifications: round) })
                #expect(fixture.home.sync.notifications.knownRoomCount <= Notifications.maxKnownRooms)
            }
        }
    }

    /// A reader that counted before the newest message was written must not be believed after it.
    @Test(arguments: [false, true]) func whatWasCountedTooEarlyIsNotKept(afterForgetting: Bool) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let notifications = fixture.home.sync.notifications
            let room = try await fixture.room(by: alice, members: [bob])
            var others: [RoomID] = []
            if afterForgetting {
                for _ in 0..<Notifications.maxKnownRooms { others.append(try await fixture.room(by: alice)) }
            }
            func count(upTo end: Position) async throws -> UnreadCounts {
                try await fixture.home.database.read { transaction in
                    let key = try #require(try transaction.room(room)).key
                    let membership = try #require(try transaction.membership(of: bob.userID, in: key))
                    return try notifications.counts(of: bob.userID, in: membership, upTo: end, transaction).total
                }
            }
            let early = fixture.home.sync.feed.position
            try await fixture.say("late", in: room, by: alice)
            // So many other rooms that this one is dropped.
            for other in others { try await fixture.say("x", in: other, by: alice) }
            #expect(notifications.knownCounts(of: bob.userID, in: room) == nil)
            #expect(try await count(upTo: early) == UnreadCounts())
            #expect(notifications.knownCounts(of: bob.userID, in: room) == nil)
            #expect(try await count(upTo: fixture.home.sync.feed.position) == UnreadCounts(notifications: 1))
            #expect(notifications.knownCounts(of: bob.userID, in: room)?.total == UnreadCounts(notifications: 1))
            // The same with a receipt.
            let before = fixture.home.sync.feed.position
            let event = try #require(try await fixture.wholeTimeline(of: room).last)
            try await fixture.home.receipts.set("m.read", to: event.eventID, threadID: nil, in: room, by: bob.userID)
            _ = try await count(upTo: before)
            #expect(notifications.knownCounts(of: bob.userID, in: room) == nil)
        }
    }

    /// Senders, readers and syncs at once; in the end every count is what counting one by one gives.
    @Test func racesLeaveTheRightCounts() async throws {
        var random = SeededGenerator()
        print("UnreadCountTests seed \(random.seed)")
        let seed = random.next()
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol", "dave")
            var rooms: [RoomID] = []
            for _ in 0..<3 { rooms.append(try await fixture.room(by: people[0], members: Array(people.dropFirst()))) }
            let all = rooms
            var firsts: [RoomID: EventID] = [:]
            for room in rooms { firsts[room] = try await fixture.say("root", in: room, by: people[0]) }
            let roots = firsts
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, person) in people.enumerated() {
                    group.addTask {
                        var random = SeededGenerator(seed: seed &+ UInt64(index))
                        var sent: [(RoomID, EventID)] = []
                        for step in 0..<60 {
                            let room = all.randomElement(using: &random) ?? all[0]
                            switch Int.random(in: 0..<10, using: &random) {
                            case 0...2: sent.append((room, try await fixture.say("\(step)", in: room, by: person)))
                            case 3: sent.append((room, try await Self.mention(fixture, people[(index + 1) % 4], in: room, by: person)))
                            case 4:
                                let page = try await fixture.home.history.messages(
                                    of: room, for: person.userID, from: nil, to: nil, direction: .backwards, limit: 4, filter: RoomEventFilter())
                                if let event = page.events.randomElement(using: &random) {
                                    let type = Bool.random(using: &random) ? "m.read" : "m.read.private"
                                    try await fixture.home.receipts.set(type, to: event.eventID, threadID: nil, in: room, by: person.userID)
                                }
                            case 5:
                                if let (room, event) = sent.randomElement(using: &random) {
                                    _ = try await fixture.redact(event, in: room, by: person)
                                }
                            case 6...7:
                                let root = try #require(roots[room])
                                let content: JSONObject = [
                                    "msgtype": "m.text", "body": "x", "m.relates_to": ["rel_type": "m.thread", "event_id": .string(root.rawValue)],
                                ]
                                let event = try await fixture.home.timeline.send(
                                    type: "m.room.message", content: content, to: room, transactionID: "th\(step)", session: person)
                                fixture.sentThreads.withLock { $0[event] = root }
                                sent.append((room, event))
                                if Bool.random(using: &random) {
                                    try await fixture.home.receipts.set("m.read", to: event, threadID: root.rawValue, in: room, by: person.userID)
                                }
                            case 8 where index > 0:
                                try await fixture.leave(room, person)
                                try await fixture.join(room, person)
                            default: _ = try await Self.unread(fixture, person, room)
                            }
                        }
                    }
                    // And somebody who looks all the time.
                    group.addTask { for _ in 0..<60 { _ = try await Self.unread(fixture, person, all[0]) } }
                }
                try await group.waitForAll()
            }
            for person in people {
                for room in rooms {
                    let expected = try await Self.bruteForce(fixture, person, room)
                    #expect(try await Self.unread(fixture, person, room) == expected.total, "seed \(seed)")
                }
            }
        }
    }

    /// Counts event by event, from the rules and nothing that was stored of them.
    static func bruteForce(_ fixture: HomeFixture, _ session: Session, _ room: RoomID) async throws -> ThreadedUnreadCounts {
        let rules = try await fixture.home.pushRules.rules(of: session.userID)
        let timeline = try await fixture.wholeTimeline(of: room)
        let levels = try #require(try await fixture.state(of: room)[StateKey("m.room.power_levels")])
        let receipts = try await fixture.home.database.read { transaction in
            let key = try transaction.room(room)?.key ?? 0
            return try transaction.receipts(of: key, roomID: room, after: .zero, upTo: Position(.max), visibleTo: session.userID)
        }.filter { $0.userID == session.userID }
        let relations = try RelationModel(timeline)
        // By thread; what is read of all threads at once stands under "".
        var read: [String: Int] = [:]
        func markAsRead(_ thread: String, _ index: Int?) { read[thread] = max(read[thread] ?? -1, index ?? -1) }
        for receipt in receipts { markAsRead(receipt.threadID ?? "", timeline.firstIndex { $0.eventID == receipt.eventID }) }
        var counts = ThreadedUnreadCounts()
        var joined: Set<String> = []
        var wasJoined = false
        for (index, event) in timeline.enumerated() {
            let content = try JSONObject(parsing: event.content)
            if event.type == "m.room.member", let user = event.stateKey {
                if content.string("membership") == "join" { joined.insert(user) } else { joined.remove(user) }
                let isJoined = joined.contains(session.userID.rawValue)
                if isJoined, !wasJoined { markAsRead("", index) }
                wasJoined = isJoined
            } else if event.sender == session.userID {
                markAsRead(fixture.sentThreads.withLock { $0[event.eventID]?.rawValue } ?? "main", index)
            }
        }
        let ignored = fixture.home.sync.ignoredUsers.ignored(by: session.userID)
        for (index, event) in timeline.enumerated() where event.redactedBecause == nil && !ignored.contains(event.sender) {
            let thread = relations.thread(of: event.eventID)
            guard index > max(read[""] ?? -1, read[thread?.rawValue ?? "main"] ?? -1) else { continue }
            let asEvent = Event(
                eventID: event.eventID, roomID: room, type: event.type, stateKey: event.stateKey, sender: event.sender,
                originServerTimestamp: 0, content: try JSONObject(parsing: event.content))
            let context = PushContext(
                userID: session.userID, displayName: nil, memberCount: joined.count,
                powerLevels: PowerLevels(create: nil, content: levels, version: .v11))
            let outcome = rules.evaluate(event: asEvent, context: context)
            if outcome.notify { counts[thread].notifications += 1 }
            if outcome.highlight { counts[thread].highlights += 1 }
        }
        return counts
    }
}
