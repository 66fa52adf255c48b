import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// Who may read what of a room's past.
///
/// spec: client-server-api/#room-history-visibility
@Suite struct HistoryVisibilityTests {
    /// What a reader went through. Messages are sent between the steps, and named by what the reader was then.
    enum Past: String, CaseIterable, Sendable {
        case never, invited, joined, left, banned, invitedAgain, joinedAgain, forgotten, declined

        /// Memberships in order; a message follows each, and one stands before the first.
        var steps: [String] {
            switch self {
            case .never: []
            case .invited: ["invite"]
            case .joined: ["invite", "join"]
            case .left: ["invite", "join", "leave"]
            case .banned: ["invite", "join", "ban"]
            case .invitedAgain: ["invite", "join", "leave", "invite"]
            case .joinedAgain: ["invite", "join", "leave", "invite", "join"]
            case .forgotten: ["invite", "join", "leave"]
            case .declined: ["invite", "leave"]
            }
        }

        /// The messages that the reader may see, by the rules of the specification applied by hand.
        func visible(_ visibility: String) -> [String]? {
            let all = ["stranger"] + steps.enumerated().map { "\($0.element)\($0.offset)" }
            if visibility == "world_readable" { return all }
            if self == .forgotten { return nil }
            guard let lastJoin = steps.lastIndex(of: "join") else { return nil }
            switch visibility {
            case "joined": return all.filter { $0.hasPrefix("join") }
            case "invited":
                // An invitation that was not accepted yet opens nothing yet.
                return all.enumerated().filter { $0.element.hasPrefix("join") || ($0.element.hasPrefix("invite") && $0.offset <= lastJoin + 1) }.map(
                    \.element)
            default: return Array(all.prefix(lastJoin + 2))
            }
        }
    }

    @Test(arguments: ["world_readable", "shared", "invited", "joined", "unheard-of"], Past.allCases)
    func everyWayToReadShowsTheSame(visibility: String, past: Past) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("owner", "reader")
            let (owner, reader) = (people[0], people[1])
            let room = try await fixture.room(by: owner, preset: .privateChat, visibility: visibility)
            var messages: [(text: String, id: EventID)] = [("stranger", try await fixture.say("stranger", in: room, by: owner))]
            var membersThen: [Position] = []
            for (index, step) in past.steps.enumerated() {
                switch step {
                case "invite": try await fixture.invite(reader, to: room, by: owner)
                case "join": try await fixture.join(room, reader)
                case "leave": try await fixture.leave(room, reader)
                default: try await fixture.home.membership.ban(reader.userID, from: room, by: owner.userID, reason: nil)
                }
                membersThen.append(fixture.home.sync.feed.position)
                let text = "\(step)\(index)"
                // State too: what /state shows is as old as what one may see.
                try await fixture.setState("step", "", ["now": .string(text)], in: room, by: owner)
                messages.append((text, try await fixture.say(text, in: room, by: owner)))
            }
            if past == .forgotten { try await fixture.home.membership.forget(room, as: reader.userID) }
            let history = fixture.home.history
            let visible = past.visible(visibility)

            // Single events.
            for message in messages {
                if visible?.contains(message.text) == true {
                    #expect(try await history.event(message.id, in: room, for: reader.userID).event.eventID == message.id)
                    let context = try await history.context(of: message.id, in: room, for: reader.userID, limit: 100, filter: RoomEventFilter())
                    let texts = try Self.texts(context.before.reversed() + [context.event] + context.after)
                    #expect(texts == visible)
                } else {
                    await expect(.notFound) { _ = try await history.event(message.id, in: room, for: reader.userID) }
                    await expect(visible == nil ? .forbidden : .notFound) {
                        _ = try await history.context(of: message.id, in: room, for: reader.userID, limit: 10, filter: RoomEventFilter())
                    }
                }
            }

            guard let visible else {
                for direction in [History.Direction.forwards, .backwards] {
                    await expect(.forbidden) {
                        _ = try await history.messages(
                            of: room, for: reader.userID, from: nil, to: nil, direction: direction, limit: 10, filter: RoomEventFilter())
                    }
                }
                await expect(.forbidden) { _ = try await history.state(of: room, for: reader.userID) }
                await expect(.forbidden) { _ = try await history.stateEvent(of: room, type: "m.room.create", stateKey: "", for: reader.userID) }
                await expect(.forbidden) {
                    _ = try await history.members(of: room, for: reader.userID, at: nil, membership: nil, notMembership: nil)
                }
                await expect(.forbidden) { _ = try await history.joinedMembers(of: room, for: reader.userID) }
                return
            }

