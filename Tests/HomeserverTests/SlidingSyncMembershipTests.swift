import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// Coming into rooms and going out of them, in sliding sync. Whoever is out gets nothing more.
@Suite struct SlidingSyncMembershipTests {
    @Test func anInvitationComesAtOnceAndSoDoesTheRoom() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, preset: .privateChat)
            try await fixture.setState("m.room.name", "", ["name": "The room"], in: room, by: alice)
            var client = SlidingClient(bob, timelineLimit: 5)
            try await client.sync(fixture)
            let waiting = client
            async let invitation = waiting.ask(fixture, timeoutMilliseconds: 90_000)
            try await LongPollTests.untilWaiting(fixture, [bob])
            try await fixture.invite(bob, to: room, by: alice)
            let invited = try await invitation
            client.take(invited)
            let stripped = invited.events(room, "invite_state")
            #expect(stripped.contains { $0.string("type") == "m.room.name" })
            #expect(stripped.contains { $0.string("type") == "m.room.create" })
            #expect(stripped.contains { $0.string("state_key") == bob.userID.rawValue && $0.object("content")?.string("membership") == "invite" })
            #expect(invited.room(room)?["timeline"] == nil && invited.room(room)?["required_state"] == nil)
            #expect(invited.room(room)?["joined_count"] == nil)
            // What is said there meanwhile is not for them.
            try await fixture.say("before", in: room, by: alice)
            #expect(try await client.sync(fixture).isEmpty)

            let patient = client
            async let joining = patient.ask(fixture, timeoutMilliseconds: 90_000)
            try await LongPollTests.untilWaiting(fixture, [bob])
            try await fixture.join(room, bob)
            let joined = try await joining
            #expect(joined.room(room)?.bool("initial") == true)
            #expect(joined.room(room)?.string("name") == "The room")
            #expect(joined.room(room)?["invite_state"] == nil)
            #expect(joined.state(room).contains("m.room.member|@bob:box.test"))
            #expect(joined.room(room)?.integer("joined_count") == 2)
        }
    }

    @Test func aNewRoomComesWithItsName() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            var client = SlidingClient(alice)
            try await client.sync(fixture)
            var creation = RoomCreation()
            creation.name = "Named from the first moment"
            let room = try await fixture.home.rooms.create(creation, by: alice.userID)
            let answer = try await client.sync(fixture)
            #expect(answer.room(room)?.string("name") == "Named from the first moment")
            #expect(answer.state(room).contains("m.room.name|"))
        }
    }

    /// - Parameter isShown: whether the room stands in a window all the time, or is only subscribed to.
    @Test(arguments: ["kick", "ban", "leave"], [true, false]) func whoeverIsOutGetsTheEndAndNothingMore(way: String, isShown: Bool) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: alice, members: [bob, carol])
            var client = SlidingClient(
                bob, timelineLimit: 20, state: [("*", "*")], extensions: ["account_data", "receipts", "typing", "e2ee", "to_device"])
            if !isShown {
                client.lists = [:]
                client.subscribe(room, state: [("*", "*")])
            }
            try await client.sync(fixture)
            try await fixture.say("while there", in: room, by: alice)
            switch way {
            case "kick": try await fixture.home.membership.kick(bob.userID, from: room, by: alice.userID, reason: nil)
            case "ban": try await fixture.home.membership.ban(bob.userID, from: room, by: alice.userID, reason: nil)
            default: try await fixture.leave(room, bob)
            }
            let secret = try await fixture.say("after", in: room, by: alice)
            try await fixture.setState("m.room.name", "", ["name": "secret name"], in: room, by: alice)
            try await fixture.home.typing.set(true, timeoutMilliseconds: nil, in: room, by: alice.userID)
            try await fixture.home.receipts.set("m.read", to: secret, threadID: nil, in: room, by: carol.userID)
            let answer = try await client.sync(fixture)
            #expect(answer.types(room) == ["m.room.message", "m.room.member"])
            #expect(answer.texts(room) == ["while there"])
            let own = answer.events(room, "required_state").last { $0.string("state_key") == bob.userID.rawValue }
            #expect(own?.object("content")?.string("membership") == (way == "ban" ? "ban" : "leave"))
            #expect(!answer.state(room).contains("m.room.name|"))
            #expect(answer.room(room)?["name"] == nil && answer.room(room)?["joined_count"] == nil)
            #expect(answer.typists(room) == nil && answer.receipts(room).isEmpty)
            // And from now on silence, whatever the client asks for.
            for index in 0..<3 { try await fixture.say("still talking \(index)", in: room, by: carol) }
            #expect(try await client.sync(fixture).rooms == [])
            client.subscribe(room, timelineLimit: 50, state: [("*", "*"), ("m.room.member", "$LAZY")])
            #expect(try await client.sync(fixture).rooms == [])
            // A new connection sees the past at most.
            var fresh = SlidingClient(bob, connectionID: "fresh")
            fresh.subscribe(room, timelineLimit: 50, state: [("*", "*")])
            let past = try await fresh.sync(fixture)
            #expect(past.texts(room) == ["while there"])
            #expect(!past.state(room).contains("m.room.name|"))
        }
    }

    /// Whoever is removed while nobody listens learns of it with the next response, also when they have forgotten the room by then.
    @Test(arguments: [true, false]) func aRoomThatWasLeftEndsOnce(isForgotten: Bool) async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            let other = try await fixture.room(by: alice)
            var client = SlidingClient(alice)
            #expect(try await client.sync(fixture).count() == 2)
            try await fixture.leave(room, alice)
            if isForgotten { try await fixture.home.membership.forget(room, as: alice.userID) }
            let answer = try await client.sync(fixture)
            #expect(answer.events(room).last?.object("content")?.string("membership") == "leave")
            #expect(try await client.sync(fixture).isEmpty)
            #expect(try await client.sync(fixture).count() == 1)
            var fresh = SlidingClient(alice, connectionID: "fresh")
            fresh.setList(range: 0...9)
            #expect(try await fresh.sync(fixture).rooms == [other.rawValue])
        }
    }

    @Test func aRemovalIsShownToWhoMayNotKnowOfIt() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: alice, members: [bob])
            try await fixture.say("seen", in: room, by: alice)
            try await fixture.home.membership.kick(bob.userID, from: room, by: alice.userID, reason: nil)
            try await fixture.say("unseen", in: room, by: alice)
            // Somebody who was banned without ever having been there is not told that the room exists.
            try await fixture.home.membership.ban(carol.userID, from: room, by: alice.userID, reason: nil)
            var client = SlidingClient(bob, timelineLimit: 2)
            let answer = try await client.sync(fixture)
            #expect(answer.texts(room) == ["seen"])
            #expect(answer.types(room).last == "m.room.member")
            var stranger = SlidingClient(carol)
            #expect(try await stranger.sync(fixture).rooms == [])
            stranger.subscribe(room)
            #expect(try await stranger.sync(fixture).rooms == [])
            try await fixture.home.membership.forget(room, as: bob.userID)
            var fresh = SlidingClient(bob, connectionID: "fresh")
            fresh.setList(range: 0...9)
            #expect(try await fresh.sync(fixture).count() == 0)
        }
    }

    @Test func anInvitationThatIsWithdrawnEnds() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, preset: .privateChat)
            try await fixture.setState("m.room.topic", "", ["topic": "secret"], in: room, by: alice)
            try await fixture.invite(bob, to: room, by: alice)
            var client = SlidingClient(bob, timelineLimit: 20, state: [("*", "*")])
            #expect(try await client.sync(fixture).room(room)?["invite_state"] != nil)
            try await fixture.home.membership.kick(bob.userID, from: room, by: alice.userID, reason: nil)
            let answer = try await client.sync(fixture)
            #expect(answer.types(room) == ["m.room.member"])
            #expect(answer.state(room) == ["m.room.member|@bob:box.test"])
            #expect(answer.room(room)?["name"] == nil)
            #expect(try await client.sync(fixture).isEmpty)
        }
    }

    @Test func aKnockIsShown() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], preset: .privateChat)
            try await fixture.setState("m.room.join_rules", "", ["join_rule": "knock"], in: room, by: people[0])
            var client = SlidingClient(people[1])
            client.dialect = .accepted
            client.lists = ["all": ["range": [0, 9], "timeline_limit": 1, "required_state": ["include": [[:]]]]]
            try await client.sync(fixture)
            _ = try await fixture.home.membership.knock(.id(room), as: people[1].userID, reason: nil)
            let answer = try await client.sync(fixture)
            #expect(answer.room(room)?.string("membership") == "knock")
            #expect(answer.events(room, "stripped_state").contains { $0.string("type") == "m.room.create" })
            #expect(answer.room(room)?["required_state"] == nil)
        }
    }

    @Test func whoeverComesBackBeginsAnew() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob], visibility: "joined")
            var client = SlidingClient(bob, timelineLimit: 20)
            try await client.sync(fixture)
            try await fixture.leave(room, bob)
            try await fixture.say("in absence", in: room, by: alice)
            try await fixture.setState("m.room.name", "", ["name": "new"], in: room, by: alice)
            try await fixture.join(room, bob)
            let answer = try await client.sync(fixture)
            #expect(answer.room(room)?.bool("initial") == true)
            #expect(answer.room(room)?.string("name") == "new")
            #expect(answer.texts(room) == [])
        }
    }
}

/// Whom a user ignores, and what they do not want to be asked, in sliding sync.
@Suite struct SlidingSyncIgnoredTests {
    @Test func whatTheIgnoredSayIsNotTold() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "mallory")
            let (alice, bob, mallory) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: alice, members: [bob, mallory])
            try await fixture.home.accountData.set(
                "m.ignored_user_list", of: bob.userID, room: nil, to: ["ignored_users": ["@mallory:box.test": [:]]])
            try await fixture.say("before", in: room, by: mallory)
            var client = SlidingClient(bob, timelineLimit: 20)
            #expect(try await client.sync(fixture).texts(room) == [])
            try await fixture.say("live", in: room, by: mallory)
            #expect(try await client.sync(fixture).isEmpty)
            try await fixture.say("mine", in: room, by: alice)
            try await fixture.say("live again", in: room, by: mallory)
            #expect(try await client.sync(fixture).texts(room) == ["mine"])
            let secret = try await fixture.room(by: mallory, preset: .privateChat)
            try? await fixture.invite(bob, to: secret, by: mallory)
            #expect(try await client.sync(fixture).rooms == [])
        }
    }
}
