import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// Many at once, compared with what happens one after the other.
@Suite struct ConcurrencyTests {
    @Test func everyoneJoinsAtOnce() async throws {
        try await HomeFixture.with { fixture in
            let owner = try await fixture.person("owner")
            let room = try await fixture.room(by: owner)
            var people: [Session] = []
            for index in 0..<40 { people.append(try await fixture.person("p\(index)")) }
            let all = people
            try await withThrowingTaskGroup(of: Void.self) { group in
                // Each twice, which is one event.
                for person in all + all { group.addTask { try await fixture.join(room, person) } }
                try await group.waitForAll()
            }
            let timeline = try await fixture.wholeTimeline(of: room)
            #expect(timeline.filter { $0.type == "m.room.member" }.count == 41)
            #expect(Set(try await fixture.home.history.joinedMembers(of: room, for: owner.userID).map(\.user)).count == 41)
            try await Self.checkChain(fixture, room)
        }
    }

    @Test func stateMessagesReceiptsAndMembershipsAtOnce() async throws {
        var random = SeededGenerator()
        print("ConcurrencyTests seed \(random.seed)")
        let seed = random.next()
        try await HomeFixture.with { fixture in
            var people: [Session] = []
            for index in 0..<6 { people.append(try await fixture.person("p\(index)")) }
            let all = people
            let room = try await fixture.room(by: all[0], members: Array(all.dropFirst()))
            var levels = try #require(try await fixture.state(of: room)[StateKey("m.room.power_levels")])
            levels["state_default"] = 0
            try await fixture.setState("m.room.power_levels", "", levels, in: room, by: all[0])
            let before = try await fixture.wholeTimeline(of: room).count

            /// What one person did, in their order.
            struct Deeds: Sendable {
                var messages: [EventID] = []
                var lastState: [StateKey: EventID] = [:]
                var events = 0
                var receipt: EventID?
            }
            let deeds = try await withThrowingTaskGroup(of: (Int, Deeds).self) { group in
                for (index, person) in all.enumerated() {
                    group.addTask {
                        var random = SeededGenerator(seed: seed &+ UInt64(index))
                        var deeds = Deeds()
                        for step in 0..<50 {
                            switch Int.random(in: 0..<5, using: &random) {
                            case 0, 1:
                                deeds.messages.append(try await fixture.say("\(index) \(step)", in: room, by: person))
                                deeds.events += 1
                            case 2:
                                let key = StateKey("own", "\(index)-\(Int.random(in: 0..<3, using: &random))")
                                deeds.lastState[key] = try await fixture.setState(
                                    key.type, key.key, ["n": .integer(Int64(step))], in: room, by: person)
                                deeds.events += 1
                            case 3:
                                if let event = deeds.messages.last {
                                    try await fixture.home.receipts.set("m.read", to: event, threadID: nil, in: room, by: person.userID)
                                    deeds.receipt = event
                                }
                            default:
                                guard index > 0 else { break }
                                try await fixture.leave(room, person)
                                try await fixture.join(room, person)
                                deeds.events += 2
                            }
                        }
                        return (index, deeds)
                    }
                }
                return try await group.reduce(into: [Int: Deeds]()) { $0[$1.0] = $1.1 }
            }
            let timeline = try await fixture.wholeTimeline(of: room)
            #expect(timeline.count == before + deeds.values.reduce(0) { $0 + $1.events }, "seed \(seed)")
            for (index, deed) in deeds {
                // Each person's messages, all of them and in their order.
                let own = timeline.filter { $0.type == "m.room.message" && $0.sender == all[index].userID }.map(\.eventID)
                #expect(own == deed.messages)
                for (key, event) in deed.lastState {
                    let current = try await fixture.home.history.stateEvent(of: room, type: key.type, stateKey: key.key, for: all[0].userID)
                    #expect(current.eventID == event)
                }
                #expect(try await fixture.membership(of: all[index], in: room) == "join")
            }
            var client = SyncClient(all[0])
            try await client.sync(fixture)
            for (index, deed) in deeds {
                #expect(client.rooms[room]?.receipts["\(all[index].userID) m.read -"] == deed.receipt?.rawValue)
            }
            #expect(client.rooms[room]?.state == Dictionary(uniqueKeysWithValues: try await Self.currentState(timeline)))
            try await Self.checkChain(fixture, room)
        }
    }

