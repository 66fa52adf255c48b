import Cryptography
import MatrixCore
import Testing

@testable import Storage

/// Data from before relations were kept.
@Suite struct RelationMigrationTests {
    @Test func relationsOfOldEventsAreFound() async throws {
        let directory = try TemporaryDatabase.makeDirectory()
        defer { TemporaryDatabase.remove(directory) }
        let path = directory + "/landline.db"
        let room = RoomID(trusted: "!room:box.test")
        var ids: [EventID] = []
        do {
            let connection = try Connection(path: path, mode: .readWrite)
            try connection.execute("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL")
            for step in [Schema.version1, Schema.version2] { try connection.execute(step) }
            try connection.execute("PRAGMA user_version = 2")
            try connection.execute("INSERT INTO rooms (room_key, room_id, version) VALUES (1, '!room:box.test', '11'), (2, '!other:box.test', '11')")
            func add(_ sender: UserID, _ content: JSONObject, type: String = "m.room.message", roomKey: Int = 1) throws -> EventID {
                let proposal = EventProposal(
                    roomID: room, type: type, stateKey: nil, sender: sender, originServerTimestamp: Int64(ids.count), content: content,
                    prevEvents: [], authEvents: [], depth: 1)
                let pdu = try PDU.build(proposal, version: .v11, signingName: "box.test", keyID: "ed25519:1", key: Ed25519PrivateKey())
                try connection.run(
                    """
                    INSERT INTO events (position, room_key, event_id, type, sender, origin_server_ts, depth, pdu, content_start, content_length)
                    VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?)
                    """, ids.count + 1, roomKey, pdu.event.eventID.referenceHash, type, sender, pdu.event.originServerTimestamp, pdu.canonicalBytes,
                    pdu.contentRange.lowerBound, pdu.contentRange.count)
                ids.append(pdu.event.eventID)
                return pdu.event.eventID
            }
            func relation(_ type: String, _ parent: EventID, key: String? = nil) -> JSONObject {
                var relatesTo: JSONObject = ["rel_type": .string(type), "event_id": .string(parent.rawValue)]
                if let key { relatesTo["key"] = .string(key) }
                return ["m.relates_to": .object(relatesTo), "m.new_content": [:]]
            }
            let (alice, bob) = (StoredRoom.alice, StoredRoom.bob)
            let root = try add(alice, ["body": "root"])  // 1
            let reply = try add(bob, relation("m.thread", root))  // 2
            _ = try add(bob, relation("m.replace", reply))  // 3
            _ = try add(alice, relation("m.replace", reply))  // 4
            _ = try add(alice, relation("m.annotation", reply, key: "x"), type: "m.reaction")  // 5
            _ = try add(bob, relation("m.reference", root), roomKey: 2)  // 6: another room
            _ = try add(bob, ["body": "no \"m.relates_to\" at all", "m.relates_to": "odd"])  // 7
            _ = try add(bob, relation("m.reference", EventID(trusted: "$unknown")))  // 8
            _ = try add(alice, relation("m.thread", root))  // 9
        }
        let database = try Database(path: path)
        defer { database.close() }
        let (relations, threads, members) = try await database.read { read in
            (
                try read.connection.all("SELECT position, parent, rel_type, sender, replaces, thread, key FROM relations ORDER BY position") { row in
                    "\(row.int(0)) \(row.int(1)) \(row.text(2)) \(row.userID(3).localpart) \(row.int(4)) \(row.optionalInt(5) ?? 0) \(row.text(6))"
                },
                try read.connection.all("SELECT root, room_key, latest, newest FROM threads") { [$0.int(0), $0.int(1), $0.int(2), $0.int(3)] },
                try read.connection.all("SELECT root, user_id, last_sent FROM thread_members ORDER BY user_id") {
                    "\($0.int(0)) \($0.userID(1).localpart) \($0.int(2))"
                }
            )
        }
        #expect(
            relations == [
                "2 1 m.thread bob 0 1 ", "3 2 m.replace bob 1 1 ", "4 2 m.replace alice 0 1 ", "5 2 m.annotation alice 0 1 x",
                "9 1 m.thread alice 0 1 ",
            ])
        #expect(threads == [[1, 1, 9, 9]])
        #expect(members == ["1 alice 9", "1 bob 3"])
        // What is new goes on from there.
        let (reply, root) = (ids[1], ids[0])
        for (parent, sender, isKnown) in [(reply, StoredRoom.alice, true), (reply, StoredRoom.bob, false), (root, StoredRoom.alice, false)] {
            let relation = try #require(
                Relation(of: ["m.relates_to": ["rel_type": "m.annotation", "event_id": .string(parent.rawValue), "key": "x"]]))
            let found = try await database.read { try $0.hasAnnotation(relation, type: "m.reaction", sender: sender) }
            #expect(found == isKnown)
        }
    }
}