            // Pages.
            for direction in [History.Direction.forwards, .backwards] {
                var texts: [String] = []
                var from: StreamToken?
                repeat {
                    let page = try await history.messages(
                        of: room, for: reader.userID, from: from, to: nil, direction: direction, limit: 2, filter: RoomEventFilter())
                    texts += try Self.texts(page.events)
                    from = page.end
                } while from != nil
                #expect(texts == (direction == .forwards ? visible : visible.reversed()))
            }

            // State, as it was when one left.
            let isThere = past == .joined || past == .joinedAgain
            let lastSeen: String?
            if isThere || visibility == "world_readable" {
                lastSeen = past.steps.isEmpty ? nil : "\(past.steps[past.steps.count - 1])\(past.steps.count - 1)"
            } else {
                // The state just before the last change of membership.
                lastSeen = past.steps.count < 2 ? nil : "\(past.steps[past.steps.count - 2])\(past.steps.count - 2)"
            }
            let state = try await history.state(of: room, for: reader.userID)
            let step = try state.first { $0.type == "step" }.map { try JSONObject(parsing: $0.content).string("now") } ?? nil
            #expect(step == lastSeen)
            if let lastSeen {
                let event = try await history.stateEvent(of: room, type: "step", stateKey: "", for: reader.userID)
                #expect(try JSONObject(parsing: event.content).string("now") == lastSeen)
            }
            await expect(.notFound) { _ = try await history.stateEvent(of: room, type: "none", stateKey: "", for: reader.userID) }

            // Members.
            let members = try await history.members(of: room, for: reader.userID, at: nil, membership: nil, notMembership: nil)
            let own = members.first { $0.stateKey == reader.userID.rawValue }
            #expect(try own.map { try JSONObject(parsing: $0.content).string("membership") ?? "" } == past.steps.last)
            let joined = try await history.members(of: room, for: reader.userID, at: nil, membership: "join", notMembership: nil)
            #expect(joined.count == (isThere ? 2 : 1))
            let others = try await history.members(of: room, for: reader.userID, at: nil, membership: nil, notMembership: "join")
            #expect(joined.count + others.count == members.count)
            if past.steps.count >= 2 {
                // At the first step, one was invited.
                let then = try await history.members(
                    of: room, for: reader.userID, at: StreamToken(membersThen[0]), membership: "invite", notMembership: nil)
                #expect(then.map(\.stateKey) == [reader.userID.rawValue])
            }
            if isThere {
                #expect(Set(try await history.joinedMembers(of: room, for: reader.userID).map(\.user)) == [owner.userID, reader.userID])
            } else {
                await expect(.forbidden) { _ = try await history.joinedMembers(of: room, for: reader.userID) }
            }
        }
    }

    private static func texts(_ events: [TimelineEvent]) throws -> [String] {
        try events.filter { $0.type == "m.room.message" }.map { try JSONObject(parsing: $0.content).string("body") ?? "" }
    }

    /// spec: client-server-api/#server-behaviour-5
    @Test func changesOfVisibilityAreSeenFromBothSides() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("owner", "stranger")
            let (owner, stranger) = (people[0], people[1])
            let room = try await fixture.room(by: owner, visibility: "shared")
            try await fixture.say("before", in: room, by: owner)
            let opened = try await fixture.setState("m.room.history_visibility", "", ["history_visibility": "world_readable"], in: room, by: owner)
            let shown = try await fixture.say("open", in: room, by: owner)
            let page = try await fixture.home.history.messages(
                of: room, for: stranger.userID, from: nil, to: nil, direction: .forwards, limit: 100, filter: RoomEventFilter())
            #expect(page.events.map(\.eventID) == [opened, shown])
            // Once it is closed again, there is nothing for strangers any more.
            try await fixture.setState("m.room.history_visibility", "", ["history_visibility": "joined"], in: room, by: owner)
            await expect(.notFound) { _ = try await fixture.home.history.event(shown, in: room, for: stranger.userID) }
            try await fixture.join(room, stranger)
            #expect(try await fixture.home.history.event(shown, in: room, for: stranger.userID).event.eventID == shown)
        }
    }

    @Test func eventsBelongToTheirRoom() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let here = try await fixture.room(by: alice)
            let there = try await fixture.room(by: alice)
            let event = try await fixture.say("x", in: there, by: alice)
            await expect(.notFound) { _ = try await fixture.home.history.event(event, in: here, for: alice.userID) }
            await expect(.notFound) {
                _ = try await fixture.home.history.context(of: event, in: here, for: alice.userID, limit: 1, filter: RoomEventFilter())
            }
            await expect(.notFound) { _ = try await fixture.home.history.event(EventID(trusted: "$x"), in: here, for: alice.userID) }
        }
    }
}
