import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// A sync that waits returns when something concerns it, and only then.
@Suite struct LongPollTests {
    /// What wakes a waiting sync. Each returns what has to be in the answer.
    enum News: String, CaseIterable, Sendable {
        case message, state, join, invite, typing, receipt, privateReceipt, accountData, roomAccountData, tag, pushRule, presence, redaction, kick
    }

    private static func patience() -> Duration { .seconds(90) }

    @Test(arguments: News.allCases) func newsWakesWhomItConcernsAndNobodyElse(news: News) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol", "stranger")
            let (alice, bob, carol, stranger) = (people[0], people[1], people[2], people[3])
            let room = try await fixture.room(by: alice, members: [bob])
            let other = try await fixture.room(by: alice, preset: .privateChat)
            let message = try await fixture.say("hello", in: room, by: alice)
            _ = try await fixture.room(by: stranger)
            var client = SyncClient(bob)
            try await client.sync(fixture)
            var bystander = SyncClient(stranger)
            try await bystander.sync(fixture)
            let (waiting, idle) = (client, bystander)

            async let answer = waiting.ask(fixture, timeout: Self.patience())
            let idling = Task { try await idle.ask(fixture, timeout: Self.patience()) }
            try await Self.untilWaiting(fixture, [bob, stranger])
            let clock = ContinuousClock()
            let start = clock.now
            switch news {
            case .message: try await fixture.say("x", in: room, by: alice)
            case .state: try await fixture.setState("m.room.topic", "", ["topic": "x"], in: room, by: alice)
            case .join: try await fixture.join(room, carol)
            case .invite: try await fixture.invite(bob, to: other, by: alice)
            case .typing: try await fixture.home.typing.set(true, timeoutMilliseconds: nil, in: room, by: alice.userID)
            case .receipt: try await fixture.home.receipts.set("m.read", to: message, threadID: nil, in: room, by: alice.userID)
            case .privateReceipt: try await fixture.home.receipts.set("m.read.private", to: message, threadID: nil, in: room, by: bob.userID)
            case .accountData: try await fixture.home.accountData.set("x", of: bob.userID, room: nil, to: [:])
            case .roomAccountData: try await fixture.home.accountData.set("x", of: bob.userID, room: room, to: [:])
            case .tag: try await fixture.home.accountData.setTag("m.favourite", of: bob.userID, room: room, to: [:])
            case .pushRule: try await fixture.home.pushRules.setEnabled(.override, ".m.rule.master", of: bob.userID, true)
            case .presence: try await fixture.home.presence.set(.online, message: "here", of: alice.userID)
            case .redaction: _ = try await fixture.redact(message, in: room, by: alice)
            case .kick: try await fixture.home.membership.kick(bob.userID, from: room, by: alice.userID, reason: nil)
            }
            let got = try await answer
            #expect(clock.now - start < .seconds(30))
            switch news {
            case .message, .state, .join, .redaction: #expect(got.joined(room)?.events("timeline").count == 1)
            case .invite: #expect(got.rooms("invite") == [other.rawValue])
            case .typing: #expect(got.joined(room)?.types("ephemeral") == ["m.typing"])
            case .receipt, .privateReceipt: #expect(got.joined(room)?.types("ephemeral") == ["m.receipt"])
            case .accountData: #expect(got.body.types("account_data") == ["x"])
            case .roomAccountData: #expect(got.joined(room)?.types("account_data") == ["x"])
            case .tag: #expect(got.joined(room)?.types("account_data") == ["m.tag"])
            case .pushRule: #expect(got.body.types("account_data") == ["m.push_rules"])
            case .presence: #expect(got.body.events("presence").first?.string("sender") == alice.userID.rawValue)
            case .kick: #expect(got.rooms("leave") == [room.rawValue])
            }
            // The stranger still waits, and goes only when its request is cancelled.
            #expect(fixture.home.sync.feed.waiterCount(of: stranger.userID) == 1)
            idling.cancel()
            #expect(try await idling.value.isEmpty)
            #expect(fixture.home.sync.feed.waiterCount(of: stranger.userID) == 0)
        }
    }

    /// Returns when these users' syncs wait.
    static func untilWaiting(_ fixture: HomeFixture, _ sessions: [Session]) async throws {
        for session in sessions {
            while fixture.home.sync.feed.waiterCount(of: session.userID) == 0 { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    @Test func aPrivateReceiptDoesNotWakeOthers() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            let message = try await fixture.say("hello", in: room, by: people[0])
            var client = SyncClient(people[1])
            try await client.sync(fixture)
            try await fixture.home.receipts.set("m.read.private", to: message, threadID: nil, in: room, by: people[0].userID)
            #expect(try await client.sync(fixture).isEmpty)
        }
    }

    @Test func withoutNewsItWaitsForItsTimeout() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            var client = SyncClient(alice)
            try await client.sync(fixture)
            let clock = ContinuousClock()
            let start = clock.now
            let answer = try await client.sync(fixture, timeout: .milliseconds(300))
            #expect(clock.now - start >= .milliseconds(300))
            #expect(answer.isEmpty)
            #expect(fixture.home.sync.feed.waiterCount(of: alice.userID) == 0)
        }
    }

    @Test func whatAFilterHidesDoesNotEndTheWait() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            var client = try SyncClient(people[1], filter: #"{"room":{"timeline":{"types":["wanted"]},"ephemeral":{"not_types":["*"]}}}"#)
            try await client.sync(fixture)
            let waiting = client
            async let answer = waiting.ask(fixture, timeout: Self.patience())
            try await Self.untilWaiting(fixture, [people[1]])
            for index in 0..<5 {
                try await fixture.say("\(index)", in: room, by: people[0])
                try await fixture.home.typing.set(index % 2 == 0, timeoutMilliseconds: nil, in: room, by: people[0].userID)
            }
            let wanted = try await fixture.home.timeline.send(type: "wanted", content: [:], to: room, transactionID: "w", session: people[0])
            #expect(try await answer.joined(room)?.eventIDs("timeline") == [wanted.rawValue])
        }
    }

    @Test func manyWaitersOfOneUserAreAllWoken() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            var client = SyncClient(people[1])
            try await client.sync(fixture)
            let waiting = client
            try await withThrowingTaskGroup(of: SyncAnswer.self) { group in
                for _ in 0..<20 { group.addTask { try await waiting.ask(fixture, timeout: Self.patience()) } }
                while fixture.home.sync.feed.waiterCount(of: people[1].userID) < 20 { try await Task.sleep(for: .milliseconds(1)) }
                let message = try await fixture.say("x", in: room, by: people[0])
                for try await answer in group { #expect(answer.joined(room)?.eventIDs("timeline") == [message.rawValue]) }
            }
            #expect(fixture.home.sync.feed.waiterCount(of: people[1].userID) == 0)
        }
    }

    /// Nothing is lost between an answer and the next request, however they fall.
    @Test func aStreamOfMessagesArrivesOnceAndInOrder() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let room = try await fixture.room(by: people[0], members: [people[1], people[2]])
            let count = 150
            let writing = Task {
                for index in 0..<count { try await fixture.say("\(index)", in: room, by: people[0]) }
            }
            try await withThrowingTaskGroup(of: SyncClient.self) { group in
                for reader in people.dropFirst() {
                    group.addTask {
                        var client = try SyncClient(reader, filter: #"{"room":{"timeline":{"limit":1000,"types":["m.room.message"]}}}"#)
                        while client.rooms[room]?.timeline.count ?? 0 < count { try await client.sync(fixture, timeout: Self.patience()) }
                        return client
                    }
                }
                for try await client in group {
                    let messages = try await fixture.wholeTimeline(of: room).filter { $0.type == "m.room.message" }
                    #expect(client.rooms[room]?.timeline == messages.map(\.eventID.rawValue))
                }
            }
            try await writing.value
        }
    }
}
