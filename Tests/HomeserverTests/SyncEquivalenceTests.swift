import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// Random things happen in several rooms. After each, whatever answers a sync answers the same, and clients that
/// sync now and then have what is true.
@Suite struct SyncEquivalenceTests {
    private static let filters = [
        "{}",
        #"{"room":{"state":{"lazy_load_members":true}}}"#,
        #"{"room":{"timeline":{"limit":2},"state":{"lazy_load_members":true}}}"#,
        #"{"room":{"timeline":{"limit":1}}}"#,
        #"{"room":{"timeline":{"unread_thread_notifications":true}}}"#,
        #"{"room":{"timeline":{"related_by_rel_types":["m.thread"]},"ephemeral":{"types":["m.receipt"]}}}"#,
        #"{"room":{"timeline":{"types":["m.room.message"]},"ephemeral":{"not_types":["m.receipt"]}}}"#,
        #"{"room":{"timeline":{"limit":0},"ephemeral":{"types":["m.receipt"]}},"presence":{"not_types":["*"]}}"#,
        #"{"event_format":"federation","room":{"timeline":{"limit":3}}}"#,
        #"{"event_fields":["event_id","type","state_key","content.body"],"room":{"account_data":{"not_types":["*"]}}}"#,
    ]

    /// A client with a habit: how often it syncs, and how.
    private struct Follower {
        var client: SyncClient
        var isPatient = false
        var isLazy = false
        var seesAllState = true
    }

    @Test(arguments: 0..<3) func randomHouseholds(run: Int) async throws {
        var random = SeededGenerator()
        // Each run of one seed is another household.
        random = SeededGenerator(seed: random.seed &* 31 &+ UInt64(run))
        print("SyncEquivalenceTests seed \(random.seed)")
        let seed = random.seed
        try await HomeFixture.with { fixture in
            var random = SeededGenerator(seed: seed)
            let people = try await fixture.people("alice", "bob", "carol", "dave")
            var rooms: [RoomID] = []
            for visibility in ["shared", "joined", "invited", "world_readable"] {
                rooms.append(
                    try await fixture.room(by: people[0], version: RoomVersion.allCases.randomElement(using: &random) ?? .v11, visibility: visibility)
                )
            }
            // What Bob says, and whom he invites, is nothing to Dave.
            try await fixture.home.accountData.set(
                IgnoredUsers.type, of: people[3].userID, room: nil, to: ["ignored_users": .object([people[1].userID.rawValue: [:]])])
            var followers: [Follower] = []
            for person in people {
                for (index, filter) in Self.filters.enumerated() {
                    for placement in [SyncRequest.StatePlacement.beforeTimeline, .afterTimeline] where index < 3 || placement == .beforeTimeline {
                        // A device of its own, for what is remembered of its members.
                        var follower = Follower(client: try SyncClient(try await fixture.device(of: person.userID), filter: filter))
                        follower.client.statePlacement = placement
                        follower.isLazy = filter.contains("lazy")
                        follower.isPatient = Bool.random(using: &random)
                        follower.seesAllState = !filter.contains("event_fields")
                        followers.append(follower)
                    }
                }
            }
            var household = Household(people: people, rooms: rooms)
            for step in 0..<70 {
                try await household.act(fixture, step, &random)
                if step == 35 { try await fixture.restart() }
                for index in followers.indices {
                    if followers[index].client.since != nil {
                        try await Self.compare(fixture, followers[index].client, seed, step)
                    }
                    guard Int.random(in: 0..<(followers[index].isPatient ? 12 : 2), using: &random) == 0 else { continue }
                    // Sometimes the answer is lost on the way.
                    if Int.random(in: 0..<4, using: &random) == 0 { _ = try await followers[index].client.ask(fixture) }
                    try await followers[index].client.sync(fixture)
                    try await Self.check(fixture, followers[index], rooms: household.rooms, "seed \(seed), step \(step), follower \(index)")
                }
            }
            for index in followers.indices {
                try await followers[index].client.sync(fixture)
                try await Self.check(fixture, followers[index], rooms: household.rooms, "seed \(seed), at the end, follower \(index)")
                #expect(try await followers[index].client.sync(fixture).isEmpty)
            }
        }
    }

