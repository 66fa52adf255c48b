import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// spec: client-server-api/#syncing
@Suite struct SyncTests {
    // MARK: First and later

    @Test func aFirstSyncHasEverythingAndTheNextNothing() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: alice, members: [bob])
            let invited = try await fixture.room(by: alice, preset: .privateChat)
            try await fixture.invite(bob, to: invited, by: alice)
            let left = try await fixture.room(by: alice, members: [bob])
            try await fixture.leave(left, bob)
            _ = try await fixture.room(by: carol)
            try await fixture.home.accountData.set("org.example", of: bob.userID, room: nil, to: ["a": 1])
            try await fixture.home.accountData.set("org.example.room", of: bob.userID, room: room, to: ["b": 2])
            for index in 0..<12 { try await fixture.say("m\(index)", in: room, by: alice) }

            var client = SyncClient(bob)
            let first = try await client.sync(fixture)
            #expect(first.rooms("join") == [room.rawValue])
            #expect(first.rooms("invite") == [invited.rawValue])
            #expect(first.rooms("leave").isEmpty)
            let json = try #require(first.joined(room))
            #expect(json.bodies("timeline") == (2..<12).map { "m\($0)" })
            #expect(json.isLimited)
            #expect(Set(json.types("state")).isSuperset(of: ["m.room.create", "m.room.member", "m.room.power_levels"]))
            #expect(json.events("timeline").allSatisfy { $0["room_id"] == nil }, "the room stands above its events")
            #expect(
                json.object("summary") == ["m.heroes": [.string(alice.userID.rawValue)], "m.joined_member_count": 2, "m.invited_member_count": 0])
            #expect(client.accountData["org.example"] == ["a": 1])
            #expect(client.accountData["m.push_rules"] != nil)
            #expect(client.rooms[room]?.accountData["org.example.room"] == ["b": 2])
            #expect(client.presence == [:])

            let second = try await client.sync(fixture)
            #expect(second.isEmpty)
            // A response without news has nevertheless its members.
            #expect(second.body.object("device_lists") != nil && second.body["device_one_time_keys_count"] != nil)
        }
    }

    @Test func aLaterSyncHasWhatIsNew() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            let quiet = try await fixture.room(by: alice, members: [bob])
            var client = SyncClient(bob)
            try await client.sync(fixture)
            let message = try await fixture.say("news", in: room, by: alice)
            let topic = try await fixture.setState("m.room.topic", "", ["topic": "new"], in: room, by: alice)
            let answer = try await client.sync(fixture)
            #expect(answer.rooms("join") == [room.rawValue])
            #expect(answer.joined(room)?.eventIDs("timeline") == [message.rawValue, topic.rawValue])
            #expect(answer.joined(room)?.eventIDs("state") == [], "what the timeline has is not repeated as state")
            #expect(answer.joined(room)?.isLimited == false)
            #expect(answer.joined(quiet) == nil)
        }
    }

    @Test func aGapIsFilledExactly() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            for count in [0, 1, 9, 10, 11, 12, 25] {
                var client = SyncClient(bob)
                try await client.sync(fixture)
                client.rooms[room]?.timeline = ["start"]
                let topic = try await fixture.setState("m.room.topic", "", ["topic": .integer(Int64(count))], in: room, by: alice)
                var expected = ["start", topic.rawValue]
                for index in 0..<count { expected.append(try await fixture.say("\(index)", in: room, by: alice).rawValue) }
                let answer = try await client.sync(fixture)
                #expect(answer.joined(room)?.isLimited == (count >= 10))
                #expect(client.rooms[room]?.timeline == expected)
                #expect(client.rooms[room]?.state[StateKey("m.room.topic")] == topic.rawValue)
                if count >= 10 { #expect(answer.joined(room)?.eventIDs("state") == [topic.rawValue]) }
            }
        }
    }

    @Test func fullStateIsWholeAndComesAtOnce() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            let empty = try await fixture.room(by: people[0], members: [people[1]])
            var client = SyncClient(people[1])
            try await client.sync(fixture)
            let message = try await fixture.say("one", in: room, by: people[0])
            let clock = ContinuousClock()
            let start = clock.now
            let answer = try await client.ask(fixture, timeout: .seconds(60), fullState: true)
            #expect(clock.now - start < .seconds(30))
            #expect(answer.joined(room)?.eventIDs("timeline") == [message.rawValue])
            for id in [room, empty] {
                let state = try await fixture.state(of: id)
                #expect(answer.joined(id)?.events("state").count == state.count)
            }
        }
    }

    @Test func tokensFromTheFutureAreRefused() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            var client = SyncClient(alice)
            client.since = StreamToken(Position(fixture.home.sync.feed.position.value + 1))
            let early = client
            await expect(.invalidParameter) { _ = try await early.ask(fixture) }
            for text in ["", "s", "s-1", "5", "t5", "s9999999999999999999", "s1 "] { #expect(StreamToken(text) == nil) }
        }
    }

    // MARK: Coming and going

    @Test func aRoomOneJoinsComesWhole() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice)
            for index in 0..<20 { try await fixture.say("m\(index)", in: room, by: alice) }
            try await fixture.home.accountData.set("org.example.room", of: bob.userID, room: room, to: ["early": true])
            var client = SyncClient(bob)
            try await client.sync(fixture)
            try await fixture.home.receipts.set("m.read", to: fixture.wholeTimeline(of: room)[3].eventID, threadID: nil, in: room, by: alice.userID)
            try await fixture.home.typing.set(true, timeoutMilliseconds: nil, in: room, by: alice.userID)
            try await client.sync(fixture)
            try await fixture.join(room, bob)
            let answer = try await client.sync(fixture)
            let json = try #require(answer.joined(room))
            #expect(json.isLimited)
            #expect(json.events("timeline").count == 10)
            #expect(json.events("timeline").last?.string("state_key") == bob.userID.rawValue)
            #expect(client.rooms[room]?.state.count == (try await fixture.state(of: room).count))
            #expect(client.rooms[room]?.accountData == ["org.example.room": ["early": true]])
            #expect(client.rooms[room]?.receipts.count == 1)
            #expect(client.rooms[room]?.typists == [alice.userID.rawValue])
            #expect(client.rooms[room]?.joinedCount == 2)
            // What was written before one came is nothing one has to read.
            #expect(json.unread == UnreadCounts())
        }
    }

    @Test func aRoomOneMakesComesWhole() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            var client = SyncClient(alice)
            try await client.sync(fixture)
            let room = try await fixture.room(by: alice)
            try await client.sync(fixture)
            #expect(client.rooms[room]?.timeline == (try await fixture.wholeTimeline(of: room).map(\.eventID.rawValue)))
        }
    }

    @Test func invitationsShowTheRoom() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            try await fixture.home.profiles.setField("displayname", of: alice.userID, body: ["displayname": "Alice"])
            var creation = RoomCreation()
            creation.name = "Kitchen"
            creation.topic = "Food"
            creation.isDirect = true
            creation.invitees = [bob.userID]
            var client = SyncClient(bob)
            try await client.sync(fixture)
            let room = try await fixture.home.rooms.create(creation, by: alice.userID)
            let answer = try await client.sync(fixture)
            let events = try #require(answer.room("invite", room)).events("invite_state")
            let types = events.compactMap { $0.string("type") }
            #expect(Set(types).isSuperset(of: ["m.room.create", "m.room.join_rules", "m.room.name", "m.room.topic", "m.room.member"]))
            #expect(events.contains { $0.string("state_key") == bob.userID.rawValue && $0.object("content")?.bool("is_direct") == true })
            #expect(events.contains { $0.object("content")?.string("displayname") == "Alice" })
            #expect(events.allSatisfy { $0.keys.sorted() == ["content", "sender", "state_key", "type"] }, "stripped state has four properties")
            #expect(try await client.sync(fixture).isEmpty)
            // A device that comes later is told as well.
            var late = SyncClient(bob)
            try await late.sync(fixture)
            #expect(late.rooms[room]?.section == "invite")
        }
    }

    @Test func whatEndsAnInvitationIsTold() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, preset: .privateChat)
            var client = SyncClient(bob)
            func round(_ end: () async throws -> Void) async throws {
                try await fixture.invite(bob, to: room, by: alice)
                try await client.sync(fixture)
                #expect(client.rooms[room]?.section == "invite")
                try await fixture.say("private", in: room, by: alice)
                try await end()
                let answer = try await client.sync(fixture)
                let json = try #require(answer.room("leave", room))
                #expect(json.events("timeline").map { $0.string("state_key") } == [bob.userID.rawValue], "nothing else of the room is shown")
                #expect(json.events("state").isEmpty)
                #expect(client.rooms[room]?.section == "leave")
            }
            try await round { try await fixture.leave(room, bob) }
            try await round { try await fixture.home.membership.kick(bob.userID, from: room, by: alice.userID, reason: nil) }
            try await round { try await fixture.home.membership.ban(bob.userID, from: room, by: alice.userID, reason: nil) }
        }
    }

    enum Exit: CaseIterable, Sendable { case leaves, isKicked, isBanned }

    @Test(arguments: Exit.allCases) func aRoomOneLeavesComesUpToThere(exit: Exit) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            var client = SyncClient(bob)
            try await client.sync(fixture)
            let last = try await fixture.say("last", in: room, by: alice)
            switch exit {
            case .leaves: try await fixture.leave(room, bob)
            case .isKicked: try await fixture.home.membership.kick(bob.userID, from: room, by: alice.userID, reason: nil)
            case .isBanned: try await fixture.home.membership.ban(bob.userID, from: room, by: alice.userID, reason: nil)
            }
            try await fixture.say("after", in: room, by: alice)
            try await fixture.setState("m.room.topic", "", ["topic": "after"], in: room, by: alice)
            let answer = try await client.sync(fixture)
            let json = try #require(answer.room("leave", room))
            #expect(json.eventIDs("timeline").first == last.rawValue)
            #expect(json.events("timeline").count == 2)
            #expect(json.events("timeline").last?.string("state_key") == bob.userID.rawValue)
            #expect(answer.joined(room) == nil)
            try await fixture.say("more", in: room, by: alice)
            #expect(try await client.sync(fixture).isEmpty)

            // Only who asks for left rooms gets them in a first sync.
            var plain = SyncClient(bob)
            try await plain.sync(fixture)
            #expect(plain.rooms[room] == nil)
            var asking = try SyncClient(bob, filter: #"{"room":{"include_leave":true}}"#)
            let whole = try await asking.sync(fixture)
            let left = try #require(whole.room("leave", room))
            #expect(left.events("timeline").last?.string("state_key") == bob.userID.rawValue)
            #expect(!left.types("state").contains("m.room.topic") && !left.types("timeline").contains("m.room.topic"))
            #expect(asking.rooms[room]?.state.count == (try await fixture.state(of: room).count - 1))
        }
    }

    @Test func whatHappensInBetweenIsShownAsItEnded() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, visibility: "joined")
            var client = SyncClient(bob)
            try await client.sync(fixture)
            // Joined and left again between two syncs.
            try await fixture.say("before", in: room, by: alice)
            try await fixture.join(room, bob)
            let inside = try await fixture.say("inside", in: room, by: alice)
            try await fixture.leave(room, bob)
            try await fixture.say("outside", in: room, by: alice)
            let answer = try await client.sync(fixture)
            let json = try #require(answer.room("leave", room))
            #expect(json.bodies("timeline") == ["inside"])
            #expect(json.eventIDs("timeline").contains(inside.rawValue))

            // Left and came back between two syncs: one timeline without what was hidden, and with the state of now.
            try await fixture.join(room, bob)
            try await client.sync(fixture)
            try await fixture.setState("m.room.topic", "", ["topic": "seen"], in: room, by: alice)
            try await fixture.leave(room, bob)
            let hidden = try await fixture.setState("m.room.topic", "", ["topic": "hidden"], in: room, by: alice)
            try await fixture.say("hidden", in: room, by: alice)
            try await fixture.join(room, bob)
            try await fixture.say("back", in: room, by: alice)
            client.fillsGaps = false
            let back = try #require(try await client.sync(fixture).joined(room))
            #expect(back.isLimited)
            #expect(back.bodies("timeline") == ["back"])
            #expect(client.rooms[room]?.state[StateKey("m.room.topic")] == hidden.rawValue)
            #expect(client.rooms[room]?.state.count == (try await fixture.state(of: room).count))
        }
    }

    @Test func otherDevicesLearnThatARoomWasForgotten() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            var phone = SyncClient(try await fixture.device(of: people[1].userID))
            try await phone.sync(fixture)
            try await fixture.leave(room, people[1])
            try await fixture.home.membership.forget(room, as: people[1].userID)
            try await phone.sync(fixture)
            #expect(phone.rooms[room]?.section == "leave")
            var asking = try SyncClient(people[1], filter: #"{"room":{"include_leave":true}}"#)
            try await asking.sync(fixture)
            #expect(asking.rooms[room] == nil)
        }
    }

    @Test func knocksAreShownToWhoKnocks() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, preset: .privateChat)
            try await fixture.setState("m.room.join_rules", "", ["join_rule": "knock"], in: room, by: alice)
            try await fixture.setState("m.room.name", "", ["name": "Club"], in: room, by: alice)
            var client = SyncClient(bob)
            try await client.sync(fixture)
            _ = try await fixture.home.membership.knock(.id(room), as: bob.userID, reason: "hi")
            let answer = try await client.sync(fixture)
            let types = try #require(answer.room("knock", room)).types("knock_state")
            #expect(Set(types).isSuperset(of: ["m.room.create", "m.room.join_rules", "m.room.name", "m.room.member"]))
            try await fixture.home.membership.kick(bob.userID, from: room, by: alice.userID, reason: nil)
            try await client.sync(fixture)
            #expect(client.rooms[room]?.section == "leave")
        }
    }

    // MARK: Summaries

    @Test func summariesAreToldWhenTheyChange() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol", "dave")
            let (alice, bob, carol, dave) = (people[0], people[1], people[2], people[3])
            let room = try await fixture.room(by: alice, members: [bob])
            var client = try SyncClient(alice, filter: #"{"room":{"timeline":{"types":["m.room.message"]},"state":{"types":["m.room.name"]}}}"#)
            try await client.sync(fixture)
            #expect(client.rooms[room]?.heroes == [bob.userID.rawValue])
            try await fixture.invite(carol, to: room, by: alice)
            try await client.sync(fixture)
            #expect(client.rooms[room]?.heroes == [bob.userID.rawValue, carol.userID.rawValue], "even where a filter hides the members")
            #expect(client.rooms[room]?.invitedCount == 1)
            try await fixture.join(room, dave)
            try await fixture.leave(room, bob)
            try await client.sync(fixture)
            #expect(client.rooms[room]?.heroes == [carol.userID.rawValue, dave.userID.rawValue])
            #expect(client.rooms[room]?.joinedCount == 2)
            try await fixture.setState("m.room.name", "", ["name": "Named"], in: room, by: alice)
            let named = try await client.sync(fixture)
            #expect(named.joined(room)?.object("summary")?["m.heroes"] == nil)
            try await fixture.setState("m.room.name", "", ["name": ""], in: room, by: alice)
            try await client.sync(fixture)
            #expect(client.rooms[room]?.heroes == [carol.userID.rawValue, dave.userID.rawValue])
            try await fixture.leave(room, carol)
            try await fixture.leave(room, dave)
            try await client.sync(fixture)
            #expect(Set(client.rooms[room]?.heroes ?? []) == Set([bob, carol, dave].map(\.userID.rawValue)), "who has left, when nobody is there")
            let message = try await fixture.say("x", in: room, by: alice)
            let plain = try await client.sync(fixture)
            #expect(plain.joined(room)?.eventIDs("timeline") == [message.rawValue])
            #expect(plain.joined(room)?["summary"] == nil)
        }
    }

    // MARK: State after the timeline

    @Test func stateAfterIsTheStateOfTheEnd() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            for placement in [SyncRequest.StatePlacement.afterTimeline, .afterTimelineUnstable] {
                var client = SyncClient(bob)
                client.statePlacement = placement
                let first = try await client.sync(fixture)
                #expect(first.joined(room)?["state"] == nil && first.joined(room)?[placement.rawValue] != nil)
                #expect(client.rooms[room]?.state.count == (try await fixture.state(of: room).count))
                let topic = try await fixture.setState("m.room.topic", "", ["topic": .string(placement.rawValue)], in: room, by: alice)
                let answer = try await client.sync(fixture)
                #expect(answer.joined(room)?.eventIDs(placement.rawValue) == [topic.rawValue])
                #expect(answer.joined(room)?.eventIDs("timeline") == [topic.rawValue])
                try await fixture.say("x", in: room, by: alice)
                let plain = try await client.sync(fixture)
                #expect(plain.joined(room)?.object(placement.rawValue) == ["events": []], "required even if it is empty")
            }
        }
    }

    // MARK: Lost responses and restarts

    @Test func aLostResponseLosesNothing() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            var client = SyncClient(bob)
            try await client.sync(fixture)
            for index in 0..<5 {
                try await fixture.say("m\(index)", in: room, by: alice)
                let lost = try await client.ask(fixture)
                let again = try await client.ask(fixture)
                #expect(lost.joined(room)?.eventIDs("timeline") == again.joined(room)?.eventIDs("timeline"))
                #expect(lost.joined(room)?.eventIDs("timeline").isEmpty == false)
            }
            try await client.sync(fixture)
            #expect(client.rooms[room]?.timeline.suffix(5) == (try await fixture.wholeTimeline(of: room)).suffix(5).map(\.eventID.rawValue)[...])
        }
    }

    @Test func afterARestartOldTokensGoOn() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            var client = SyncClient(bob)
            try await client.sync(fixture)
            try await fixture.home.typing.set(true, timeoutMilliseconds: nil, in: room, by: alice.userID)
            try await client.sync(fixture)
            #expect(client.rooms[room]?.typists == [alice.userID.rawValue])
            for round in 0..<3 {
                try await fixture.say("before \(round)", in: room, by: alice)
                try await fixture.restart()
                try await fixture.say("after \(round)", in: room, by: alice)
                try await client.sync(fixture)
                try await fixture.restart()
                let quiet = try await client.sync(fixture)
                #expect(quiet.joined(room)?.events("timeline").isEmpty ?? true)
            }
            #expect(client.rooms[room]?.timeline.suffix(6) == (try await fixture.wholeTimeline(of: room)).suffix(6).map(\.eventID.rawValue)[...])
            #expect(client.rooms[room]?.typists == [], "nobody types across a restart")
            #expect(Set(client.rooms[room]?.timeline ?? []).count == client.rooms[room]?.timeline.count)
        }
    }

    /// Between taking the end and reading the database, others go on writing.
    @Test func aSyncDoesNotSeeBeyondItsEnd() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, visibility: "joined")
            var client = SyncClient(bob)
            try await client.sync(fixture)
            let start = try #require(client.since)
            // What bob is told at each of these ends: section and messages.
            var ends: [(end: Position, section: String?, messages: [String])] = []
            func mark(_ section: String?, _ messages: String...) { ends.append((fixture.home.sync.feed.position, section, messages)) }
            mark(nil)
            try await fixture.invite(bob, to: room, by: alice)
            mark("invite")
            try await fixture.join(room, bob)
            mark("join")
            try await fixture.say("one", in: room, by: alice)
            mark("join", "one")
            try await fixture.leave(room, bob)
            mark("leave", "one")
            try await fixture.say("hidden", in: room, by: alice)
            mark("leave", "one")
            try await fixture.join(room, bob)
            mark("join")
            try await fixture.say("two", in: room, by: alice)
            mark("join", "two")
            try await fixture.home.membership.ban(bob.userID, from: room, by: alice.userID, reason: nil)
            mark("leave", "two")
            try await fixture.home.membership.forget(room, as: bob.userID)

            func answer(since: StreamToken?, end: Position) async throws -> SyncAnswer {
                var request = client.request
                request.since = since
                let (asked, sync) = (request, fixture.home.sync)
                let bytes = try await sync.database.read { transaction in
                    try SyncFromDatabase(request: asked, end: end, sync: sync, transaction: transaction).response()
                        .json(nextBatch: StreamToken(end), request: asked, presence: sync.presence)
                }
                return try SyncAnswer(bytes)
            }
            for (end, section, messages) in ends.dropLast(5) {
                let got = try await answer(since: start, end: end)
                let sections = ["join", "invite", "leave"].filter { got.room($0, room) != nil }
                #expect(sections == (section.map { [$0] } ?? []))
                if section == "join" { #expect(got.room("join", room)?.bodies("timeline") == messages) }
            }
            // One after the other, nothing is lost.
            var since = start
            var messages: [String] = []
            for (end, _, _) in ends {
                let got = try await answer(since: since, end: end)
                messages += got.room("join", room)?.bodies("timeline") ?? []
                since = StreamToken(end)
            }
            #expect(messages == ["one", "two"])
        }
    }

    // MARK: The time of day

    @Test func aClockThatJumpsBreaksNothing() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            var client = SyncClient(bob)
            try await client.sync(fixture)
            let year: Int64 = 365 * 86_400_000
            var expected: [String] = []
            for jump in [0, -year, -50 * year, 90 * year, year, -40 * year] {
                fixture.clock.jump(milliseconds: jump)
                for index in 0..<4 { expected.append(try await fixture.say("\(jump) \(index)", in: room, by: alice).rawValue) }
                try await fixture.home.receipts.set(
                    "m.read", to: EventID(trusted: expected[expected.count - 2]), threadID: nil, in: room, by: bob.userID)
                try await client.sync(fixture)
                #expect(client.rooms[room]?.unread == UnreadCounts(notifications: 1))
                #expect(client.rooms[room]?.receipts["\(bob.userID) m.read -"] == expected[expected.count - 2])
            }
            #expect(client.rooms[room]?.timeline.suffix(expected.count) == expected[...])
            var seen: [String] = []
            var from: StreamToken?
            repeat {
                let page = try await fixture.home.history.messages(
                    of: room, for: bob.userID, from: from, to: nil, direction: .backwards, limit: 7,
                    filter: RoomEventFilter(["types": ["m.room.message"]]))
                seen += page.events.map(\.eventID.rawValue)
                from = page.end
            } while from != nil
            #expect(seen.reversed() == expected)
            let times = try await fixture.wholeTimeline(of: room).map(\.originServerTimestamp)
            #expect(times != times.sorted())
        }
    }
}
