import MatrixCore
import Storage
import Testing

@Suite struct TimelineTablesTests {
    @Test func anEventComesBackAsItWasStored() async throws {
        let temporary = try TemporaryDatabase()
        let room = try await StoredRoom(temporary.database)
        let sent = EventTransaction(deviceKey: 7, transactionID: "tx")
        let first = try await room.add("m.room.topic", stateKey: "", ["topic": "a"])
        let second = try await room.add("m.room.topic", stateKey: "", ["topic": "ä\u{0}\u{1F600}"], transaction: sent)
        let event = try #require(try await temporary.database.read { try $0.event(second.id) })
        #expect(event.position == second.position && event.eventID == second.id && event.roomID == room.record.id)
        #expect(event.type == "m.room.topic" && event.stateKey == "" && event.sender == StoredRoom.alice && event.originServerTimestamp == 1)
        #expect(try JSONObject(parsing: event.content) == ["topic": "ä\u{0}\u{1F600}"])
        #expect(event.replacesState == first.id)
        #expect(event.previousContent == Array(#"{"topic":"a"}"#.utf8))
        #expect(event.transaction == sent && event.redactedBecause == nil && event.redacts == nil)
        let message = try await room.add()
        #expect(try await temporary.database.read { try $0.event(at: message.position) }?.stateKey == nil)
        #expect(try await temporary.database.read { try $0.latestEvent(in: room.room) }?.id == message.id)
        #expect(
            try await temporary.database.read { try $0.latestPosition(in: room.room, upTo: Position(message.position.value - 1)) } == second.position)
    }

    @Test(arguments: [
        "", "$", "$x", "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", "event:box.test",
    ])
    func idsOfNoEvent(text: String) async throws {
        let temporary = try TemporaryDatabase()
        let room = try await StoredRoom(temporary.database)
        try await room.add()
        #expect(try await temporary.database.read { try $0.event(EventID(trusted: text)) } == nil)
    }

    /// Every combination of bounds, limits and directions, against a list.
    @Test func stretchesOfATimeline() async throws {
        let temporary = try TemporaryDatabase()
        let room = try await StoredRoom(temporary.database)
        let other = try await StoredRoom(temporary.database, id: "!other:box.test")
        var positions: [Position] = []
        for index in 0..<12 {
            positions.append(try await room.add("m", ["n": .integer(Int64(index))]).position)
            try await other.add()
        }
        let all = positions
        try await temporary.database.read { read in
            for direction in [TimelineDirection.forwards, .backwards] {
                for after in [Position.zero] + all {
                    for end in all {
                        for limit in [0, 1, 3, 12, 100] {
                            for onlyEven in [false, true] {
                                let accepts: (TimelineEvent) -> Bool = { event in
                                    !onlyEven || event.content.last(where: { $0 != 0x7d }).map { $0 % 2 == 0 } ?? false
                                }
                                let (slice, last) = try read.timeline(
                                    of: room.room, after: after, upTo: end, limit: limit, direction: direction, accepting: accepts)
                                var expected = all.enumerated().filter {
                                    $0.element > after && $0.element <= end && (!onlyEven || $0.offset % 2 == 0)
                                }
                                .map(\.element)
                                if direction == .backwards { expected.reverse() }
                                #expect(slice.events.map(\.position) == Array(expected.prefix(limit)))
                                #expect(slice.isLimited == (expected.count > limit))
                                // Going on from there finds exactly the rest.
                                if slice.isLimited, let last {
                                    let rest = try read.timeline(
                                        of: room.room, after: direction == .forwards ? last : after,
                                        upTo: direction == .forwards ? end : Position(last.value - 1), limit: 100, direction: direction,
                                        accepting: accepts)
                                    #expect(rest.slice.events.map(\.position) == Array(expected.dropFirst(limit)))
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    @Test func aBarrierEndsTheStretch() async throws {
        let temporary = try TemporaryDatabase()
        let room = try await StoredRoom(temporary.database)
        for index in 0..<5 { try await room.add(index == 2 ? "barrier" : "m") }
        try await temporary.database.read { read in
            for direction in [TimelineDirection.forwards, .backwards] {
                let slice = try read.timeline(
                    of: room.room, after: .zero, upTo: Position(.max), limit: 100, direction: direction, stoppingAt: { $0.type == "barrier" }
                ).slice
                #expect(slice.events.count == 2 && slice.isLimited)
            }
        }
    }

    @Test func aScanIsGivenUp() async throws {
        let temporary = try TemporaryDatabase()
        let room = try await StoredRoom(temporary.database)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0...ReadTransaction.maxEventsScanned { group.addTask { try await room.add() } }
            try await group.waitForAll()
        }
        try await temporary.database.read { read in
            let (slice, last) = try read.timeline(
                of: room.room, after: .zero, upTo: Position(.max), limit: 1, direction: .forwards, accepting: { _ in false })
            #expect(slice.events.isEmpty && slice.isLimited && last != nil)
            let whole = try read.timeline(of: room.room, after: last ?? .zero, upTo: Position(.max), limit: 10, direction: .forwards)
            #expect(whole.slice.events.count == 1 && !whole.slice.isLimited)
        }
    }

    @Test func requestsOfADevice() async throws {
        let temporary = try TemporaryDatabase()
        let room = try await StoredRoom(temporary.database)
        let sent = EventTransaction(deviceKey: 7, transactionID: "tx")
        let event = try await room.add(transaction: sent).id
        func find(_ device: Int64, _ id: String, _ type: String = "m.room.message", room key: Int64? = nil) async throws -> EventID? {
            try await temporary.database.read {
                try $0.event(sentAs: EventTransaction(deviceKey: device, transactionID: id), room: key ?? room.room, type: type)
            }
        }
        #expect(try await find(7, "tx") == event)
        #expect(try await find(8, "tx") == nil)
        #expect(try await find(7, "ty") == nil)
        #expect(try await find(7, "tx", "m.sticker") == nil)
        #expect(try await find(7, "tx", room: room.room + 1) == nil)
    }

    @Test func whatARedactionLeaves() async throws {
        let temporary = try TemporaryDatabase()
        let room = try await StoredRoom(temporary.database)
        let topic = try await room.add("m.room.topic", stateKey: "", ["topic": "secret"], notifies: 2)
        try await temporary.database.write {
            try $0.insertNotificationException(user: StoredRoom.bob, room: room.room, event: topic.position, notifies: 1)
        }
        let next = try await room.add("m.room.topic", stateKey: "", ["topic": "next"])
        let redaction = try await room.add("m.room.redaction", ["redacts": .string(topic.id.rawValue)])
        let second = try await room.add("m.room.redaction", ["redacts": .string(redaction.id.rawValue)])
        try await room.redact(topic.position, by: redaction.position)
        try await room.redact(redaction.position, by: second.position)
        try await temporary.database.read { read in
            let event = try #require(try read.event(topic.id))
            #expect(event.content == Array("{}".utf8))
            #expect(event.redactedBecause?.eventID == redaction.id)
            #expect(event.redactedBecause?.redactedBecause == nil)
            #expect(try read.event(redaction.id)?.redactedBecause?.eventID == second.id)
            #expect(try read.event(redaction.id)?.redacts == topic.id, "version 11 keeps it")
            #expect(try read.event(next.id)?.previousContent == Array("{}".utf8))
            #expect(try read.unreadCounts(of: StoredRoom.bob, in: room.room, after: .zero, upTo: Position(.max)) == ThreadedUnreadCounts())
            let exceptions = try read.connection.exists("SELECT 1 FROM notification_exceptions")
            #expect(!exceptions)
        }
    }
}
