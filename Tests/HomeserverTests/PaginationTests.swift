import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// spec: client-server-api/#get_matrixclientv3roomsroomidmessages
@Suite struct PaginationTests {
    private static func page(
        _ fixture: HomeFixture, _ room: RoomID, _ user: UserID, from: StreamToken?, to: StreamToken? = nil, _ direction: History.Direction,
        limit: Int, filter: RoomEventFilter = RoomEventFilter()
    ) async throws -> History.Page {
        try await fixture.home.history.messages(of: room, for: user, from: from, to: to, direction: direction, limit: limit, filter: filter)
    }

    /// A timeline of random events, read in pages of random sizes.
    @Test func everyVisibleEventExactlyOnceInOrder() async throws {
        var random = SeededGenerator()
        print("PaginationTests seed \(random.seed)")
        let seed = random.next()
        try await HomeFixture.with { fixture in
            var random = SeededGenerator(seed: seed)
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, visibility: ["shared", "joined", "invited"].randomElement(using: &random))
            let noise = try await fixture.room(by: alice)
            var tokens = [StreamToken(fixture.home.sync.feed.position)]
            var bobIsThere = false
            for index in 0..<120 {
                switch Int.random(in: 0..<10, using: &random) {
                case 0:
                    if bobIsThere { try await fixture.leave(room, bob) } else { try await fixture.join(room, bob) }
                    bobIsThere.toggle()
                case 1: try await fixture.setState("m.room.topic", "", ["topic": .integer(Int64(index))], in: room, by: alice)
                case 2: try await fixture.say("noise", in: noise, by: alice)
                case 3:
                    let visibility = ["shared", "joined", "invited"].randomElement(using: &random) ?? "shared"
                    try await fixture.setState("m.room.history_visibility", "", ["history_visibility": .string(visibility)], in: room, by: alice)
                default: try await fixture.say("m\(index)", in: room, by: bobIsThere && Bool.random(using: &random) ? bob : alice)
                }
                tokens.append(StreamToken(fixture.home.sync.feed.position))
            }
            if !bobIsThere { try await fixture.join(room, bob) }
            let whole = try await fixture.wholeTimeline(of: room)

            var filters = [RoomEventFilter()]
            filters.append(try RoomEventFilter(["types": ["m.room.message"]]))
            filters.append(try RoomEventFilter(["not_senders": [.string(alice.userID.rawValue)]]))
            filters.append(try RoomEventFilter(["senders": []]))
            for user in [alice.userID, bob.userID] {
                let access = try await fixture.home.database.read { try RoomAccess(to: room, for: user, upTo: Position(.max), in: $0) }
                for _ in 0..<12 {
                    let filter = filters.randomElement(using: &random) ?? RoomEventFilter()
                    let direction: History.Direction = Bool.random(using: &random) ? .forwards : .backwards
                    let from = Int.random(in: 0..<3, using: &random) == 0 ? nil : tokens.randomElement(using: &random)
                    var to = Int.random(in: 0..<3, using: &random) == 0 ? tokens.randomElement(using: &random) : nil
                    if let limit = to, let from, direction == .forwards ? limit.position < from.position : limit.position > from.position { to = nil }
                    let expected = whole.filter { event in
                        let (lower, upper) = direction == .forwards ? (from, to) : (to, from)
                        return access.canSee(event) && filter.matches(event) && (lower.map { event.position > $0.position } ?? true)
                            && (upper.map { event.position <= $0.position } ?? true)
                    }
                    var seen: [EventID] = []
                    var token = from
                    var pages = 0
                    repeat {
                        let limit = Int.random(in: 1...12, using: &random)
                        let page = try await Self.page(fixture, room, user, from: token, to: to, direction, limit: limit, filter: filter)
                        #expect(page.events.count <= limit)
                        seen += page.events.map(\.eventID)
                        if let token { #expect(page.start == token || direction == .backwards) }
                        token = page.end
                        pages += 1
                    } while token != nil && pages < 1_000
                    #expect(seen == (direction == .forwards ? expected : expected.reversed()).map(\.eventID), "seed \(random.seed)")
                }
            }
        }
    }

