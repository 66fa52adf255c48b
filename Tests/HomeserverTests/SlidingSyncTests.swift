import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// Rooms in sliding sync: lists, subscriptions, what a room's first and later responses say.
@Suite struct SlidingSyncTests {
    @Test func aFirstResponseShowsTheNewestRoomsWhole() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            var rooms: [RoomID] = []
            for index in 0..<5 {
                let room = try await fixture.room(by: alice, members: [bob])
                try await fixture.setState("m.room.name", "", ["name": .string("room \(index)")], in: room, by: alice)
                rooms.append(room)
            }
            try await fixture.say("newest", in: rooms[1], by: alice)
            var client = SlidingClient(bob, range: 0...1)
            let answer = try await client.sync(fixture)
            #expect(Set(answer.rooms) == [rooms[1].rawValue, rooms[4].rawValue])
            #expect(answer.count() == 5)
            let room = try #require(answer.room(rooms[1]))
            #expect(room.bool("initial") == true)
            #expect(room.string("name") == "room 1")
            #expect(answer.texts(rooms[1]) == ["newest"])
            #expect(room.bool("limited") == true)
            #expect(room.integer("num_live") == 0)
            #expect(room.integer("joined_count") == 2)
            #expect(room.integer("invited_count") == 0)
            #expect(room.integer("notification_count") == 1)
            #expect(room["heroes"] == nil)
            #expect(answer.state(rooms[1]) == ["m.room.create|", "m.room.member|@alice:box.test", "m.room.member|@bob:box.test", "m.room.name|"])
            // prev_batch leads to what came before.
            let token = try #require(room.string("prev_batch").flatMap { StreamToken($0) })
            let page = try await fixture.home.history.messages(
                of: rooms[1], for: bob.userID, from: token, to: nil, direction: .backwards, limit: 1, filter: RoomEventFilter())
            #expect(page.events.first?.type == "m.room.name")
            // So does the position itself.
            let position = try #require(client.position.flatMap { StreamToken($0) })
            let newest = try await fixture.home.history.messages(
                of: rooms[1], for: bob.userID, from: position, to: nil, direction: .backwards, limit: 1, filter: RoomEventFilter())
            #expect(try newest.events.first.map { try JSONObject(parsing: $0.content).string("body") } == "newest")
        }
    }

    @Test func aGrowingWindowBringsOnlyWhatIsNew() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            var rooms: [RoomID] = []
            for _ in 0..<6 { rooms.append(try await fixture.room(by: alice)) }
            var client = SlidingClient(alice, range: 0...1)
            #expect(try await client.sync(fixture).rooms.count == 2)
            client.setRange(0...3)
            #expect(try await Set(client.sync(fixture).rooms) == Set([rooms[2], rooms[3]].map(\.rawValue)))
            client.setRange(0...99)
            #expect(try await Set(client.sync(fixture).rooms) == Set([rooms[0], rooms[1]].map(\.rawValue)))
            #expect(try await client.sync(fixture).isEmpty)
            // A smaller window forgets nothing.
            client.setRange(0...0)
            try await client.sync(fixture)
            client.setRange(0...99)
            #expect(try await client.sync(fixture).isEmpty)
        }
    }

    /// A room that comes to the front pushes another into a window that does not begin there.
    @Test func windowsNeedNotBeginAtTheFront() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            var rooms: [RoomID] = []
            for _ in 0..<4 { rooms.append(try await fixture.room(by: alice)) }
            var client = SlidingClient(alice, range: 1...1)
            #expect(try await client.sync(fixture).rooms == [rooms[2].rawValue])
            try await fixture.say("to the front", in: rooms[0], by: alice)
            #expect(try await client.sync(fixture).rooms == [rooms[3].rawValue])
            // What changed outside of the window comes when the window reaches it.
            client.setRange(0...1)
            #expect(try await client.sync(fixture).texts(rooms[0]) == ["to the front"])
        }
    }

    @Test func aWholeListNeedsNoRange() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            for _ in 0..<3 { _ = try await fixture.room(by: alice) }
            var client = SlidingClient(alice)
            client.lists = ["all": ["timeline_limit": 0]]
            let answer = try await client.sync(fixture)
            #expect(answer.rooms.count == 3)
            #expect(answer.body.object("rooms")?.members.allSatisfy { $0.value.objectValue?.array("timeline") == [] } == true)
        }
    }

    @Test func moreRoomsThanOneResponseTakesComeInSeveral() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let count = SlidingSync.maxRoomsOfResponse + 5
            for _ in 0..<count { _ = try await fixture.room(by: alice) }
            var client = SlidingClient(alice, range: 0...999)
            let first = try await client.sync(fixture)
            #expect(first.rooms.count == SlidingSync.maxRoomsOfResponse)
            let second = try await client.sync(fixture, timeoutMilliseconds: 60_000)
            #expect(second.rooms.count == 5)
            #expect(Set(first.rooms).isDisjoint(with: second.rooms))
            #expect(try await client.sync(fixture).isEmpty)
        }
    }

    @Test func laterResponsesTellOnlyWhatChanged() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            var client = SlidingClient(bob, timelineLimit: 10)
            try await client.sync(fixture)
            try await fixture.say("one", in: room, by: alice)
            try await fixture.say("two", in: room, by: alice)
            var answer = try await client.sync(fixture)
            #expect(answer.texts(room) == ["one", "two"])
            #expect(answer.room(room)?["initial"] == nil && answer.room(room)?["name"] == nil && answer.room(room)?["joined_count"] == nil)
            #expect(answer.room(room)?.integer("num_live") == 2)
            #expect(answer.room(room)?.bool("limited") == false)
            #expect(answer.state(room) == [])
            try await fixture.setState("m.room.name", "", ["name": "named"], in: room, by: alice)
            answer = try await client.sync(fixture)
            #expect(answer.room(room)?.string("name") == "named")
            #expect(answer.state(room) == ["m.room.name|"])
            try await fixture.setState("m.room.name", "", [:], in: room, by: alice)
            answer = try await client.sync(fixture)
            #expect(answer.room(room)?["name"] == .null)
            #expect(answer.room(room)?.array("heroes")?.compactMap { $0.objectValue?.string("user_id") } == ["@alice:box.test"])
            // State that was not asked for is in the timeline alone.
            try await fixture.setState("m.room.topic", "", ["topic": "x"], in: room, by: alice)
            answer = try await client.sync(fixture)
            #expect(answer.types(room) == ["m.room.topic"] && answer.state(room) == [])
        }
    }

    @Test func aGapIsCalledLimited() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: alice, members: [bob, carol])
            var client = SlidingClient(bob, timelineLimit: 2)
            try await client.sync(fixture)
            for index in 0..<5 { try await fixture.say("\(index)", in: room, by: carol) }
            let answer = try await client.sync(fixture)
            #expect(answer.texts(room) == ["3", "4"])
            #expect(answer.room(room)?.bool("limited") == true)
            // Who speaks there is sent again: beyond a gap a client forgets its members.
            #expect(answer.state(room) == ["m.room.member|@carol:box.test"])
            let token = try #require(answer.room(room)?.string("prev_batch").flatMap { StreamToken($0) })
            let page = try await fixture.home.history.messages(
                of: room, for: bob.userID, from: token, to: nil, direction: .backwards, limit: 3, filter: RoomEventFilter())
            #expect(try page.events.map { try JSONObject(parsing: $0.content).string("body") } == ["2", "1", "0"])
        }
    }

    @Test func aRepeatedPositionIsAnsweredAgain() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            let other = try await fixture.room(by: alice, members: [bob])
            var client = SlidingClient(bob, range: 0...0, timelineLimit: 5, extensions: ["account_data", "receipts", "typing"])
            try await client.sync(fixture)
            try await fixture.say("lost", in: other, by: alice)
            try await fixture.home.accountData.set("x", of: bob.userID, room: nil, to: [:])
            let lost = try await client.ask(fixture)
            client.setRange(0...9)
            let again = try await client.ask(fixture)
            for answer in [lost, again] {
                #expect(answer.texts(other) == ["lost"])
                #expect(answer.accountData() == ["x"])
            }
            #expect(again.room(room)?.bool("initial") == true)
            // The answers are different ones, and the client goes on from whichever it has.
            client.take(lost)
            #expect(try await client.ask(fixture).room(room)?.bool("initial") == true)
            client.take(again)
            await expect(.unknownPosition) { _ = try await client.ask(fixture) }
        }
    }

    // MARK: Subscriptions

    @Test func aSubscriptionIsAnsweredAtOnceWithTheExpandedTimeline() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            try await fixture.setState("m.room.pinned_events", "", ["pinned": []], in: room, by: alice)
            for index in 0..<30 { try await fixture.say("\(index)", in: room, by: alice) }
            var client = SlidingClient(bob)
            #expect(try await client.sync(fixture).texts(room) == ["29"])
            let state = [
                ("m.room.name", ""), ("m.room.member", "$LAZY"), ("m.room.member", "$ME"), ("m.room.create", ""), ("m.room.pinned_events", ""),
            ]
            client.subscribe(room, state: state)
            let clock = ContinuousClock()
            let start = clock.now
            let answer = try await client.sync(fixture, timeoutMilliseconds: 60_000)
            #expect(clock.now - start < .seconds(20))
            #expect(answer.texts(room) == (10..<30).map(String.init))
            #expect(answer.room(room)?.bool("unstable_expanded_timeline") == true)
            #expect(answer.room(room)?["initial"] == nil)
            #expect(answer.room(room)?.integer("num_live") == 0)
            #expect(answer.room(room)?.bool("limited") == true)
            #expect(answer.state(room) == ["m.room.pinned_events|"])
            // Once is enough, also after the subscription ended and began again.
            #expect(try await client.sync(fixture).isEmpty)
            client.subscriptions = [:]
            #expect(try await client.sync(fixture).isEmpty)
            client.subscribe(room, state: state)
            #expect(try await client.sync(fixture).isEmpty)
            // After a gap it is not.
            client.subscriptions = [:]
            for index in 30..<33 { try await fixture.say("\(index)", in: room, by: alice) }
            #expect(try await client.sync(fixture).texts(room) == ["32"])
            client.subscribe(room, state: state)
            #expect(try await client.sync(fixture).texts(room) == (13..<33).map(String.init))
        }
    }

    @Test func aSubscriptionReachesBeyondTheLists() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let old = try await fixture.room(by: alice, members: [bob])
            _ = try await fixture.room(by: alice, members: [bob])
            let secret = try await fixture.room(by: alice, preset: .privateChat)
            var client = SlidingClient(bob, range: 0...0)
            try await client.sync(fixture)
            client.subscribe(old)
            client.subscribe(secret)
            client.subscribe(RoomID(trusted: "!nowhere:box.test"))
            #expect(try await client.sync(fixture).rooms == [old.rawValue])
            try await fixture.say("a", in: secret, by: alice)
            try await fixture.say("b", in: old, by: alice)
            #expect(try await client.sync(fixture).rooms == [old.rawValue])
        }
    }

    @Test func aWorldReadableRoomIsNotPeekedInto() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], visibility: "world_readable")
            var client = SlidingClient(people[1])
            client.subscribe(room)
            #expect(try await client.sync(fixture).rooms == [])
        }
    }

    // MARK: Required state

    @Test(arguments: [
        ([("m.space.child", "*")], ["m.space.child|!a", "m.space.child|!b"]),
        ([("*", "!a")], ["m.space.child|!a", "other|!a"]),
        ([("m.room.member", "*")], ["m.room.member|@alice:box.test", "m.room.member|@bob:box.test", "m.room.member|@carol:box.test"]),
        ([("m.room.member", "$ME")], ["m.room.member|@bob:box.test"]),
        ([("m.room.member", "$LAZY")], ["m.room.member|@alice:box.test"]),
        ([("m.room.member", "$LAZY"), ("m.room.member", "@carol:box.test")], ["m.room.member|@alice:box.test", "m.room.member|@carol:box.test"]),
        ([("nothing", "")], []),
    ])
    func wildcardsAndKeywords(pairs: [(String, String)], expected: [String]) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let room = try await fixture.room(by: people[0], members: [people[1], people[2]])
            for key in ["!a", "!b"] { try await fixture.setState("m.space.child", key, ["via": ["box.test"]], in: room, by: people[0]) }
            try await fixture.setState("other", "!a", [:], in: room, by: people[0])
            var client = SlidingClient(people[1], state: pairs)
            #expect(try await client.sync(fixture).state(room) == expected)
        }
    }

    @Test func everythingButMembers() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let room = try await fixture.room(by: people[0], members: [people[1], people[2]])
            var client = SlidingClient(people[1], state: [("m.room.member", "$LAZY"), ("*", "*")])
            let state = try await client.sync(fixture).state(room)
            // The only event shown is Carol's joining.
            #expect(state.filter { $0.hasPrefix("m.room.member") } == ["m.room.member|@carol:box.test"])
            #expect(state.contains("m.room.create|") && state.contains("m.room.power_levels|"))
            var whole = SlidingClient(people[2], state: [("*", "*")])
            #expect(try await whole.sync(fixture).state(room).filter { $0.hasPrefix("m.room.member") }.count == 3)
        }
    }

    @Test func moreStateOfAKnownRoomComesAtOnce() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            try await fixture.setState("m.room.topic", "", ["topic": "x"], in: room, by: alice)
            var client = SlidingClient(alice, state: [("m.room.create", "")])
            #expect(try await client.sync(fixture).state(room) == ["m.room.create|"])
            client.setList(range: 0...19, state: [("m.room.create", ""), ("m.room.topic", ""), ("m.room.avatar", "")])
            #expect(try await client.sync(fixture, timeoutMilliseconds: 60_000).state(room) == ["m.room.topic|"])
            #expect(try await client.sync(fixture).isEmpty)
            // What changed while nobody asked for it comes when somebody asks again.
            client.setList(range: 0...19, state: [("m.room.create", "")])
            try await fixture.setState("m.room.topic", "", ["topic": "y"], in: room, by: alice)
            #expect(try await client.sync(fixture).state(room) == [])
            client.setList(range: 0...19, state: [("m.room.create", ""), ("m.room.topic", "")])
            let answer = try await client.sync(fixture)
            #expect(answer.events(room, "required_state").first?.object("content")?.string("topic") == "y")
        }
    }

    @Test func membersAreSentOnceAndWhenTheyChange() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: alice, members: [bob, carol])
            try await fixture.say("first", in: room, by: alice)
            var client = SlidingClient(bob, timelineLimit: 10, state: [("m.room.member", "$LAZY")])
            try await client.sync(fixture)
            for (speaker, name) in [(carol, "carol"), (alice, "alice")] {
                try await fixture.say("hello", in: room, by: speaker)
                #expect(try await client.sync(fixture).state(room) == [], "\(name) was in the first timeline")
            }
            try await fixture.home.profiles.setField("displayname", of: carol.userID, body: ["displayname": "Carola"])
            let answer = try await client.sync(fixture)
            #expect(answer.state(room) == ["m.room.member|@carol:box.test"])
            #expect(answer.room(room)?.integer("joined_count") == 3)
        }
    }

    // MARK: Names

    /// An empty name is none: the room is shown by its members, with their pictures.
    @Test(arguments: [true, false]) func aNamelessRoomHasHeroes(hasEmptyName: Bool) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            if hasEmptyName { try await fixture.setState("m.room.name", "", ["name": ""], in: room, by: people[0]) }
            try await fixture.home.profiles.setField("avatar_url", of: people[0].userID, body: ["avatar_url": "mxc://box.test/picture"])
            var client = SlidingClient(people[1])
            let answer = try await client.sync(fixture)
            #expect(answer.room(room)?["name"] == nil)
            let hero = try #require(answer.room(room)?.array("heroes")?.first?.objectValue)
            #expect(hero.string("user_id") == "@alice:box.test")
            #expect(hero.string("avatar_url") == "mxc://box.test/picture")
        }
    }

    @Test func aRoomsPictureComesWithIt() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            try await fixture.setState("m.room.avatar", "", ["url": "mxc://box.test/a"], in: room, by: alice)
            var client = SlidingClient(alice)
            #expect(try await client.sync(fixture).room(room)?.string("avatar") == "mxc://box.test/a")
            try await fixture.setState("m.room.avatar", "", [:], in: room, by: alice)
            #expect(try await client.sync(fixture).room(room)?["avatar"] == .null)
        }
    }

    @Test func aDirectRoomIsCalledOne() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            var client = SlidingClient(people[1])
            #expect(try await client.sync(fixture).room(room)?["is_dm"] == nil)
            try await fixture.home.accountData.set("m.direct", of: people[1].userID, room: nil, to: ["@alice:box.test": [.string(room.rawValue)]])
            #expect(try await client.sync(fixture).room(room)?.bool("is_dm") == true)
            try await fixture.home.accountData.set("m.direct", of: people[1].userID, room: nil, to: [:])
            #expect(try await client.sync(fixture).room(room)?.bool("is_dm") == false)
            #expect(try await client.sync(fixture).isEmpty)
        }
    }

    // MARK: Order

    @Test func whatIsNoActivityLeavesTheBumpStamp() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let quiet = try await fixture.room(by: alice, members: [bob])
            let loud = try await fixture.room(by: alice, members: [bob])
            try await fixture.say("a", in: loud, by: alice)
            var client = SlidingClient(bob)
            let first = try await client.sync(fixture)
            let stamp = try #require(first.room(quiet)?.integer("bump_stamp"))
            #expect(first.room(loud)?.integer("bump_stamp") ?? 0 > stamp)
            _ = try await fixture.home.timeline.send(type: "m.reaction", content: [:], to: quiet, transactionID: "r", session: alice)
            #expect(try await client.sync(fixture).room(quiet)?.integer("bump_stamp") == stamp)
            // A connection that begins now is told the same, from the database.
            var other = SlidingClient(try await fixture.device(of: bob.userID))
            #expect(try await other.sync(fixture).room(quiet)?.integer("bump_stamp") == stamp)
            try await fixture.say("b", in: quiet, by: alice)
            #expect(try await client.sync(fixture).room(quiet)?.integer("bump_stamp") ?? 0 > stamp)
        }
    }

    @Test func readingChangesTheCounts() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            let message = try await fixture.say("hello @bob", in: room, by: people[0])
            var client = SlidingClient(people[1])
            #expect(try await client.sync(fixture).room(room)?.integer("notification_count") == 1)
            try await fixture.home.receipts.set("m.read.private", to: message, threadID: nil, in: room, by: people[1].userID)
            let answer = try await client.sync(fixture)
            #expect(answer.room(room)?.integer("notification_count") == 0)
            #expect(answer.room(room)?["timeline"] == nil)
        }
    }
}
