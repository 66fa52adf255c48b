import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// Who is told that somebody's devices changed.
struct EncryptionDeviceListTests {
    @Test func whoSharesARoomIsToldAndNobodyElse() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let tablet = try await fixture.device(of: alice.userID)
            _ = try await fixture.room(by: alice, members: [bob])
            var clients = [alice, tablet, bob, carol].map { SyncClient($0) }
            for index in clients.indices { #expect(try await clients[index].sync(fixture).changedDeviceLists.isEmpty) }
            let waiting = clients[2]
            async let woken = waiting.ask(fixture, timeout: .seconds(60))
            let device = TestDevice(alice)
            try await fixture.publish(device)
            #expect(try await woken.changedDeviceLists == ["@alice:box.test"])
            let told = try await answers(of: &clients, fixture)
            #expect(told == [["@alice:box.test"], ["@alice:box.test"], ["@alice:box.test"], []])
            // The same keys once more are no news.
            try await fixture.publish(device)
            #expect(try await answers(of: &clients, fixture) == [[], [], [], []])
        }
    }

    private func answers(of clients: inout [SyncClient], _ fixture: HomeFixture) async throws -> [[String]] {
        var answers: [[String]] = []
        for index in clients.indices { answers.append(try await clients[index].sync(fixture).changedDeviceLists) }
        return answers
    }

    @Test func comingAndGoingIsTold() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: alice, members: [bob])
            let other = try await fixture.room(by: alice, members: [bob])
            var (first, second, third) = (SyncClient(alice), SyncClient(bob), SyncClient(carol))
            try await first.sync(fixture)
            try await second.sync(fixture)
            try await third.sync(fixture)
            let start = try #require(first.since)
            try await fixture.join(room, carol)
            #expect(try await first.sync(fixture).changedDeviceLists == ["@carol:box.test"])
            #expect(try await third.sync(fixture).changedDeviceLists == ["@alice:box.test", "@bob:box.test", "@carol:box.test"])
            // A new name is not a new device.
            try await second.sync(fixture)
            try await fixture.home.profiles.setField("displayname", of: carol.userID, body: ["displayname": "Carol"])
            let renamed = try await second.sync(fixture)
            #expect(renamed.changedDeviceLists.isEmpty && renamed.leftDeviceLists.isEmpty && !renamed.isEmpty)
            // Bob shares another room still.
            try await fixture.leave(room, bob)
            let stays = try await first.sync(fixture)
            #expect(stays.changedDeviceLists.isEmpty && stays.leftDeviceLists.isEmpty)
            #expect(try await second.sync(fixture).leftDeviceLists == ["@carol:box.test"])
            #expect(try await third.sync(fixture).leftDeviceLists == ["@bob:box.test"])
            try await fixture.leave(other, bob)
            #expect(try await first.sync(fixture).leftDeviceLists == ["@bob:box.test"])
            #expect(try await second.sync(fixture).leftDeviceLists == ["@alice:box.test"])
            // The same, asked for at once, and after a restart.
            try await fixture.restart()
            let changes = try await fixture.home.deviceLists.changes(for: alice.userID, from: start)
            #expect(changes == DeviceLists.Changes(changed: [carol.userID], left: [bob.userID]))
            let none = try await fixture.home.deviceLists.changes(for: alice.userID, from: try #require(first.since))
            #expect(none.isEmpty)
        }
    }

    @Test func anAbsenceMissesNothing() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            var client = SyncClient(bob)
            try await client.sync(fixture)
            try await fixture.publish(TestDevice(alice))
            // Beyond what is kept in memory.
            for number in 0..<(ChangeFeed.maxRecentChanges + 10) { try await fixture.say("\(number)", in: room, by: alice) }
            #expect(try await client.ask(fixture).changedDeviceLists == ["@alice:box.test"])
            try await fixture.restart()
            #expect(try await client.sync(fixture).changedDeviceLists == ["@alice:box.test"])
            #expect(try await client.sync(fixture).changedDeviceLists == [])
        }
    }

    @Test func tokensOfTheFutureAreRefused() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            await expect(.invalidParameter) {
                _ = try await fixture.home.deviceLists.changes(for: alice.userID, from: StreamToken(Position(1 << 50)))
            }
        }
    }
}
