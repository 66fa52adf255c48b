import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// spec: client-server-api/#filtering
@Suite struct SyncFilterTests {
    @Test func typesAndSenders() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            var onlyMessages = try SyncClient(bob, filter: #"{"room":{"timeline":{"types":["m.room.message"]}}}"#)
            var notAlice = try SyncClient(bob, filter: #"{"room":{"timeline":{"not_senders":["@alice:box.test"]}}}"#)
            var noTimeline = try SyncClient(bob, filter: #"{"room":{"timeline":{"limit":0},"state":{"types":["m.room.topic"]}}}"#)
            var withURL = try SyncClient(bob, filter: #"{"room":{"timeline":{"contains_url":true}}}"#)
            for index in 0..<2 {
                // First and later syncs follow the same rules.
                let topic = try await fixture.setState("m.room.topic", "", ["topic": .integer(Int64(index))], in: room, by: alice)
                let hello = try await fixture.say("hello", in: room, by: alice)
                let answer = try await fixture.say("answer", in: room, by: bob)
                let picture = try await fixture.home.timeline.send(
                    type: "m.room.message", content: ["url": "mxc://box.test/x"], to: room, transactionID: "p\(index)", session: alice)

                let messages = try #require(try await onlyMessages.sync(fixture).joined(room))
                #expect(messages.eventIDs("timeline").suffix(3) == [hello, answer, picture].map(\.rawValue)[...])
                #expect(messages.types("timeline").allSatisfy { $0 == "m.room.message" })
                #expect(messages.eventIDs("state").contains(topic.rawValue), "state that the timeline leaves out is not lost")
                #expect(onlyMessages.rooms[room]?.state[StateKey("m.room.topic")] == topic.rawValue)

                let others = try #require(try await notAlice.sync(fixture).joined(room))
                #expect(others.eventIDs("timeline").last == answer.rawValue)
                #expect(others.events("timeline").allSatisfy { $0.string("sender") == bob.userID.rawValue })
                #expect(notAlice.rooms[room]?.state[StateKey("m.room.topic")] == topic.rawValue)

                let none = try #require(try await noTimeline.sync(fixture).joined(room))
                #expect(none.events("timeline").isEmpty && none.isLimited)
                #expect(none.eventIDs("state") == [topic.rawValue])

                let pictures = try #require(try await withURL.sync(fixture).joined(room))
                #expect(pictures.eventIDs("timeline").last == picture.rawValue)
                #expect(pictures.events("timeline").count == 1)
            }
        }
    }

    @Test func aFilteredTimelineIsLimitedByWhatPassesTheFilter() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            var client = try SyncClient(bob, filter: #"{"room":{"timeline":{"limit":3,"types":["m.room.message"]}}}"#)
            try await client.sync(fixture)
            var expected: [String] = []
            for index in 0..<3 {
                expected.append(try await fixture.say("\(index)", in: room, by: alice).rawValue)
                for other in 0..<5 {
                    _ = try await fixture.home.timeline.send(type: "x", content: [:], to: room, transactionID: "\(index)-\(other)", session: alice)
                }
            }
            let all = try #require(try await client.ask(fixture).joined(room))
            #expect(all.eventIDs("timeline") == expected && !all.isLimited)
            expected.append(try await fixture.say("3", in: room, by: alice).rawValue)
            let some = try #require(try await client.ask(fixture).joined(room))
            #expect(some.eventIDs("timeline") == expected.suffix(3).map { $0 } && some.isLimited)
            client.rooms[room]?.timeline = ["start"]
            try await client.sync(fixture)
            #expect(client.rooms[room]?.timeline == ["start"] + expected)
        }
    }

    @Test func rooms() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let wanted = try await fixture.room(by: alice, members: [bob])
            let unwanted = try await fixture.room(by: alice, members: [bob])
            var only = try SyncClient(bob, filter: #"{"room":{"rooms":["\#(wanted)"]}}"#)
            var not = try SyncClient(bob, filter: #"{"room":{"not_rooms":["\#(unwanted)"]}}"#)
            var inTimeline = try SyncClient(bob, filter: #"{"room":{"timeline":{"not_rooms":["\#(unwanted)"]}}}"#)
            for index in 0..<2 {
                for room in [wanted, unwanted] {
                    try await fixture.say("\(index)", in: room, by: alice)
                    try await fixture.home.typing.set(index == 0, timeoutMilliseconds: nil, in: room, by: alice.userID)
                    try await fixture.home.accountData.set("x", of: bob.userID, room: room, to: ["n": .integer(Int64(index))])
                }
                #expect(try await only.sync(fixture).rooms("join") == [wanted.rawValue])
                #expect(try await not.sync(fixture).rooms("join") == [wanted.rawValue])
                let answer = try await inTimeline.sync(fixture)
                #expect(answer.joined(unwanted)?.events("timeline").isEmpty == true)
                #expect(answer.joined(wanted)?.events("timeline").isEmpty == false)
            }
            // Without anything wanted there is nothing to wake for.
            try await fixture.say("x", in: unwanted, by: alice)
            #expect(try await not.sync(fixture).isEmpty)
        }
    }

    @Test func ephemeralAndAccountData() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            let filters = [
                #"{"room":{"ephemeral":{"not_types":["m.receipt"]},"account_data":{"types":["b"]}},"account_data":{"not_types":["c","m.push_rules"]}}"#,
                #"{"room":{"ephemeral":{"types":["m.receipt"]},"account_data":{"types":["b"]}},"account_data":{"not_types":["c","m.push_rules"]}}"#,
            ]
            var clients = [try SyncClient(bob, filter: filters[0]), try SyncClient(bob, filter: filters[1])]
            for index in 0..<2 {
                let message = try await fixture.say("\(index)", in: room, by: bob)
                try await fixture.home.receipts.set("m.read", to: message, threadID: nil, in: room, by: alice.userID)
                if index == 0 { try await fixture.home.typing.set(true, timeoutMilliseconds: 120_000, in: room, by: alice.userID) }
                for type in ["a", "b", "c"] {
                    try await fixture.home.accountData.set(type, of: bob.userID, room: room, to: [:])
                    try await fixture.home.accountData.set(type, of: bob.userID, room: nil, to: [:])
                }
                for which in clients.indices {
                    let answer = try await clients[which].sync(fixture)
                    let json = try #require(answer.joined(room))
                    #expect(json.types("ephemeral") == (which == 1 ? ["m.receipt"] : index == 0 ? ["m.typing"] : []))
                    #expect(json.types("account_data") == ["b"])
                    #expect(answer.body.types("account_data") == ["a", "b"])
                }
            }
        }
    }

