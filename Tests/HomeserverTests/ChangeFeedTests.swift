import MatrixCore
import Storage
import Testing

@testable import Homeserver

@Suite struct ChangeFeedTests {
    private static let alice = UserID(trusted: "@alice:box.test")
    private static let bob = UserID(trusted: "@bob:box.test")

    private static func change(_ position: Int64, for users: UserID...) -> Change {
        Change(position: Position(position), kind: .typing(RoomID(trusted: "!r"), audience: Audience(users)))
    }

    private static func positions(_ changes: [Change]?) -> [Int64]? { changes?.map(\.position.value) }

    @Test func onlyWhatIsPublishedIsNew() async {
        let feed = ChangeFeed()
        feed.start(at: Position(100))
        #expect(feed.position == Position(100))
        feed.append(Self.change(101, for: Self.alice))
        #expect(feed.position == Position(100))
        feed.publish(Position(101))
        #expect(feed.position == Position(101))
        #expect(Self.positions(feed.changes(after: Position(100), upTo: Position(101), concerning: Self.alice)) == [101])
        #expect(Self.positions(feed.changes(after: Position(101), upTo: Position(101), concerning: Self.alice)) == [])
        #expect(Self.positions(feed.changes(after: Position(100), upTo: Position(101), concerning: Self.bob)) == [])
        #expect(feed.changes(after: Position(99), upTo: Position(101), concerning: Self.alice) == nil, "older than what is known")
        // What is appended and not published yet wakes nobody.
        feed.append(Self.change(102, for: Self.alice))
        let clock = ContinuousClock()
        let start = clock.now
        await feed.wait(for: Self.alice, after: Position(101), timeout: .milliseconds(100))
        #expect(clock.now - start >= .milliseconds(100))
        feed.publish(Position(102))
        await feed.wait(for: Self.alice, after: Position(101), timeout: .seconds(600))
    }

    /// Against a list that forgets nothing: what the feed answers is right, or it does not answer.
    @Test func trimmingForgetsWithoutLying() {
        var random = SeededGenerator()
        print("ChangeFeedTests seed \(random.seed)")
        let feed = ChangeFeed()
        feed.start(at: Position(10))
        var all: [(Int64, Bool)] = []
        var next: Int64 = 11
        for _ in 0..<2_000 {
            for _ in 0..<Int.random(in: 0..<4, using: &random) {
                next += Int64.random(in: 0..<3, using: &random)
                let forAlice = Bool.random(using: &random)
                feed.append(forAlice ? Self.change(next, for: Self.alice) : Self.change(next, for: Self.bob))
                all.append((next, forAlice))
                next += 1
            }
            feed.publish(Position(next - 1))
            #expect(feed.extent.count <= ChangeFeed.maxRecentChanges)
            let since = Int64.random(in: max(10, next - 1_500)..<next, using: &random)
            if let answer = Self.positions(feed.changes(after: Position(since), upTo: feed.position, concerning: Self.alice)) {
                #expect(answer == all.filter { $0.0 > since && $0.1 }.map(\.0), "seed \(random.seed)")
            } else {
                #expect(all.count { $0.0 > since } > ChangeFeed.maxRecentChanges / 2 - 8, "what is recent is there")
            }
        }
    }

    @Test func largeEventsAreBoundedByTheirBytes() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            let large = String(repeating: "x", count: 60_000)
            for index in 0..<60 {
                try await fixture.setState("large", "", ["x": .string(large), "n": .integer(Int64(index))], in: room, by: alice)
                #expect(fixture.home.sync.feed.extent.bytes <= ChangeFeed.maxRecentBytes)
            }
            var client = SyncClient(alice)
            try await client.sync(fixture)
            #expect(client.rooms[room]?.timeline.count == 10)
        }
    }

    @Test func cancellingBeforeWhileAndAfterWaiting() async {
        let feed = ChangeFeed()
        feed.start(at: Position(1))
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                group.addTask {
                    let task = Task { await feed.wait(for: Self.alice, after: Position(1), timeout: .seconds(600)) }
                    if index % 3 == 0 { await Task.yield() }
                    task.cancel()
                    await task.value
                }
            }
        }
        #expect(feed.waiterCount(of: Self.alice) == 0)
    }
}