    /// Readers that sync all the while have everything, once and in order.
    @Test func readersKeepUpWithWriters() async throws {
        try await HomeFixture.with { fixture in
            var people: [Session] = []
            for index in 0..<5 { people.append(try await fixture.person("p\(index)")) }
            let all = people
            var rooms: [RoomID] = []
            for _ in 0..<3 { rooms.append(try await fixture.room(by: all[0], members: Array(all.dropFirst()))) }
            let allRooms = rooms
            let writers = Task {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (index, person) in all.enumerated() {
                        group.addTask {
                            for step in 0..<40 {
                                let room = allRooms[(index + step) % 3]
                                if index == 0, step % 8 == 3 {
                                    try await fixture.setState("own", "", ["n": .integer(Int64(step))], in: room, by: person)
                                } else {
                                    try await fixture.say("\(index) \(step)", in: room, by: person)
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            let clients = try await withThrowingTaskGroup(of: SyncClient.self) { group in
                for (index, person) in all.enumerated() {
                    group.addTask {
                        var client = SyncClient(person)
                        if index % 2 == 0 {
                            client = try SyncClient(person, filter: #"{"room":{"timeline":{"limit":3},"state":{"lazy_load_members":true}}}"#)
                        }
                        try await client.sync(fixture)
                        for room in allRooms {
                            let last = client.rooms[room]?.timeline.suffix(1) ?? []
                            client.rooms[room]?.timeline = Array(last)
                        }
                        var idle = 0
                        while idle < 3 { idle = try await client.sync(fixture, timeout: .milliseconds(150)).isEmpty ? idle + 1 : 0 }
                        return client
                    }
                }
                return try await group.reduce(into: [SyncClient]()) { $0.append($1) }
            }
            try await writers.value
            for var client in clients {
                try await client.sync(fixture)
                for room in allRooms {
                    let timeline = try await fixture.wholeTimeline(of: room).map(\.eventID.rawValue)
                    let known = client.rooms[room]?.timeline ?? []
                    #expect(known == Array(timeline.suffix(known.count)))
                    #expect(known.count > 60)
                }
            }
        }
    }

    private static func currentState(_ timeline: [TimelineEvent]) async throws -> [(StateKey, String)] {
        var state: [StateKey: String] = [:]
        for event in timeline { if let key = event.stateKey { state[StateKey(event.type, key)] = event.eventID.rawValue } }
        return state.map { ($0.key, $0.value) }
    }

    /// A room is a straight line: each event follows the one before it.
    private static func checkChain(_ fixture: HomeFixture, _ room: RoomID) async throws {
        let pdus = try await fixture.home.database.read { transaction in
            let record = try #require(try transaction.room(room))
            return try transaction.connection.all("SELECT pdu FROM events WHERE room_key = ? ORDER BY position", record.key) { $0.blob(0) }
        }
        var previous: EventID?
        for (index, bytes) in pdus.enumerated() {
            let event = try PDU(parsing: bytes, version: .v11).event
            #expect(event.prevEvents == (previous.map { [$0] } ?? []))
            #expect(event.depth == Int64(index + 1))
            previous = event.eventID
        }
    }

    /// Printed, not asserted: how long it takes depends on the machine.
    @Test func howLongThingsTake() async throws {
        try await HomeFixture.with { fixture in
            let owner = try await fixture.person("owner")
            var readers: [Session] = []
            for index in 0..<50 { readers.append(try await fixture.person("r\(index)")) }
            let room = try await fixture.room(by: owner, members: readers)
            let clock = ContinuousClock()
            func measure(_ what: String, times: Int, _ body: () async throws -> Void) async rethrows {
                let time = try await clock.measure(body)
                print("  \(what): \(time / times) each")
            }
            try await measure("message, alone, 51 members", times: 50) {
                for index in 0..<50 { try await fixture.say("\(index)", in: room, by: owner) }
            }
            try await measure("message, 20 senders at once", times: 400) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for sender in readers.prefix(20) {
                        group.addTask { for index in 0..<20 { try await fixture.say("\(index)", in: room, by: sender) } }
                    }
                    try await group.waitForAll()
                }
            }
            var clients: [SyncClient] = []
            for reader in readers {
                var client = SyncClient(reader)
                try await client.sync(fixture)
                clients.append(client)
            }
            let waiting = clients
            try await measure("message to 50 waiting clients", times: 20) {
                for index in 0..<20 {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for client in waiting {
                            var client = client
                            client.since = StreamToken(fixture.home.sync.feed.position)
                            let ready = client
                            group.addTask {
                                _ = try await fixture.home.sync.sync(
                                    {
                                        var request = ready.request
                                        request.timeout = .seconds(60)
                                        return request
                                    }())
                            }
                        }
                        try await LongPollTests.untilWaiting(fixture, readers)
                        try await fixture.say("\(index)", in: room, by: owner)
                        try await group.waitForAll()
                    }
                }
            }
            try await measure("initial sync, one room of 51", times: 20) { for _ in 0..<20 { _ = try await SyncClient(owner).ask(fixture) } }
            try await measure("page of 100", times: 20) {
                for _ in 0..<20 {
                    _ = try await fixture.home.history.messages(
                        of: room, for: owner.userID, from: nil, to: nil, direction: .backwards, limit: 100, filter: RoomEventFilter())
                }
            }
        }
    }
}