    // MARK: Memory and database

    /// The change feed and the database answer the same request with the same words.
    private static func compare(_ fixture: HomeFixture, _ client: SyncClient, _ seed: UInt64, _ step: Int) async throws {
        let sync = fixture.home.sync
        let request = client.request
        let end = sync.feed.position
        guard let since = request.since?.position, let changes = sync.feed.changes(after: since, upTo: end, concerning: request.session.userID)
        else { return }
        let memory = SyncFromMemory(
            request: request, end: end, changes: changes, lazyMembers: sync.lazyMembers, notifications: sync.notifications, typing: sync.typing,
            ignored: sync.ignoredUsers.ignored(by: request.session.userID)
        ).response()
        guard let memory else { return }
        let database = try await sync.database.read { transaction in
            SendableResponse(try SyncFromDatabase(request: request, end: end, sync: sync, transaction: transaction).response())
        }.response
        let answers = try [memory, database].map { response in
            var response = response
            response.presence.sort()
            response.joined.sort { $0.roomID < $1.roomID }
            return try JSONObject(parsing: response.json(nextBatch: StreamToken(end), request: request, presence: sync.presence)).withoutAges
        }
        #expect(answers[0] == answers[1], "seed \(seed), step \(step)")
    }

    // MARK: Client and truth

