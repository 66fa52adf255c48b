import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// The extensions of sliding sync, and what wakes a request that waits.
@Suite struct SlidingSyncExtensionTests {
    private static let all = ["account_data", "receipts", "typing", "to_device", "e2ee"]
    private static let patienceMilliseconds = 90_000

    // MARK: Waking

    enum News: String, CaseIterable, Sendable {
        case message, state, join, invite, typing, receipt, ownReceipt, accountData, roomAccountData, tag, pushRule, direct, redaction, kick
        case toDevice, deviceList, newRoom, leave
    }

    /// Every kind of change ends the wait of whom it concerns, at once, and of nobody else.
    @Test(arguments: News.allCases) func newsWakesWhomItConcernsAndNobodyElse(news: News) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol", "stranger")
            let (alice, bob, carol, stranger) = (people[0], people[1], people[2], people[3])
            let room = try await fixture.room(by: alice, members: [bob])
            let other = try await fixture.room(by: alice, preset: .privateChat)
            let message = try await fixture.say("hello", in: room, by: alice)
            _ = try await fixture.room(by: stranger)
            var client = SlidingClient(bob, extensions: Self.all)
            try await client.sync(fixture)
            var bystander = SlidingClient(stranger, extensions: Self.all)
            try await bystander.sync(fixture)
            let (waiting, idle) = (client, bystander)
            async let answer = waiting.ask(fixture, timeoutMilliseconds: Self.patienceMilliseconds)
            let idling = Task { try await idle.ask(fixture, timeoutMilliseconds: Self.patienceMilliseconds) }
            try await LongPollTests.untilWaiting(fixture, [bob, stranger])
            let clock = ContinuousClock()
            let start = clock.now
            switch news {
            case .message: try await fixture.say("x", in: room, by: alice)
            case .state: try await fixture.setState("m.room.topic", "", ["topic": "x"], in: room, by: alice)
            case .join: try await fixture.join(room, carol)
            case .invite: try await fixture.invite(bob, to: other, by: alice)
            case .typing: try await fixture.home.typing.set(true, timeoutMilliseconds: nil, in: room, by: alice.userID)
            case .receipt: try await fixture.home.receipts.set("m.read", to: message, threadID: nil, in: room, by: alice.userID)
            case .ownReceipt: try await fixture.home.receipts.set("m.read.private", to: message, threadID: nil, in: room, by: bob.userID)
            case .accountData: try await fixture.home.accountData.set("x", of: bob.userID, room: nil, to: [:])
            case .roomAccountData: try await fixture.home.accountData.set("x", of: bob.userID, room: room, to: [:])
            case .tag: try await fixture.home.accountData.setTag("m.favourite", of: bob.userID, room: room, to: [:])
            case .pushRule: try await fixture.home.pushRules.setEnabled(.override, ".m.rule.master", of: bob.userID, true)
            case .direct:
                try await fixture.home.accountData.set("m.direct", of: bob.userID, room: nil, to: ["@alice:box.test": [.string(room.rawValue)]])
            case .redaction: _ = try await fixture.redact(message, in: room, by: alice)
            case .kick: try await fixture.home.membership.kick(bob.userID, from: room, by: alice.userID, reason: nil)
            case .toDevice: try await fixture.tell(bob.userID, devices: ["DEVICE1"], "key", by: alice)
            case .deviceList: try await fixture.home.database.write { try fixture.home.deviceLists.changed(of: alice.userID, in: $0) }
            case .newRoom: _ = try await fixture.room(by: bob)
            case .leave: try await fixture.leave(room, bob)
            }
            let got = try await answer
            #expect(clock.now - start < .seconds(30))
            switch news {
            case .message, .state, .join, .redaction, .kick, .leave: #expect(got.events(room).count == 1)
            case .invite: #expect(got.rooms == [other.rawValue])
            case .typing: #expect(got.typists(room) == [alice.userID.rawValue])
            case .receipt: #expect(got.receipts(room) == ["\(message) m.read \(alice.userID)"])
            case .ownReceipt: #expect(got.receipts(room) == ["\(message) m.read.private \(bob.userID)"])
            case .accountData: #expect(got.accountData() == ["x"])
            case .roomAccountData: #expect(got.accountData(room) == ["x"])
            case .tag: #expect(got.accountData(room) == ["m.tag"])
            case .pushRule: #expect(got.accountData() == ["m.push_rules"])
            case .direct: #expect(got.accountData() == ["m.direct"] && got.room(room)?.bool("is_dm") == true)
            case .toDevice: #expect(got.toDeviceTexts == ["key"])
            case .deviceList: #expect(got.changedDeviceLists == [alice.userID.rawValue])
            case .newRoom: #expect(got.rooms.count == 1)
            }
            #expect(fixture.home.slidingSync.feed.waiterCount(of: stranger.userID) == 1)
            idling.cancel()
            #expect(try await idling.value.isEmpty)
            client.take(got)
            #expect(try await client.sync(fixture).isEmpty, "nothing comes twice")
        }
    }

    /// Several clients of one account are woken by the same changes. Those without news for them go on waiting, and wake nobody in turn.
    @Test func connectionsOfOneAccountDoNotWakeOneAnother() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            var list = SlidingClient(bob, extensions: ["account_data"])
            try await list.sync(fixture)
            var encryption = SlidingClient(bob, connectionID: "encryption")
            encryption.extensions = SlidingClient.enabled(["to_device", "e2ee"])
            try await encryption.sync(fixture)
            var tablet = SlidingClient(try await fixture.device(of: bob.userID), connectionID: "encryption")
            tablet.extensions = SlidingClient.enabled(["to_device", "e2ee"])
            try await tablet.sync(fixture)
            let waiting = [list, encryption, tablet].map { client in
                Task { try await client.ask(fixture, timeoutMilliseconds: Self.patienceMilliseconds) }
            }
            let feed = fixture.home.slidingSync.feed
            while feed.waiterCount(of: bob.userID) < 3 { try await Task.sleep(for: .milliseconds(1)) }
            let position = feed.position
            try await fixture.home.typing.set(true, timeoutMilliseconds: nil, in: room, by: alice.userID)
            try await fixture.tell(bob.userID, devices: ["DEVICE1"], "key", by: alice)
            #expect(try await waiting[1].value.toDeviceTexts == ["key"])
            while feed.waiterCount(of: bob.userID) < 2 { try await Task.sleep(for: .milliseconds(1)) }
            // Two changes were made, and answering made no other.
            #expect(feed.position.value == position.value + 2)
            #expect(feed.waiterCount(of: bob.userID) == 2)
            try await fixture.home.accountData.set("x", of: bob.userID, room: nil, to: [:])
            #expect(try await waiting[0].value.accountData() == ["x"])
            waiting[2].cancel()
            #expect(try await waiting[2].value.isEmpty)
        }
    }

    @Test func withoutNewsItWaitsForItsTimeout() async throws {
        try await HomeFixture.with { fixture in
            var client = SlidingClient(try await fixture.person("alice"), extensions: Self.all)
            try await client.sync(fixture)
            let clock = ContinuousClock()
            let start = clock.now
            #expect(try await client.sync(fixture, timeoutMilliseconds: 300).isEmpty)
            #expect(clock.now - start >= .milliseconds(300))
            #expect(fixture.home.slidingSync.feed.waiterCount(of: client.session.userID) == 0)
        }
    }

    @Test func aStreamOfMessagesArrivesOnceAndInOrder() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let room = try await fixture.room(by: people[0], members: [people[1], people[2]])
            let count = 150
            let writing = Task {
                for index in 0..<count { try await fixture.say("\(index)", in: room, by: people[0]) }
            }
            try await withThrowingTaskGroup(of: [String].self) { group in
                for reader in people.dropFirst() {
                    group.addTask {
                        var client = SlidingClient(reader, timelineLimit: 100)
                        var texts: [String] = []
                        while texts.last != "\(count - 1)" {
                            texts += try await client.sync(fixture, timeoutMilliseconds: Self.patienceMilliseconds).texts(room)
                        }
                        return texts
                    }
                }
                for try await texts in group { #expect(texts == (0..<count).map(String.init)) }
            }
            try await writing.value
        }
    }

    // MARK: To-device messages

    @Test func toDeviceMessagesComeUntilTheyAreAcknowledged() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            var client = SlidingClient(bob, connectionID: "encryption")
            client.extensions = SlidingClient.enabled(["to_device", "e2ee"])
            try await client.sync(fixture)
            try await fixture.tell(bob.userID, devices: ["DEVICE1"], "one", by: alice)
            let first = try await client.ask(fixture)
            #expect(first.toDeviceTexts == ["one"])
            // The position goes on, the messages were not taken in: they come again.
            let since = client.toDeviceSince
            client.take(first)
            client.toDeviceSince = since
            #expect(try await client.ask(fixture).toDeviceTexts == ["one"])
            // Also after a restart, and in a new connection.
            try await fixture.restart()
            client.position = nil
            try await fixture.tell(bob.userID, devices: ["DEVICE1"], "two", by: alice)
            #expect(try await client.sync(fixture).toDeviceTexts == ["one", "two"])
            // Acknowledged by its own token.
            #expect(try await client.sync(fixture).toDeviceTexts == [])
            client.position = nil
            client.toDeviceSince = nil
            #expect(try await client.sync(fixture).toDeviceTexts == [])
        }
    }

    @Test func anotherConnectionAcknowledgesNothing() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            try await fixture.tell(people[1].userID, devices: ["DEVICE1"], "key", by: people[0])
            var list = SlidingClient(people[1], extensions: ["account_data"])
            for _ in 0..<3 { try await list.sync(fixture) }
            #expect(list.position.flatMap { StreamToken($0) } != nil)
            // Not even where a client takes the position for a token of the other sync.
            var classic = SyncClient(people[1])
            classic.since = list.position.flatMap { StreamToken($0) }
            _ = try await classic.ask(fixture)
            var encryption = SlidingClient(people[1], connectionID: "encryption")
            encryption.extensions = SlidingClient.enabled(["to_device"])
            #expect(try await encryption.sync(fixture).toDeviceTexts == ["key"])
        }
    }

    @Test func manyMessagesComeInParts() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            for index in 0..<7 { try await fixture.tell(people[1].userID, devices: ["DEVICE1"], "\(index)", by: people[0]) }
            var client = SlidingClient(people[1])
            client.extensions = ["to_device": ["enabled": true, "limit": 3]]
            var texts: [[String]] = []
            for _ in 0..<4 { texts.append(try await client.sync(fixture).toDeviceTexts) }
            #expect(texts == [["0", "1", "2"], ["3", "4", "5"], ["6"], []])
        }
    }

    @Test(arguments: ["9999999999", "nonsense", "-1"]) func aTokenThatIsNoneLosesNothing(since: String) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            try await fixture.tell(people[1].userID, devices: ["DEVICE1"], "key", by: people[0])
            var client = SlidingClient(people[1])
            client.extensions = SlidingClient.enabled(["to_device"])
            client.toDeviceSince = since
            #expect(try await client.sync(fixture).toDeviceTexts == ["key"])
        }
    }

    // MARK: Encryption

    @Test func keyCountsAreAlwaysThereAndDeviceListsWhenTheyChange() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: alice, members: [bob])
            var client = SlidingClient(bob, connectionID: "encryption")
            client.extensions = SlidingClient.enabled(["e2ee"])
            let first = try await client.sync(fixture)
            #expect(first.extension("e2ee")?.object("device_one_time_keys_count")?.integer("signed_curve25519") == 0)
            #expect(first.extension("e2ee")?.array("device_unused_fallback_key_types") == [])
            #expect(first.extension("e2ee")?["device_lists"] == nil)
            #expect(first.toDevice == nil)
            let waiting = client
            async let answer = waiting.ask(fixture, timeoutMilliseconds: Self.patienceMilliseconds)
            try await LongPollTests.untilWaiting(fixture, [bob])
            try await fixture.join(room, carol)
            #expect(try await answer.changedDeviceLists == [carol.userID.rawValue])
            client.take(try await answer)
            try await fixture.leave(room, carol)
            let left = try await client.sync(fixture)
            #expect(left.extension("e2ee")?.object("device_lists")?.array("left") == [.string(carol.userID.rawValue)])
            #expect(try await client.sync(fixture).isEmpty)
        }
    }

    // MARK: Account data

    @Test func accountDataComesWholeFirst() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            let late = try await fixture.room(by: alice)
            try await fixture.home.accountData.set("x", of: alice.userID, room: nil, to: [:])
            try await fixture.home.accountData.set("of room", of: alice.userID, room: room, to: [:])
            try await fixture.home.accountData.set("of late", of: alice.userID, room: late, to: [:])
            var client = SlidingClient(alice, range: 0...0, extensions: ["account_data"])
            let first = try await client.sync(fixture)
            #expect(Set(first.accountData()) == ["x", "m.push_rules"])
            #expect(first.accountData(late) == ["of late"] && first.accountData(room) == [])
            client.setRange(0...9)
            let second = try await client.sync(fixture)
            #expect(second.accountData(room) == ["of room"] && second.accountData(late) == [] && second.accountData() == [])
            // Switched off and on again, it begins anew.
            client.extensions = [:]
            try await client.sync(fixture)
            try await fixture.home.accountData.set("y", of: alice.userID, room: room, to: [:])
            client.extensions = SlidingClient.enabled(["account_data"])
            let third = try await client.sync(fixture)
            #expect(Set(third.accountData(room)) == ["of room", "y"])
            #expect(Set(third.accountData()) == ["x", "m.push_rules"])
        }
    }

    // MARK: Receipts and typing

    @Test func receiptsOfANewRoomAreThoseOfItsEventsAndOnesOwn() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: alice, members: [bob, carol])
            let old = try await fixture.say("old", in: room, by: alice)
            let new = try await fixture.say("new", in: room, by: alice)
            try await fixture.home.receipts.set("m.read", to: old, threadID: nil, in: room, by: carol.userID)
            try await fixture.home.receipts.set("m.read.private", to: old, threadID: nil, in: room, by: bob.userID)
            try await fixture.home.receipts.set("m.read.private", to: old, threadID: nil, in: room, by: carol.userID)
            try await fixture.home.receipts.set("m.read", to: new, threadID: nil, in: room, by: alice.userID)
            var client = SlidingClient(bob, extensions: ["receipts"])
            #expect(try await Set(client.sync(fixture).receipts(room)) == ["\(new) m.read \(alice.userID)", "\(old) m.read.private \(bob.userID)"])
            // When the timeline reaches further back, so do the receipts.
            client.subscribe(room, timelineLimit: 5)
            #expect(try await client.sync(fixture).receipts(room).contains("\(old) m.read \(carol.userID)"))
        }
    }

    @Test func extensionsCanBeLimitedToSubscriptions() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let first = try await fixture.room(by: alice, members: [bob])
            let second = try await fixture.room(by: alice, members: [bob])
            var client = SlidingClient(bob)
            client.extensions = ["typing": ["enabled": true, "lists": [], "rooms": ["*"]]]
            client.subscribe(second)
            try await client.sync(fixture)
            for room in [first, second] { try await fixture.home.typing.set(true, timeoutMilliseconds: nil, in: room, by: alice.userID) }
            let answer = try await client.sync(fixture)
            #expect(answer.typists(first) == nil && answer.typists(second) == [alice.userID.rawValue])
            // What was missed comes with the subscription.
            client.subscribe(first, timelineLimit: 1)
            #expect(try await client.sync(fixture).typists(first) == [alice.userID.rawValue])
        }
    }

    @Test func receiptsForTheSameEventInAThreadAndOutside() {
        let event = EventID(trusted: "$event")
        let room = RoomID(trusted: "!room")
        let user = UserID(trusted: "@a:b")
        let receipts = ["main", nil].map { Receipt(roomID: room, userID: user, type: "m.read", threadID: $0, eventID: event, timestamp: 1) }
        for order in [receipts, receipts.reversed()] {
            #expect(ReceiptContent.content(of: order) == ["$event": ["m.read": ["@a:b": ["ts": 1]]]])
        }
    }
}