    @Test func theEndIsAbsentWhereThereIsNothingMore() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            let count = try await fixture.wholeTimeline(of: room).count
            for direction in [History.Direction.forwards, .backwards] {
                // A page with events says where it ends, the last one too.
                let whole = try await Self.page(fixture, room, alice.userID, from: nil, direction, limit: count)
                let last = try await Self.page(fixture, room, alice.userID, from: whole.end, direction, limit: count)
                #expect(last.events.isEmpty && last.end == nil && last.start == whole.end)
                let short = try await Self.page(fixture, room, alice.userID, from: nil, direction, limit: count - 1)
                let end = try #require(short.end)
                let rest = try await Self.page(fixture, room, alice.userID, from: end, direction, limit: 10)
                #expect(rest.events.count == 1 && rest.end != nil && rest.start == end)
            }
        }
    }

    @Test func tokensBeyondTheEndAndOddLimits() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            let count = try await fixture.wholeTimeline(of: room).count
            let future = StreamToken(Position(Int64.max))
            #expect(try await Self.page(fixture, room, alice.userID, from: future, .backwards, limit: 100).events.count == count)
            #expect(try await Self.page(fixture, room, alice.userID, from: future, .forwards, limit: 100).events.isEmpty)
            #expect(try await Self.page(fixture, room, alice.userID, from: StreamToken(.zero), .backwards, limit: 100).events.isEmpty)
            let none = try await Self.page(fixture, room, alice.userID, from: nil, .backwards, limit: 0)
            #expect(none.events.isEmpty && none.end == none.start)
            #expect(try await Self.page(fixture, room, alice.userID, from: nil, .backwards, limit: .max).events.count == count)
        }
    }

    @Test func aFilterThatMatchesNothingIsGivenUpAndTakenUpAgain() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            let needle = try await fixture.setState("needle", "", [:], in: room, by: alice)
            let count = ReadTransaction.maxEventsScanned + 20
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<count { group.addTask { try await fixture.say("\(index)", in: room, by: alice) } }
                try await group.waitForAll()
            }
            let filter = try RoomEventFilter(["types": ["needle"]])
            let first = try await Self.page(fixture, room, alice.userID, from: nil, .backwards, limit: 10, filter: filter)
            #expect(first.events.isEmpty)
            #expect(first.end != nil)
            let second = try await Self.page(fixture, room, alice.userID, from: first.end, .backwards, limit: 10, filter: filter)
            #expect(second.events.map(\.eventID) == [needle])
            #expect(try await Self.page(fixture, room, alice.userID, from: second.end, .backwards, limit: 10, filter: filter).end == nil)
        }
    }

    @Test func lazyPagesHaveTheirSendersAndNobodyElse() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let room = try await fixture.room(by: people[0], members: [people[1], people[2]])
            let start = StreamToken(fixture.home.sync.feed.position)
            try await fixture.say("b", in: room, by: people[1])
            try await fixture.say("c", in: room, by: people[2])
            try await fixture.home.profiles.setField("displayname", of: people[1].userID, body: ["displayname": "Later"])
            let filter = try RoomEventFilter(["lazy_load_members": true])
            let page = try await Self.page(fixture, room, people[0].userID, from: start, .forwards, limit: 1, filter: filter)
            #expect(page.state.map(\.stateKey) == [people[1].userID.rawValue])
            #expect(try page.state.map { try JSONObject(parsing: $0.content).string("displayname") } == [nil], "as they were then")
            let plain = try await Self.page(fixture, room, people[0].userID, from: start, .forwards, limit: 1)
            #expect(plain.state.isEmpty)
        }
    }

    @Test func contextStandsInTheMiddleAndPagesGoOnFromBothEnds() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            var messages: [EventID] = []
            for index in 0..<11 { messages.append(try await fixture.say("\(index)", in: room, by: alice)) }
            let context = try await fixture.home.history.context(of: messages[5], in: room, for: alice.userID, limit: 5, filter: RoomEventFilter())
            #expect(context.before.map(\.eventID) == [messages[4], messages[3]])
            #expect(context.after.map(\.eventID) == [messages[6], messages[7], messages[8]])
            let older = try await Self.page(fixture, room, alice.userID, from: context.start, .backwards, limit: 2)
            #expect(older.events.map(\.eventID) == [messages[2], messages[1]])
            let newer = try await Self.page(fixture, room, alice.userID, from: context.end, .forwards, limit: 2)
            #expect(newer.events.map(\.eventID) == [messages[9], messages[10]])
            let alone = try await fixture.home.history.context(of: messages[5], in: room, for: alice.userID, limit: 0, filter: RoomEventFilter())
            #expect(alone.before.isEmpty && alone.after.isEmpty)
            #expect(alone.state.contains { $0.type == "m.room.create" })
        }
    }
}
