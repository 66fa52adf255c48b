import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// Which rooms the lists of sliding sync show.
@Suite struct SlidingSyncFilterTests {
    @Test(arguments: [
        (#"{}"#, ["direct", "encrypted", "invitation", "plain", "space", "tagged"]),
        (#"{"is_dm":true}"#, ["direct"]), (#"{"is_dm":false}"#, ["encrypted", "invitation", "plain", "space", "tagged"]),
        (#"{"is_encrypted":true}"#, ["encrypted"]), (#"{"is_encrypted":false}"#, ["direct", "invitation", "plain", "space", "tagged"]),
        (#"{"is_invite":true}"#, ["invitation"]), (#"{"is_invite":false}"#, ["direct", "encrypted", "plain", "space", "tagged"]),
        (#"{"room_types":["m.space"]}"#, ["space"]), (#"{"room_types":[null]}"#, ["direct", "encrypted", "invitation", "plain", "tagged"]),
        (#"{"room_types":[]}"#, ["direct", "encrypted", "invitation", "plain", "space", "tagged"]),
        (#"{"not_room_types":["m.space"]}"#, ["direct", "encrypted", "invitation", "plain", "tagged"]),
        (#"{"room_types":["m.space",null],"not_room_types":[null]}"#, ["space"]),
        (#"{"room_name_like":"AIN"}"#, ["plain"]), (#"{"room_name_like":""}"#, ["direct", "encrypted", "invitation", "plain", "space", "tagged"]),
        (#"{"tags":["m.favourite","other"]}"#, ["tagged"]), (#"{"tags":[]}"#, []),
        (#"{"not_tags":["m.favourite"]}"#, ["direct", "encrypted", "invitation", "plain", "space"]),
        (#"{"tags":["m.favourite"],"not_tags":["m.lowpriority"]}"#, []),
        (#"{"spaces":["SPACE"]}"#, ["plain"]), (#"{"spaces":["!nowhere"]}"#, []), (#"{"is_dm":true,"is_encrypted":true}"#, []),
        (#"{"something_new":1}"#, ["direct", "encrypted", "invitation", "plain", "space", "tagged"]),
    ])
    func filters(json: String, expected: [String]) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            var rooms: [String: RoomID] = [:]
            for name in ["direct", "encrypted", "plain", "tagged", "space"] {
                var creation = RoomCreation()
                creation.name = name
                if name == "space" { creation.creationContent = ["type": "m.space"] }
                rooms[name] = try await fixture.home.rooms.create(creation, by: alice.userID)
            }
            rooms["invitation"] = try await fixture.room(by: bob, preset: .privateChat)
            try await fixture.setState("m.room.name", "", ["name": "invitation"], in: try #require(rooms["invitation"]), by: bob)
            try await fixture.invite(alice, to: try #require(rooms["invitation"]), by: bob)
            let (space, plain) = (try #require(rooms["space"]), try #require(rooms["plain"]))
            try await fixture.setState("m.space.child", plain.rawValue, ["via": ["box.test"]], in: space, by: alice)
            try await fixture.setState("m.space.child", try #require(rooms["tagged"]).rawValue, [:], in: space, by: alice)
            var filtered = SlidingClient(
                alice, filters: try JSONObject(parsing: Array(json.utf8)).replacing("SPACE", by: space.rawValue))
            // What a list is sorted by may change at any time: before it is asked for, and after.
            let expectedIDs = { Set(expected.compactMap { rooms[$0]?.rawValue }) }
            try await fixture.setState(
                "m.room.encryption", "", ["algorithm": "m.megolm.v1.aes-sha2"], in: try #require(rooms["encrypted"]), by: alice)
            try await fixture.home.accountData.set(
                "m.direct", of: alice.userID, room: nil, to: ["@bob:box.test": [.string(try #require(rooms["direct"]).rawValue)]])
            for tag in ["m.favourite", "m.lowpriority"] {
                try await fixture.home.accountData.setTag(tag, of: alice.userID, room: try #require(rooms["tagged"]), to: [:])
            }
            let answer = try await filtered.sync(fixture)
            #expect(Set(answer.rooms) == expectedIDs())
            #expect(answer.count() == Int64(expected.count))
        }
    }

    /// A room that comes into a list by what it has become is shown at once.
    @Test func roomsComeAndGoAsTheyChange() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let rooms = [try await fixture.room(by: alice), try await fixture.room(by: alice)]
            var favourites = SlidingClient(alice, filters: ["tags": ["m.favourite"]])
            var encrypted = SlidingClient(alice, filters: ["is_encrypted": true])
            encrypted.connectionID = "encrypted"
            #expect(try await favourites.sync(fixture).count() == 0)
            #expect(try await encrypted.sync(fixture).count() == 0)
            let waiting = favourites
            async let answer = waiting.ask(fixture, timeoutMilliseconds: 90_000)
            try await LongPollTests.untilWaiting(fixture, [alice])
            try await fixture.home.accountData.setTag("m.favourite", of: alice.userID, room: rooms[0], to: [:])
            #expect(try await answer.rooms == [rooms[0].rawValue])
            favourites.take(try await answer)
            try await fixture.home.accountData.deleteTag("m.favourite", of: alice.userID, room: rooms[0])
            #expect(try await favourites.sync(fixture).count() == 0)
            try await fixture.setState("m.room.encryption", "", ["algorithm": "m.megolm.v1.aes-sha2"], in: rooms[1], by: alice)
            #expect(try await encrypted.sync(fixture).rooms == [rooms[1].rawValue])
        }
    }

    @Test func aRoomInSeveralListsComesOnceWithAllThatTheyWant() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            for index in 0..<5 { try await fixture.say("\(index)", in: room, by: alice) }
            var client = SlidingClient(alice, timelineLimit: 1, state: [("m.room.create", "")])
            client.setList("second", range: 0...3, timelineLimit: 3, state: [("m.room.join_rules", "")])
            let answer = try await client.sync(fixture)
            #expect(answer.texts(room) == ["2", "3", "4"])
            #expect(answer.state(room) == ["m.room.create|", "m.room.join_rules|"])
            #expect(answer.count("second") == 1)
        }
    }

    // MARK: The accepted dialect

    @Test func theAcceptedDialectSaysTheSameInOtherWords() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            let invitation = try await fixture.room(by: alice, preset: .privateChat)
            try await fixture.invite(bob, to: invitation, by: alice)
            for index in 0..<3 { try await fixture.say("\(index)", in: room, by: alice) }
            var client = SlidingClient(bob)
            client.dialect = .accepted
            let state: JSONValue = ["include": [[:]], "exclude": [["type": "m.room.create"]], "lazy_members": true]
            client.lists = ["all": ["range": [0, 9], "timeline_limit": 1, "required_state": state]]
            let answer = try await client.sync(fixture)
            #expect(answer.room(room)?.string("membership") == "join")
            #expect(answer.room(room)?.array("lists") == ["all"])
            #expect(answer.room(room)?["notification_count"] == nil)
            #expect(!answer.types(room, "required_state").contains("m.room.create"))
            #expect(answer.state(room).filter { $0.hasPrefix("m.room.member") } == ["m.room.member|@alice:box.test"])
            #expect(answer.events(invitation, "stripped_state").isEmpty == false)
            client.subscriptions = [room.rawValue: ["timeline_limit": 2, "required_state": [:]]]
            let expanded = try await client.sync(fixture)
            #expect(expanded.room(room)?.bool("expanded_timeline") == true)
            #expect(expanded.texts(room) == ["1", "2"])
            client.lists = ["invitations": ["timeline_limit": 0, "required_state": [:], "filters": ["is_invited": true]]]
            #expect(try await client.sync(fixture).count("invitations") == 1)
        }
    }
}

extension JSONObject {
    /// With one text in the place of another, wherever it stands alone.
    fileprivate func replacing(_ old: String, by new: String) -> JSONObject {
        func replaced(_ value: JSONValue) -> JSONValue {
            switch value {
            case .string(old): .string(new)
            case .array(let elements): .array(elements.map(replaced))
            default: value
            }
        }
        return JSONObject(members.map { ($0.key, replaced($0.value)) })
    }
}