    @Test func eventFields() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            var client = try SyncClient(people[1], filter: #"{"event_fields":["content.body","type","event_id"]}"#)
            for _ in 0..<2 {
                try await fixture.say("hello", in: room, by: people[0])
                let event = try await client.sync(fixture).joined(room)?.events("timeline").last
                #expect(event?.keys.sorted() == ["content", "event_id", "type"])
                #expect(event?.object("content") == ["body": "hello"])
            }
        }
    }

    // MARK: Lazily loaded members

    private static let lazy = #"{"room":{"state":{"lazy_load_members":true}}}"#
    private static let redundant = #"{"room":{"state":{"lazy_load_members":true,"include_redundant_members":true}}}"#

    /// The members in a room's state.
    private func members(_ answer: SyncAnswer, _ room: RoomID) -> Set<String> {
        Set((answer.joined(room)?.events("state") ?? []).filter { $0.string("type") == "m.room.member" }.compactMap { $0.string("state_key") })
    }

    @Test func membersComeWithTheirMessages() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol", "dave", "eve", "frank", "grace", "heidi")
            let room = try await fixture.room(by: people[0], members: Array(people.dropFirst()))
            for _ in 0..<10 { try await fixture.say("x", in: room, by: people[0]) }
            func id(_ index: Int) -> String { people[index].userID.rawValue }
            var client = try SyncClient(people[1], filter: Self.lazy)
            var redundant = try SyncClient(try await fixture.device(of: people[1].userID), filter: Self.redundant)
            // Senders, oneself and the heroes of the nameless room.
            let heroes: Set<String> = [id(0), id(2), id(3), id(4), id(5)]
            for first in [try await client.sync(fixture), try await redundant.sync(fixture)] {
                #expect(members(first, room) == heroes.union([id(1)]))
                #expect(Set((first.joined(room)?.object("summary")?.array("m.heroes") ?? []).compactMap(\.stringValue)) == heroes)
            }
            // A new sender comes once, and each time for who asks for that.
            for index in 0..<3 {
                try await fixture.say("\(index)", in: room, by: people[6])
                #expect(members(try await client.sync(fixture), room) == (index == 0 ? [id(6)] : []))
                #expect(members(try await redundant.sync(fixture), room) == [id(6)])
            }
            // Without an acknowledgement it comes again.
            try await fixture.say("x", in: room, by: people[7])
            for _ in 0..<3 { #expect(members(try await client.ask(fixture), room) == [id(7)]) }
            try await client.sync(fixture)
            try await fixture.say("x", in: room, by: people[7])
            #expect(members(try await client.sync(fixture), room) == [])
            // A changed name stands in the timeline, and counts as sent.
            try await fixture.home.profiles.setField("displayname", of: people[7].userID, body: ["displayname": "H"])
            try await client.sync(fixture)
            #expect(client.rooms[room]?.stateContent[StateKey("m.room.member", id(7))]?.string("displayname") == "H")
            // In a gap too.
            try await fixture.home.profiles.setField("displayname", of: people[6].userID, body: ["displayname": "G"])
            for _ in 0..<20 { try await fixture.say("x", in: room, by: people[0]) }
            try await client.sync(fixture)
            #expect(client.rooms[room]?.stateContent[StateKey("m.room.member", id(6))]?.string("displayname") == "G")
            // A device that begins anew gets everything anew.
            client.since = nil
            #expect(members(try await client.sync(fixture), room) == heroes.union([id(1)]))
        }
    }

    @Test func afterARestartMembersComeAgain() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            var client = try SyncClient(people[1], filter: Self.lazy)
            try await client.sync(fixture)
            try await fixture.restart()
            try await fixture.say("x", in: room, by: people[0])
            #expect(members(try await client.sync(fixture), room) == [people[0].userID.rawValue])
        }
    }

    @Test func newHeroesComeWithTheirMembers() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "b1", "b2", "b3", "b4", "b5", "b6")
            let room = try await fixture.room(by: people[0], members: Array(people.dropFirst()))
            for _ in 0..<12 { try await fixture.say("x", in: room, by: people[0]) }
            var client = try SyncClient(people[0], filter: Self.lazy)
            try await client.sync(fixture)
            #expect(client.rooms[room]?.state[StateKey("m.room.member", people[6].userID.rawValue)] == nil)
            try await fixture.leave(room, people[1])
            try await client.sync(fixture)
            #expect(client.rooms[room]?.heroes.last == people[6].userID.rawValue)
            #expect(client.rooms[room]?.state[StateKey("m.room.member", people[6].userID.rawValue)] != nil)
        }
    }

    @Test func whatIsRememberedOfMembersIsBounded() {
        let members = LazyMembers()
        let users = (0..<1_000).map { UserID(trusted: "@u\($0):box.test") }
        for device in 0..<200 {
            members.remember(users, device: Int64(device), room: RoomID(trusted: "!r"), sentWith: Position(1))
            #expect(members.entryCount <= LazyMembers.maxEntries)
        }
        // What is still known is right, what is not is sent again.
        #expect(members.missing(users, device: 199, room: RoomID(trusted: "!r"), since: Position(1)).isEmpty)
        #expect(members.missing(users, device: 0, room: RoomID(trusted: "!r"), since: Position(1)).count == 1_000)
        members.forget(device: 199)
        #expect(members.missing(users, device: 199, room: RoomID(trusted: "!r"), since: Position(1)).count == 1_000)
    }
}
