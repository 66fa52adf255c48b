import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// Whoever asks after every change, mostly from memory, and whoever asks seldom and loses answers, know the same in the end: what a
/// connection that begins then is told by the database.
@Suite struct SlidingSyncEquivalenceTests {
    /// What a client knows of a room, put together from what it was told.
    struct Known: Equatable {
        var membership = ""
        var name: String?
        var joinedCount: Int64?
        var isDirect = false
        var unread: Int64?
        var state: [String: String] = [:]
        var timeline: [String] = []
        var tags: [String] = []
        var typists: [String] = []
    }

    struct Reader {
        var client: SlidingClient
        var rooms: [RoomID: Known] = [:]

        mutating func take(_ answer: SlidingAnswer) {
            client.take(answer)
            for member in answer.body.object("rooms")?.members ?? [] {
                let (id, json) = (RoomID(trusted: member.key), member.value.objectValue ?? [:])
                // What extensions say goes beside it.
                var known = rooms[id] ?? Known()
                if json.bool("initial") == true {
                    known = Known(tags: known.tags, typists: known.typists)
                }
                if let name = json["name"] { known.name = name.stringValue }
                known.joinedCount = json.integer("joined_count") ?? known.joinedCount
                known.isDirect = json.bool("is_dm") ?? known.isDirect
                known.unread = json.integer("notification_count") ?? known.unread
                if json["invite_state"] != nil { known.membership = "invite" }
                for event in answer.events(id, "required_state") {
                    let (type, key) = (event.string("type") ?? "", event.string("state_key") ?? "")
                    let content = event.object("content") ?? [:]
                    if type == "m.room.member" {
                        if key == client.session.userID.rawValue { known.membership = content.string("membership") ?? "" }
                    } else {
                        known.state["\(type)|\(key)"] = event.string("event_id")
                    }
                }
                if json.bool("limited") == true || json.bool("unstable_expanded_timeline") == true { known.timeline = [] }
                known.timeline += answer.events(id).compactMap { $0.string("event_id") }
                rooms[id] = known
            }
            for member in answer.extension("account_data")?.object("rooms")?.members ?? [] {
                for case .object(let event) in member.value.arrayValue ?? [] where event.string("type") == "m.tag" {
                    rooms[RoomID(trusted: member.key)]?.tags = event.object("content")?.object("tags")?.members.map(\.key) ?? []
                }
            }
            for member in answer.extension("typing")?.object("rooms")?.members ?? [] {
                let users = member.value.objectValue?.object("content")?.array("user_ids")?.compactMap(\.stringValue) ?? []
                rooms[RoomID(trusted: member.key)]?.typists = users
            }
        }
    }

    static let timelineLimit = 3

    private static func client(_ session: Session, _ id: String, last: Int) -> SlidingClient {
        var client = SlidingClient(
            session, range: 0...last, timelineLimit: timelineLimit,
            state: [("m.room.name", ""), ("m.room.topic", ""), ("m.room.member", "$ME"), ("m.room.member", "$LAZY"), ("x", "*")],
            extensions: ["account_data", "receipts", "typing"])
        client.connectionID = id
        return client
    }

    @Test func oftenOrSeldomTheEndIsTheSame() async throws {
        let generator = SeededGenerator()
        try await HomeFixture.with { fixture in
            var generator = generator
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            var rooms: [RoomID] = []
            for _ in 0..<4 { rooms.append(try await fixture.room(by: alice, members: [bob])) }
            // The second one has a window that most rooms are outside of, until the end.
            var often = Reader(client: Self.client(bob, "often", last: 9))
            var seldom = Reader(client: Self.client(bob, "seldom", last: 1))
            for step in 0..<220 {
                let room = rooms[Int.random(in: 0..<rooms.count, using: &generator)]
                // Some of it is refused, by whoever may not do it at the time.
                do {
                    switch Int.random(in: 0..<14, using: &generator) {
                    case 0...3: try await fixture.say("\(step)", in: room, by: Bool.random(using: &generator) ? alice : carol)
                    case 4: try await fixture.setState("m.room.name", "", step % 3 == 0 ? [:] : ["name": .string("\(step)")], in: room, by: alice)
                    case 5: try await fixture.setState("m.room.topic", "", ["topic": .string("\(step)")], in: room, by: alice)
                    case 6: try await fixture.setState("x", "\(step % 4)", [:], in: room, by: alice)
                    case 7: try await fixture.join(room, Bool.random(using: &generator) ? bob : carol)
                    case 8: try await fixture.leave(room, carol)
                    case 9: try await fixture.home.membership.kick(bob.userID, from: room, by: alice.userID, reason: nil)
                    case 10:
                        try await fixture.home.typing.set(
                            Bool.random(using: &generator), timeoutMilliseconds: nil, in: room,
                            by: (Bool.random(using: &generator) ? alice : carol).userID)
                    case 11: try await fixture.home.accountData.setTag("u.\(step % 5)", of: bob.userID, room: room, to: [:])
                    case 12:
                        let direct: JSONObject = Bool.random(using: &generator) ? ["@alice:box.test": [.string(room.rawValue)]] : [:]
                        try await fixture.home.accountData.set("m.direct", of: bob.userID, room: nil, to: direct)
                    default:
                        if let newest = try await fixture.wholeTimeline(of: room).last {
                            try await fixture.home.receipts.set("m.read", to: newest.eventID, threadID: nil, in: room, by: bob.userID)
                        }
                    }
                } catch is MatrixError {}
                often.take(try await often.client.ask(fixture))
                if Int.random(in: 0..<8, using: &generator) == 0 {
                    let answer = try await seldom.client.ask(fixture)
                    // Some answers are lost.
                    if Bool.random(using: &generator) { seldom.take(answer) }
                }
            }
            seldom.client.setRange(0...9)
            for _ in 0..<2 { seldom.take(try await seldom.client.ask(fixture)) }
            often.take(try await often.client.ask(fixture))
            var fresh = Reader(client: Self.client(bob, "fresh", last: 9))
            fresh.take(try await fresh.client.ask(fixture))

            for room in rooms {
                let truth = try await fixture.membership(of: bob, in: room)
                for (name, reader) in [("often", often), ("seldom", seldom)] {
                    var known = reader.rooms[room]
                    var expected = fresh.rooms[room]
                    #expect(known?.membership == truth || known == nil && truth != "join", "\(name), seed \(generator.seed)")
                    guard truth == "join" else { continue }
                    #expect(
                        known?.timeline.suffix(Self.timelineLimit) == expected?.timeline.suffix(Self.timelineLimit), "\(name), seed \(generator.seed)"
                    )
                    known?.timeline = []
                    expected?.timeline = []
                    #expect(known == expected, "\(name), seed \(generator.seed)")
                }
            }
            for reader in [often, seldom] { #expect(try await reader.client.ask(fixture).isEmpty, "seed \(generator.seed)") }
        }
    }
}
