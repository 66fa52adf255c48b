import MatrixCore
import Storage
import Synchronization
import Testing

@testable import Homeserver

/// spec: client-server-api/#presence
@Suite struct PresenceTests {
    /// A presence of its own over a box, with a clock that stands still until it is told.
    private struct Bench {
        let presence: Presence
        let time: SteppedMonotonicClock

        init(_ fixture: HomeFixture) {
            let time = SteppedMonotonicClock()
            self.time = time
            presence = Presence(
                database: fixture.home.database, feed: fixture.home.sync.feed, clock: MonotonicClock { time.nowMilliseconds })
        }

        func begin(_ user: Session, _ asked: Presence.State) async throws {
            presence.syncBegins(of: user.userID, asked: asked)
            try await presence.show(user.userID, asked: asked)
        }

        func end(_ user: Session, _ asked: Presence.State) { presence.syncEnds(of: user.userID, asked: asked) }

        func state(_ user: Session) -> Presence.State { presence.status(of: user.userID).state }
    }

    @Test func syncingIsBeingThere() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let bench = Bench(fixture)
            #expect(bench.state(alice) == .offline)
            try await bench.begin(alice, .offline)
            #expect(bench.state(alice) == .offline)
            bench.end(alice, .offline)
            try await bench.begin(alice, .unavailable)
            #expect(bench.state(alice) == .unavailable)
            bench.end(alice, .unavailable)
            try await bench.begin(alice, .online)
            #expect(bench.state(alice) == .online)
            // An open sync keeps one there for ever.
            bench.time.advance(milliseconds: 3_600_000)
            #expect(await bench.presence.check())
            #expect(bench.state(alice) == .online)
            bench.end(alice, .online)
            bench.time.advance(milliseconds: Presence.offlineAfterMilliseconds)
            #expect(await bench.presence.check())
            #expect(bench.state(alice) == .online)
            bench.time.advance(milliseconds: 1)
            #expect(await !bench.presence.check(), "nobody is left to watch")
            #expect(bench.state(alice) == .offline)
        }
    }

    @Test func whatOneDoesCountsAsActivity() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let bench = Bench(fixture)
            func ago() -> Int64? { bench.presence.content(of: bench.presence.status(of: alice.userID)).integer("last_active_ago") }
            bench.presence.noteActivity(of: alice.userID)
            #expect(ago() == nil, "nobody knows of somebody who never came")
            try await bench.begin(alice, .online)
            bench.time.advance(milliseconds: 5_000)
            #expect(ago() == 5_000)
            let position = fixture.home.sync.feed.position
            bench.presence.noteActivity(of: alice.userID)
            #expect(ago() == 0 && fixture.home.sync.feed.position == position)
        }
    }

    @Test func aSyncThatDoesNotWantToBeSeenKeepsNobodyThere() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let bench = Bench(fixture)
            try await bench.begin(alice, .online)
            bench.end(alice, .online)
            try await bench.begin(alice, .offline)
            bench.time.advance(milliseconds: Presence.offlineAfterMilliseconds + 1)
            _ = await bench.presence.check()
            #expect(bench.state(alice) == .offline)
        }
    }

    @Test func whoeverOfTheDevicesIsMostThereCounts() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let bench = Bench(fixture)
            try await bench.begin(alice, .online)
            let position = fixture.home.sync.feed.position
            // An idle device beside an active one: no news, however often either asks.
            for _ in 0..<5 {
                try await bench.begin(alice, .unavailable)
                bench.end(alice, .online)
                try await bench.begin(alice, .online)
                bench.end(alice, .unavailable)
            }
            #expect(bench.state(alice) == .online)
            #expect(fixture.home.sync.feed.changes(after: position, upTo: Position(.max), concerning: alice.userID)?.isEmpty == true)
            // When the active one is gone, the idle one remains.
            try await bench.begin(alice, .unavailable)
            bench.end(alice, .online)
            bench.time.advance(milliseconds: Presence.offlineAfterMilliseconds + 1)
            _ = await bench.presence.check()
            #expect(bench.state(alice) == .unavailable)
        }
    }

    @Test func whatIsSaidHoldsUntilTheNextSync() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let bench = Bench(fixture)
            try await bench.begin(alice, .online)
            try await bench.presence.set(.unavailable, message: "lunch", of: alice.userID)
            _ = await bench.presence.check()
            #expect(bench.state(alice) == .unavailable)
            let content = bench.presence.content(of: bench.presence.status(of: alice.userID))
            #expect(content == ["presence": "unavailable", "currently_active": false, "last_active_ago": 0, "status_msg": "lunch"])
            bench.end(alice, .online)
            try await bench.begin(alice, .online)
            #expect(bench.state(alice) == .online)
            #expect(bench.presence.status(of: alice.userID).message == "lunch")
            bench.end(alice, .online)
            // Whoever says it without syncing is forgotten like everyone else.
            try await bench.presence.set(.online, message: nil, of: alice.userID)
            bench.time.advance(milliseconds: Presence.offlineAfterMilliseconds + 1)
            _ = await bench.presence.check()
            #expect(bench.state(alice) == .offline)
            await expect(.tooLarge) {
                try await bench.presence.set(.online, message: String(repeating: "x", count: Presence.maxMessageBytes + 1), of: alice.userID)
            }
        }
    }

    @Test func twoDevicesOfOneUserDoNotWakeEachOtherForEver() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for state in [Presence.State.online, .unavailable] {
                    group.addTask {
                        var since: StreamToken?
                        let clock = ContinuousClock()
                        let end = clock.now + .milliseconds(500)
                        var count = 0
                        while clock.now < end {
                            var request = SyncRequest(session: alice)
                            request.since = since
                            request.presence = state
                            request.timeout = .milliseconds(400)
                            since = try SyncAnswer(await fixture.home.sync.sync(request)).nextBatch
                            count += 1
                        }
                        return count
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(answers < 14)
        }
    }

    @Test func onlyThoseInACommonRoomSeeIt() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "stranger")
            let (alice, bob, stranger) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: alice)
            var (client, other) = (SyncClient(bob), SyncClient(stranger))
            try await client.sync(fixture)
            try await other.sync(fixture)
            try await fixture.home.presence.set(.online, message: nil, of: alice.userID)
            #expect(try await client.sync(fixture).isEmpty)
            #expect(try await !fixture.home.presence.canSee(alice.userID, as: bob.userID))
            // Whoever comes to know somebody is told at once, both ways.
            try await fixture.home.presence.set(.unavailable, message: nil, of: bob.userID)
            var host = SyncClient(alice)
            try await host.sync(fixture)
            #expect(host.presence == [alice.userID.rawValue: "online"])
            try await fixture.join(room, bob)
            try await client.sync(fixture)
            #expect(client.presence == [alice.userID.rawValue: "online", bob.userID.rawValue: "unavailable"])
            try await host.sync(fixture)
            #expect(host.presence == [alice.userID.rawValue: "online", bob.userID.rawValue: "unavailable"])
            #expect(try await fixture.home.presence.canSee(alice.userID, as: bob.userID))
            #expect(try await !fixture.home.presence.canSee(alice.userID, as: stranger.userID))
            try await fixture.home.presence.set(.offline, message: nil, of: alice.userID)
            try await client.sync(fixture)
            #expect(client.presence[alice.userID.rawValue] == "offline")
            try await other.sync(fixture)
            #expect(other.presence.isEmpty)
            // Filters hold for presence too.
            var deaf = try SyncClient(bob, filter: #"{"presence":{"not_types":["m.presence"]}}"#)
            try await deaf.sync(fixture)
            try await fixture.home.presence.set(.online, message: nil, of: alice.userID)
            #expect(try await deaf.sync(fixture).isEmpty)
        }
    }
}

/// Time that passes when a test says so.
final class SteppedMonotonicClock: Sendable {
    private let time = Mutex<Int64>(1_000_000)

    var nowMilliseconds: Int64 { time.withLock { $0 } }

    func advance(milliseconds: Int64) { time.withLock { $0 += milliseconds } }
}
