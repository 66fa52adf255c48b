import MatrixCore
import Storage
import Testing

@Suite struct ReceiptTablesTests {
    private static let (alice, bob) = (StoredRoom.alice, StoredRoom.bob)

    private static func set(
        _ room: StoredRoom, _ event: (id: EventID, position: Position), by user: UserID = bob, type: String = "m.read", thread: String? = nil
    ) async throws -> Bool {
        try await room.database.write { write in
            try write.setReceipt(
                Receipt(roomID: room.record.id, userID: user, type: type, threadID: thread, eventID: event.id, timestamp: 5), room: room.room,
                eventPosition: event.position, at: write.nextPosition())
        }
    }

    @Test func receiptsMoveForwardOnly() async throws {
        let temporary = try TemporaryDatabase()
        let room = try await StoredRoom(temporary.database)
        let (one, two) = (try await room.add(), try await room.add())
        #expect(try await Self.set(room, one))
        #expect(try await !Self.set(room, one))
        #expect(try await Self.set(room, two))
        #expect(try await !Self.set(room, one))
        // Each kind, thread and user has one of its own.
        #expect(try await Self.set(room, one, type: "m.read.private"))
        #expect(try await Self.set(room, one, thread: "main"))
        #expect(try await Self.set(room, one, by: Self.alice))
        func receipts(_ user: UserID) async throws -> [String] {
            try await temporary.database.read {
                try $0.receipts(of: room.room, roomID: room.record.id, after: .zero, upTo: Position(.max), visibleTo: user)
            }.map { "\($0.userID.localpart) \($0.type) \($0.threadID ?? "-") \($0.eventID == one.id ? 1 : 2)" }
        }
        #expect(try await receipts(Self.bob) == ["bob m.read - 2", "bob m.read.private - 1", "bob m.read main 1", "alice m.read - 1"])
        #expect(try await receipts(Self.alice) == ["bob m.read - 2", "bob m.read main 1", "alice m.read - 1"])
    }

    @Test func readingByReceiptAndBySending() async throws {
        let temporary = try TemporaryDatabase()
        let room = try await StoredRoom(temporary.database)
        try await room.member(Self.bob, "join")
        func read() async throws -> Position {
            try await temporary.database.read {
                let read = try $0.readPositions(of: Self.bob, in: room.room)
                return max(read.unthreaded, read.main)
            }
        }
        #expect(try await read() == .zero)
        let one = try await room.add()
        _ = try await Self.set(room, one, type: "m.read.private")
        #expect(try await read() == one.position)
        let own = try await room.add(sender: Self.bob)
        #expect(try await read() == own.position)
        try await room.member(Self.bob, "join")
        #expect(try await read() == own.position, "a new name reads nothing")
        let two = try await room.add()
        _ = try await Self.set(room, two)
        #expect(try await read() == two.position)
    }

    @Test func unreadCounts() async throws {
        let temporary = try TemporaryDatabase()
        let room = try await StoredRoom(temporary.database)
        var positions: [Position] = []
        // What the default rules say, and what bob's say where that differs.
        for (byDefault, own) in [(1, nil), (0, 2), (1, 0), (2, nil), (2, 1), (1, 2), (0, nil), (0, 1)] as [(Int, Int?)] {
            let event = try await room.add(notifies: byDefault)
            positions.append(event.position)
            if let own {
                try await temporary.database.write {
                    try $0.insertNotificationException(user: Self.bob, room: room.room, event: event.position, notifies: own)
                }
            }
        }
        try await room.add(sender: Self.bob, notifies: 2)
        let all = positions
        try await temporary.database.read { read in
            let effective = [1, 2, 0, 2, 1, 2, 0, 1]
            for start in 0...all.count {
                for end in start..<all.count {
                    let counts = try read.unreadCounts(of: Self.bob, in: room.room, after: start == 0 ? .zero : all[start - 1], upTo: all[end])
                    let expected = effective[start...end]
                    #expect(counts.total == UnreadCounts(notifications: expected.count { $0 > 0 }, highlights: expected.count { $0 > 1 }))
                }
            }
        }
    }
}