    private static func check(_ fixture: HomeFixture, _ follower: Follower, rooms: [RoomID], _ place: String) async throws {
        let client = follower.client
        let user = client.session.userID
        for room in rooms {
            let record = try await fixture.home.database.read { transaction in
                try transaction.membership(of: user, in: transaction.room(room)?.key ?? 0)
            }
            let known = client.rooms[room]
            switch record?.membership {
            case nil:
                #expect(known == nil, "\(place)")
            case "join": try await checkJoined(fixture, follower, room, try #require(known, "\(place)"), place)
            case "invite" where try await isIgnored(fixture, record, by: user): break
            case "invite", "knock": #expect(known?.section == record?.membership, "\(place)")
            default: #expect(known == nil || known?.section == "leave", "\(place)")
            }
        }
    }

    private static func isIgnored(_ fixture: HomeFixture, _ invitation: MembershipRecord?, by user: UserID) async throws -> Bool {
        guard let invitation, let event = try await fixture.home.database.read({ try $0.event(at: invitation.position) }) else { return false }
        return fixture.home.sync.ignoredUsers.ignored(by: user).contains(event.sender)
    }

    private static func checkJoined(
        _ fixture: HomeFixture, _ follower: Follower, _ room: RoomID, _ known: SyncClient.Room, _ place: String
    ) async throws {
        let client = follower.client
        let user = client.session.userID
        #expect(known.section == "join", "\(place)")
        let (whole, state, counts, access) = try await fixture.home.database.read { transaction in
            let record = try #require(try transaction.room(room))
            return (
                try transaction.timeline(of: record.key, after: .zero, upTo: Position(.max), limit: .max, direction: .forwards).slice.events,
                try transaction.state(of: record.key, at: Position(.max)),
                (
                    Int64(try transaction.memberCount(of: record.key, membership: "join")),
                    Int64(try transaction.memberCount(of: record.key, membership: "invite"))
                ),
                try RoomAccess(to: record, for: user, upTo: Position(.max), in: transaction)
            )
        }
        // Each event once, in order, none missing since the oldest that the client has.
        let filter = client.filter.room.timeline
        let ignoredUsers = fixture.home.sync.ignoredUsers
        let visible = whole.filter { access.canSee($0) && filter.matches($0) && !ignoredUsers.hides($0, from: user) }.map(\.eventID.rawValue)
        // State is told in any case, be it of a time that the user could not see.
        let hiddenState = Set(whole.filter { !access.canSee($0) && $0.stateKey != nil }.map(\.eventID.rawValue))
        let told = known.timeline.filter { !hiddenState.contains($0) }
        // What had nothing related to it when it was new comes with no later sync.
        if !filter.asksForRelations { #expect(told == Array(visible.suffix(told.count)), "\(place)") }
        let order = known.timeline.compactMap { event in whole.firstIndex { $0.eventID.rawValue == event } }
        #expect(order == order.sorted() && order.count == known.timeline.count, "\(place)")

        // The state, whole; with lazily loaded members, nothing false and every sender.
        let truth = Dictionary(uniqueKeysWithValues: state.map { (StateKey($0.type, $0.stateKey ?? ""), $0.eventID.rawValue) })
        if follower.isLazy {
            let (members, others) = (truth.filter { $0.key.type == "m.room.member" }, truth.filter { $0.key.type != "m.room.member" })
            #expect(known.state.filter { $0.key.type != "m.room.member" } == others, "\(place)")
            for (key, event) in known.state where key.type == "m.room.member" { #expect(members[key] == event, "\(place) \(key)") }
            let senders = Set(whole.filter { known.timeline.contains($0.eventID.rawValue) }.suffix(1).map(\.sender.rawValue))
            for sender in senders { #expect(known.state[StateKey("m.room.member", sender)] != nil, "\(place) \(sender)") }
            for hero in known.heroes { #expect(known.state[StateKey("m.room.member", hero)] != nil, "\(place) hero \(hero)") }
        } else if follower.seesAllState {
            #expect(known.state == truth, "\(place)")
        }

        #expect(known.joinedCount == counts.0 && known.invitedCount == counts.1, "\(place)")
        if client.filter.room.timeline.matchesEverything, client.filter.room.timeline.limit != 0 {
            let expected = try await UnreadCountTests.bruteForce(fixture, client.session, room)
            let byThread = client.filter.room.timeline.unreadThreadNotifications != nil
            #expect(known.unread == (byThread ? expected.main : expected.total), "\(place)")
            if byThread { #expect(known.threadUnread == expected.threads, "\(place)") }
        }
        if client.filter.room.ephemeral.matches(type: "m.typing", in: room) {
            #expect(known.typists == fixture.home.typing.typists(in: room).map(\.rawValue), "\(place)")
        }
        if client.filter.room.accountData.matches(type: "x", in: room) {
            let records = try await fixture.home.database.read { try $0.accountData(of: user).filter { $0.roomID == room } }
            let data = try Dictionary(uniqueKeysWithValues: records.map { ($0.type, try JSONObject(parsing: $0.content)) })
            #expect(known.accountData == data, "\(place)")
        }
        if client.filter.room.ephemeral.matches(type: "m.receipt", in: room) {
            let receipts = try await fixture.home.database.read { transaction in
                try transaction.receipts(
                    of: transaction.room(room)?.key ?? 0, roomID: room, after: .zero, upTo: Position(.max), visibleTo: user)
            }
            let truth = Dictionary(uniqueKeysWithValues: receipts.map { ("\($0.userID) \($0.type) \($0.threadID ?? "-")", $0.eventID.rawValue) })
            #expect(known.receipts == truth, "\(place)")
        }
    }
}

/// Proof for `@unchecked Sendable`: made in a transaction and handed over; nobody else has it.
private struct SendableResponse: @unchecked Sendable {
    let response: SyncResponse
    init(_ response: SyncResponse) { self.response = response }
}

extension JSONObject {
    /// Without what changes by itself.
    fileprivate var withoutAges: JSONObject {
        JSONObject(members.filter { $0.key != "last_active_ago" && $0.key != "age" }.map { ($0.key, $0.value.withoutAges) })
    }
}

extension JSONValue {
    fileprivate var withoutAges: JSONValue {
        switch self {
        case .object(let object): .object(object.withoutAges)
        case .array(let elements): .array(elements.map(\.withoutAges))
        default: self
        }
    }
}

/// People who do things at random. What is not allowed is refused, and that is fine.
struct Household {
    let people: [Session]
    var rooms: [RoomID]
    var sent: [(room: RoomID, event: EventID)] = []

    init(people: [Session], rooms: [RoomID]) {
        self.people = people
        self.rooms = rooms
    }

    mutating func act(_ fixture: HomeFixture, _ step: Int, _ random: inout SeededGenerator) async throws {
        let home = fixture.home
        let person = people.randomElement(using: &random) ?? people[0]
        let other = people.randomElement(using: &random) ?? people[0]
        let room = rooms.randomElement(using: &random) ?? rooms[0]
        let choice = Int.random(in: 0..<100, using: &random)
        do {
            switch choice {
            case 10..<17 where !sent.isEmpty:
                guard let (room, parent) = sent.suffix(12).randomElement(using: &random) else { break }
                let event =
                    switch Int.random(in: 0..<6, using: &random) {
                    case 0: try await fixture.react("\(step % 3)", to: parent, in: room, by: person)
                    case 1: try await fixture.edit(parent, to: "\(step)", in: room, by: person)
                    case 2: try await fixture.relate("m.reference", to: parent, in: room, by: person)
                    default: try await fixture.relate("m.thread", to: parent, in: room, by: person)
                    }
                sent.append((room, event))
            case 0..<22:
                for index in 0..<Int.random(in: 1...4, using: &random) {
                    sent.append((room, try await fixture.say("\(step).\(index)", in: room, by: person)))
                }
            case 22..<26:
                let content: JSONObject = ["msgtype": "m.text", "body": "hey", "m.mentions": ["user_ids": [.string(other.userID.rawValue)]]]
                sent.append(
                    (
                        room,
                        try await home.timeline.send(type: "m.room.message", content: content, to: room, transactionID: "m\(step)", session: person)
                    ))
            case 26..<40: try await fixture.join(room, person)
            case 40..<48: try await fixture.leave(room, person)
            case 48..<52: try await fixture.invite(other, to: room, by: person)
            case 52..<54: try await home.membership.kick(other.userID, from: room, by: people[0].userID, reason: nil)
            case 54..<55: try await home.membership.ban(other.userID, from: room, by: people[0].userID, reason: nil)
            case 55..<57: try await home.membership.unban(other.userID, from: room, by: people[0].userID, reason: nil)
            case 57..<58: try await home.membership.forget(room, as: person.userID)
            case 58..<64:
                let type = ["m.room.topic", "m.room.name", "x.y"].randomElement(using: &random) ?? "x.y"
                try await fixture.setState(type, "", ["name": .integer(Int64(step))], in: room, by: people[0])
            case 64..<66:
                let visibility = ["shared", "joined", "invited", "world_readable"].randomElement(using: &random) ?? "shared"
                try await fixture.setState("m.room.history_visibility", "", ["history_visibility": .string(visibility)], in: room, by: people[0])
            case 66..<72:
                if let (room, event) = sent.randomElement(using: &random) { _ = try await fixture.redact(event, in: room, by: people[0]) }
            case 72..<82:
                if let (room, event) = sent.suffix(8).randomElement(using: &random) {
                    let type = ["m.read", "m.read.private", "m.fully_read"].randomElement(using: &random) ?? "m.read"
                    let root = try await RelationModel(fixture.wholeTimeline(of: room)).thread(of: event)?.rawValue
                    let thread = type == "m.fully_read" ? nil : [nil, "main", root].randomElement(using: &random) ?? nil
                    try await home.receipts.set(type, to: event, threadID: thread, in: room, by: person.userID)
                }
            case 82..<88: try await home.typing.set(Bool.random(using: &random), timeoutMilliseconds: 120_000, in: room, by: person.userID)
            case 88..<92:
                try await home.accountData.set(
                    "x", of: person.userID, room: Bool.random(using: &random) ? room : nil, to: ["n": .integer(Int64(step))])
            case 92..<94: try await home.profiles.setField("displayname", of: person.userID, body: ["displayname": .string("\(step)")])
            case 94..<97:
                let state: Presence.State = Bool.random(using: &random) ? .online : .unavailable
                try await home.presence.set(state, message: "\(step)", of: person.userID)
            case 97..<98: rooms.append(try await fixture.room(by: person, members: [other]))
            default: fixture.clock.jump(milliseconds: Int64.random(in: -1_000_000_000...1_000_000_000, using: &random))
            }
        } catch is MatrixError {}
    }
}
