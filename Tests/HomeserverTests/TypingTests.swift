import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// spec: client-server-api/#typing-notifications
@Suite struct TypingTests {
    @Test func typistsComeAndGo() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: alice, members: [bob, carol])
            var client = SyncClient(alice)
            try await client.sync(fixture)
            func set(_ isTyping: Bool, _ session: Session) async throws {
                try await fixture.home.typing.set(isTyping, timeoutMilliseconds: nil, in: room, by: session.userID)
            }
            func typists(_ expected: [Session], isNews: Bool, sourceLocation: SourceLocation = #_sourceLocation) async throws {
                let answer = try await client.sync(fixture)
                #expect(answer.isEmpty == !isNews, sourceLocation: sourceLocation)
                #expect(client.rooms[room]?.typists == expected.map(\.userID.rawValue), sourceLocation: sourceLocation)
            }
            try await set(true, bob)
            try await typists([bob], isNews: true)
            try await set(true, bob)
            try await typists([bob], isNews: false)
            try await set(true, carol)
            try await typists([bob, carol], isNews: true)
            try await set(false, bob)
            try await typists([carol], isNews: true)
            try await set(false, bob)
            try await typists([carol], isNews: false)
            // Who leaves types no longer.
            try await fixture.leave(room, carol)
            try await typists([], isNews: true)
            await expect(.forbidden) { try await set(true, carol) }
        }
    }

    @Test func itEndsByItselfAndIsTold() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            var client = SyncClient(people[0])
            try await client.sync(fixture)
            try await fixture.home.typing.set(true, timeoutMilliseconds: 100, in: room, by: people[1].userID)
            try await client.sync(fixture)
            while client.rooms[room]?.typists != [] { try await client.sync(fixture, timeout: .seconds(60)) }
            #expect(fixture.home.typing.typists(in: room).isEmpty)
        }
    }

    @Test func aNewStartOutlivesTheOldEnd() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            for _ in 0..<30 {
                // The first one ends about when the second one begins.
                try await fixture.home.typing.set(true, timeoutMilliseconds: 2, in: room, by: people[1].userID)
                try await Task.sleep(for: .milliseconds(2))
                try await fixture.home.typing.set(true, timeoutMilliseconds: 60_000, in: room, by: people[1].userID)
                // Whatever the first one's end still wanted to write is written now.
                try await fixture.home.database.write { _ in }
                try await fixture.home.database.write { _ in }
                #expect(fixture.home.typing.typists(in: room) == [people[1].userID])
                try await fixture.home.typing.set(false, timeoutMilliseconds: nil, in: room, by: people[1].userID)
            }
        }
    }
}
