import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// spec: client-server-api/#receipts
@Suite struct ReceiptTests {
    @Test func receiptsReachTheOthersAndPrivateOnesDoNot() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            let first = try await fixture.say("1", in: room, by: alice)
            let second = try await fixture.say("2", in: room, by: alice)
            var (here, there) = (SyncClient(bob), SyncClient(alice))
            try await here.sync(fixture)
            try await there.sync(fixture)
            try await fixture.home.receipts.set("m.read", to: first, threadID: nil, in: room, by: bob.userID)
            try await fixture.home.receipts.set("m.read.private", to: second, threadID: nil, in: room, by: bob.userID)
            try await fixture.home.receipts.set("m.read", to: first, threadID: "main", in: room, by: bob.userID)
            // From memory, from the database, and in a first sync.
            for _ in 0..<2 {
                try await here.sync(fixture)
                try await there.sync(fixture)
                #expect(
                    here.rooms[room]?.receipts == [
                        "\(bob.userID) m.read -": first.rawValue, "\(bob.userID) m.read.private -": second.rawValue,
                        "\(bob.userID) m.read main": first.rawValue,
                    ])
                #expect(there.rooms[room]?.receipts == ["\(bob.userID) m.read -": first.rawValue, "\(bob.userID) m.read main": first.rawValue])
                (here, there) = (SyncClient(bob), SyncClient(alice))
            }
        }
    }

    @Test func theNewestReceiptOfManyIsTheOneThatArrives() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            for _ in 0..<10 {
                var client = SyncClient(alice)
                try await client.sync(fixture)
                var last: EventID?
                for index in 0..<4 {
                    let event = try await fixture.say("\(index)", in: room, by: alice)
                    try await fixture.home.receipts.set("m.read", to: event, threadID: nil, in: room, by: bob.userID)
                    last = event
                }
                let answer = try await client.sync(fixture)
                let content = try #require(answer.joined(room)?.events("ephemeral").first?.object("content"))
                #expect(content.keys.sorted() == [try #require(last).rawValue])
            }
        }
    }

    @Test func receiptsThatMoveNothing() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            let elsewhere = try await fixture.room(by: alice, members: [bob])
            let event = try await fixture.say("1", in: room, by: alice)
            let foreign = try await fixture.say("2", in: elsewhere, by: alice)
            try await fixture.home.receipts.set("m.read", to: event, threadID: nil, in: room, by: bob.userID)
            var client = SyncClient(bob)
            try await client.sync(fixture)
            try await fixture.home.receipts.set("m.read", to: event, threadID: nil, in: room, by: bob.userID)
            try await fixture.home.receipts.set("m.read", to: foreign, threadID: nil, in: room, by: bob.userID)
            try await fixture.home.receipts.set("m.read", to: EventID(trusted: "$unknown"), threadID: nil, in: room, by: bob.userID)
            #expect(try await client.sync(fixture).isEmpty)
        }
    }

    @Test func whatIsRefused() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice)
            let event = try await fixture.say("1", in: room, by: alice)
            let receipts = fixture.home.receipts
            await expect(.invalidParameter) { try await receipts.set("m.unread", to: event, threadID: nil, in: room, by: alice.userID) }
            await expect(.invalidParameter) { try await receipts.set("m.read", to: event, threadID: "", in: room, by: alice.userID) }
            await expect(.invalidParameter) {
                try await receipts.set("m.read", to: event, threadID: String(repeating: "x", count: 256), in: room, by: alice.userID)
            }
            await expect(.invalidParameter) { try await receipts.set("m.fully_read", to: event, threadID: "main", in: room, by: alice.userID) }
            await expect(.invalidParameter) { try await receipts.set("m.read", to: event, threadID: "$nothing", in: room, by: alice.userID) }
            try await receipts.set("m.read", to: event, threadID: event.rawValue, in: room, by: alice.userID)
            await expect(.forbidden) { try await receipts.set("m.read", to: event, threadID: nil, in: room, by: bob.userID) }
            // All of a request or nothing.
            await expect(.invalidParameter) { try await receipts.set(["m.fully_read": event, "x": event], in: room, by: alice.userID) }
            await expect(.notFound) { _ = try await fixture.home.accountData.content("m.fully_read", of: alice.userID, room: room) }
        }
    }

    @Test func severalMarkersAtOnce() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            let event = try await fixture.say("1", in: room, by: alice)
            var client = SyncClient(alice)
            try await client.sync(fixture)
            try await fixture.home.receipts.set(["m.fully_read": event, "m.read": event, "m.read.private": event], in: room, by: alice.userID)
            let answer = try await client.sync(fixture)
            #expect(client.rooms[room]?.accountData["m.fully_read"] == ["event_id": .string(event.rawValue)])
            #expect(client.rooms[room]?.receipts.count == 2)
            #expect(answer.joined(room)?.events("ephemeral").count == 1)
            // The same again is no news.
            try await fixture.home.receipts.set(["m.fully_read": event, "m.read": event], in: room, by: alice.userID)
            #expect(try await client.sync(fixture).isEmpty)
        }
    }
}
