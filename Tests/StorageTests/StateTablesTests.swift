import MatrixCore
import Storage
import Testing

@Suite struct StateTablesTests {
    /// The state at each position is what one gets by applying the events one after the other.
    @Test func stateAtEveryPosition() async throws {
        let temporary = try TemporaryDatabase()
        let room = try await StoredRoom(temporary.database)
        let other = try await StoredRoom(temporary.database, id: "!other:box.test")
        var log: [(position: Position, type: String, key: String)] = []
        let users = (0..<4).map { UserID(trusted: "@u\($0):box.test") }
        for index in 0..<40 {
            let (type, key): (String, String)
            switch index % 5 {
            case 0: (type, key) = ("m.room.topic", "")
            case 1: (type, key) = ("x", "k\(index % 3)")
            default: (type, key) = ("m.room.member", users[(index * 7) % 4].rawValue)
            }
            let membership: JSONObject = ["membership": .string(index % 3 == 0 ? "leave" : "join"), "n": .integer(Int64(index))]
            log.append((try await room.add(type, stateKey: key, membership).position, type, key))
            try await room.add()
            try await other.add(type, stateKey: key, membership)
        }
        let entries = log
        try await temporary.database.read { read in
            for end in [Position.zero] + entries.map(\.position) + [Position(.max)] {
                var expected: [String: Position] = [:]
                for entry in entries where entry.position <= end { expected[entry.type + "|" + entry.key] = entry.position }
                let state = try read.state(of: room.room, at: end)
                #expect(state.map(\.position) == expected.values.sorted())
                let some = try read.state(of: room.room, at: end, members: [users[1]])
                let wanted = expected.filter { !$0.key.hasPrefix("m.room.member|") || $0.key == "m.room.member|" + users[1].rawValue }
                #expect(some.map(\.position) == wanted.values.sorted())
                for (key, position) in expected {
                    let parts = key.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
                    #expect(try read.stateEvent(of: room.room, type: String(parts[0]), stateKey: String(parts[1]), at: end)?.position == position)
                }
                for start in entries.map(\.position) where start <= end {
                    var changed: [String: Position] = [:]
                    for entry in entries where entry.position > start && entry.position <= end {
                        changed[entry.type + "|" + entry.key] = entry.position
                    }
                    #expect(try read.stateChanges(of: room.room, after: start, upTo: end).map(\.position) == changed.values.sorted())
                    let summary = try read.summaryChanges(of: room.room, after: start, upTo: end)
                    #expect(Set(summary.members.map { "m.room.member|" + $0.rawValue }) == Set(changed.keys.filter { $0.hasPrefix("m.room.member") }))
                }
            }
        }
    }

    @Test func currentState() async throws {
        let temporary = try TemporaryDatabase()
        let room = try await StoredRoom(temporary.database)
        try await room.add("m.room.name", stateKey: "", ["name": "a"])
        let event = try await room.add("m.room.name", stateKey: "", sender: StoredRoom.bob, ["name": "b"])
        try await temporary.database.read { read in
            let current = try #require(try read.currentState(of: room.record, type: "m.room.name", stateKey: ""))
            #expect(current.eventID == event.id && current.sender == StoredRoom.bob && current.content == ["name": "b"] && current.depth == 2)
            #expect(try read.stateContent(of: room.room, type: "m.room.name") == ["name": "b"])
            #expect(try read.stateContent(of: room.room, type: "m.room.name", stateKey: "x") == nil)
            #expect(try read.history(of: room.room, type: "m.room.name", stateKey: "", member: "name").map(\.value) == ["a", "b"])
        }
    }

    /// State keys are told apart by their bytes.
    @Test func stateKeysThatOnlyLookTheSame() async throws {
        let temporary = try TemporaryDatabase()
        let room = try await StoredRoom(temporary.database)
        let keys = ["\u{e9}", "e\u{301}", "a\u{0}b", "a", ""]
        for (index, key) in keys.enumerated() { try await room.add("x", stateKey: key, ["n": .integer(Int64(index))]) }
        try await temporary.database.read { read in
            let state = try read.state(of: room.room, at: Position(.max))
            #expect(state.count == keys.count)
            for (index, key) in keys.enumerated() {
                #expect(try read.stateContent(of: room.room, type: "x", stateKey: key)?.integer("n") == Int64(index))
            }
        }
    }
}
