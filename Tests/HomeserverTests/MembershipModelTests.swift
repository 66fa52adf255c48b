import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// Many change who is in a room and who may do what, all at once. Whatever order the box brought that into, a simple model
/// that goes through the room's events in this order allows each of them, and ends where the box says it is.
@Suite struct MembershipModelTests {
    /// What a room is, for the model.
    private struct Model {
        var memberships: [UserID: String] = [:]
        var levels: [UserID: Int64] = [:]

        func level(_ user: UserID) -> Int64 { levels[user] ?? 0 }

        /// Applies an event, or says why it cannot have been accepted. The room is public, kick and ban need 50, state needs 50.
        mutating func apply(_ event: TimelineEvent) throws -> String? {
            let content = try JSONObject(parsing: event.content)
            guard event.type == "m.room.member", let stateKey = event.stateKey, let to = content.string("membership") else {
                guard memberships[event.sender] == "join" else { return "the sender is not in the room" }
                let needed: Int64 = event.type == "m.room.power_levels" ? 100 : event.stateKey != nil ? 50 : 0
                guard level(event.sender) >= needed else { return "the sender has not the power" }
                if event.type == "m.room.power_levels" {
                    levels = [:]
                    for member in content.object("users")?.members ?? [] { levels[UserID(trusted: member.key)] = member.value.integerValue }
                }
                return nil
            }
            let target = UserID(trusted: stateKey)
            let from = memberships[target] ?? "leave"
            defer { memberships[target] = to }
            if target == event.sender {
                switch (from, to) {
                case ("leave", "join"), ("invite", "join"), ("join", "leave"), ("invite", "leave"): return nil
                default: return "\(from) to \(to) by oneself"
                }
            }
            guard memberships[event.sender] == "join" else { return "the sender is not in the room" }
            let isAbove = level(event.sender) >= 50 && level(event.sender) > level(target)
            switch (from, to) {
            case ("leave", "invite"), ("invite", "invite"): return nil
            case ("join", "leave"), ("invite", "leave"), ("ban", "leave"), ("leave", "ban"), ("join", "ban"), ("invite", "ban"), ("ban", "ban"):
                return isAbove ? nil : "\(from) to \(to) without the power"
            default: return "\(from) to \(to) by another"
            }
        }
    }

    @Test(arguments: 0..<3) func membershipsAndPowerAtOnce(round: Int) async throws {
        var random = SeededGenerator()
        let seed = random.next()
        print("MembershipModelTests seed \(random.seed)")
        try await HomeFixture.with { fixture in
            var people: [Session] = []
            for index in 0..<7 { people.append(try await fixture.person("p\(index)")) }
            let all = people
            let owner = all[0].userID
            let room = try await fixture.room(by: all[0], members: Array(all[1..<5]))
            let levels = try #require(try await fixture.state(of: room)[StateKey("m.room.power_levels")])
            let begin = try await fixture.wholeTimeline(of: room).count

            let accepted = try await withThrowingTaskGroup(of: Int.self) { group in
                for (index, person) in all.enumerated() {
                    group.addTask {
                        var random = SeededGenerator(seed: seed &+ UInt64(index))
                        var accepted = 0
                        for step in 0..<40 {
                            let other = all[Int.random(in: 1..<all.count, using: &random)].userID
                            let membership = fixture.home.membership
                            let me = person.userID
                            do {
                                switch Int.random(in: 0..<8, using: &random) {
                                case 0 where index == 0:
                                    var changed = levels
                                    var users: JSONObject = [owner.rawValue: 100]
                                    for person in all.dropFirst() where Bool.random(using: &random) {
                                        users[person.userID.rawValue] = .integer([0, 50, 60].randomElement(using: &random) ?? 0)
                                    }
                                    changed["users"] = .object(users)
                                    changed["marker"] = .integer(Int64(step))
                                    try await fixture.setState("m.room.power_levels", "", changed, in: room, by: person)
                                case 0, 1: _ = try await fixture.say("\(index) \(step)", in: room, by: person)
                                case 2: try await fixture.setState("m.room.topic", "", ["topic": .string("\(index) \(step)")], in: room, by: person)
                                case 3: try await membership.invite(other, to: room, by: me, reason: nil)
                                case 4: try await membership.kick(other, from: room, by: me, reason: nil)
                                case 5: try await membership.ban(other, from: room, by: me, reason: nil)
                                case 6: try await membership.unban(other, from: room, by: me, reason: nil)
                                default:
                                    if index > 0, Bool.random(using: &random) { try await fixture.leave(room, person) }
                                    try await fixture.join(room, person)
                                }
                                accepted += 1
                            } catch is MatrixError {
                                // Refused, as it should be for many of these; the model knows which events there must not be.
                            }
                        }
                        return accepted
                    }
                }
                return try await group.reduce(0, +)
            }
            let timeline = try await fixture.wholeTimeline(of: room)
            #expect(accepted > 20 && timeline.count > begin + 20, "hardly anything happened, seed \(seed)")
            var model = Model()
            for (index, event) in timeline.enumerated() {
                if index < begin {
                    // How a room begins is tested elsewhere.
                    _ = try model.apply(event)
                    if event.type == "m.room.create" { model.levels[owner] = 100 }
                } else if let problem = try model.apply(event) {
                    Issue.record("seed \(seed): \(event.type) of \(event.sender) about \(event.stateKey ?? "-") at \(index): \(problem)")
                }
            }
            for person in all {
                #expect(try await fixture.membership(of: person, in: room) == model.memberships[person.userID], "seed \(seed): \(person.userID)")
            }
            let joined = try await fixture.home.history.joinedMembers(of: room, for: owner).map(\.user)
            #expect(Set(joined) == Set(model.memberships.filter { $0.value == "join" }.keys), "seed \(seed)")
            // Whoever is in the room sees the same end of it; nobody else sees any.
            for person in all {
                var client = SyncClient(person)
                try await client.sync(fixture)
                #expect((client.rooms[room]?.section == "join") == (model.memberships[person.userID] == "join"), "seed \(seed): \(person.userID)")
            }
        }
    }
}
