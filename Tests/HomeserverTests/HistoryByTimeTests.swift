import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// spec: client-server-api/#get_matrixclientv1roomsroomidtimestamp_to_event
@Suite struct HistoryByTimeTests {
    @Test func theClosestEventInTheDirection() async throws {
        let clock = SteppedClock()
        try await HomeFixture.with(clock: clock) { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            let history = fixture.home.history
            var times: [(id: EventID, time: Int64)] = []
            // The clock goes on, is put back by a day, and goes on.
            for jump in [1_000, 5_000, -86_400_000, 3_000, 100_000_000] as [Int64] {
                clock.jump(milliseconds: jump)
                let id = try await fixture.say("\(jump)", in: room, by: alice)
                times.append((id, try await history.event(id, in: room, for: alice.userID).event.originServerTimestamp))
            }
            let all = try await fixture.wholeTimeline(of: room).map { (id: $0.eventID, time: $0.originServerTimestamp) }
            for (_, time) in times {
                for target in [time - 1, time, time + 1, time + 500] {
                    let later = all.filter { $0.time >= target }.min { $0.time < $1.time }
                    let earlier = all.filter { $0.time <= target }.max { $0.time < $1.time }
                    for (direction, expected) in [(History.Direction.forwards, later), (.backwards, earlier)] {
                        guard let expected else {
                            await expect(.notFound) { _ = try await history.event(closestTo: target, direction, in: room, for: bob.userID) }
                            continue
                        }
                        let found = try await history.event(closestTo: target, direction, in: room, for: bob.userID)
                        #expect(found.id == expected.id && found.timestamp == expected.time)
                    }
                }
            }
            await expect(.notFound) { _ = try await history.event(closestTo: .max, .forwards, in: room, for: bob.userID) }
            await expect(.notFound) { _ = try await history.event(closestTo: .min, .backwards, in: room, for: bob.userID) }
            #expect(try await history.event(closestTo: .min, .forwards, in: room, for: bob.userID).id == times[2].id, "the earliest by the clock")
        }
    }

    /// Of several events of one moment the first on the way.
    @Test func oneMoment() async throws {
        let clock = SteppedClock()
        try await HomeFixture.with(clock: clock) { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            var ids: [EventID] = []
            clock.jump(milliseconds: 10_000)
            for text in ["a", "b", "c"] {
                ids.append(try await fixture.say(text, in: room, by: alice))
                clock.jump(milliseconds: -1)
            }
            let time = try await fixture.home.history.event(ids[0], in: room, for: alice.userID).event.originServerTimestamp
            #expect(try await fixture.home.history.event(closestTo: time - 5_000, .forwards, in: room, for: alice.userID).id == ids[0])
            #expect(try await fixture.home.history.event(closestTo: time + 5_000, .backwards, in: room, for: alice.userID).id == ids[2])
        }
    }

    @Test func onlyWhatOneMaySee() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "late", "left", "stranger")
            let (alice, late, left, stranger) = (people[0], people[1], people[2], people[3])
            let room = try await fixture.room(by: alice, members: [left], visibility: "joined")
            let early = try await fixture.say("early", in: room, by: alice)
            try await fixture.leave(room, left)
            let hidden = try await fixture.say("hidden", in: room, by: alice)
            try await fixture.join(room, late)
            let last = try await fixture.say("last", in: room, by: alice)
            let history = fixture.home.history
            // What was before the room said that only members see it, everyone who comes sees.
            let since = try await history.event(early, in: room, for: alice.userID).event.originServerTimestamp
            let first = try await history.event(closestTo: since, .forwards, in: room, for: late.userID)
            #expect(first.id != early && first.id != hidden)
            #expect(try await history.event(first.id, in: room, for: late.userID).event.stateKey == late.userID.rawValue, "their own join")
            #expect(try await history.event(closestTo: .max, .backwards, in: room, for: late.userID).id == last)
            let end = try await history.event(closestTo: .max, .backwards, in: room, for: left.userID)
            #expect(try await history.event(end.id, in: room, for: left.userID).event.stateKey == left.userID.rawValue, "their own leaving")
            await expect(.forbidden) { _ = try await history.event(closestTo: 0, .forwards, in: room, for: stranger.userID) }
            await expect(.forbidden) { _ = try await history.event(closestTo: 0, .forwards, in: RoomID(trusted: "!none"), for: alice.userID) }
        }
    }
}
