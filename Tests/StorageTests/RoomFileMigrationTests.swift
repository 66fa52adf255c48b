import Cryptography
import MatrixCore
import Testing

@testable import Storage

/// Data from before rooms were folders.
@Suite struct RoomFileMigrationTests {
    @Test func filesOfOldMessagesAreFound() async throws {
        let directory = try TemporaryDatabase.makeDirectory()
        defer { TemporaryDatabase.remove(directory) }
        let path = directory + "/landline.db"
        do {
            let connection = try Connection(path: path, mode: .readWrite)
            try connection.execute("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL")
            for step in [Schema.version1, Schema.version2] { try connection.execute(step) }
            try connection.execute("PRAGMA user_version = 2")
            try connection.execute("INSERT INTO server (key, value) VALUES ('server_name', 'box.test')")
            try connection.execute("INSERT INTO rooms (room_key, room_id, version) VALUES (1, '!room:box.test', '11'), (2, '!other:box.test', '11')")
            var position = 0
            func add(_ content: JSONObject, type: String = "m.room.message", room: Int = 1) throws {
                position += 1
                let proposal = EventProposal(
                    roomID: RoomID(trusted: "!room:box.test"), type: type, stateKey: nil, sender: StoredRoom.alice,
                    originServerTimestamp: Int64(position), content: content, prevEvents: [], authEvents: [], depth: 1)
                let pdu = try PDU.build(proposal, version: .v11, signingName: "box.test", keyID: "ed25519:1", key: Ed25519PrivateKey())
                try connection.run(
                    """
                    INSERT INTO events (position, room_key, event_id, type, sender, origin_server_ts, depth, pdu, content_start, content_length)
                    VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?)
                    """, position, room, pdu.event.eventID.referenceHash, type, StoredRoom.alice, pdu.event.originServerTimestamp, pdu.canonicalBytes,
                    pdu.contentRange.lowerBound, pdu.contentRange.count)
            }
            func file(_ name: String, _ url: String = "mxc://box.test/one") -> JSONObject {
                ["msgtype": "m.file", "body": .string(name), "url": .string(url)]
            }
            try add(file("a.txt"))  // 1
            try add(["msgtype": "m.text", "body": "mxc://box.test/one"])  // 2
            try add(file("a.txt"))  // 3
            try add(file("a.txt"), room: 2)  // 4
            try add([:])  // 5: redacted
            try add(file("b.txt", "mxc://other.test/one"))  // 6
            try add(file("c.txt"), type: "m.sticker")  // 7
            try add(file("a.txt", "mxc://box.test/two"))  // 8
            try connection.run(
                "INSERT INTO media (media_id, sha256, size, user_id, created_ts) VALUES ('one', ?, 3, '@alice:box.test', 0)",
                [UInt8](repeating: 1, count: 32))
        }
        let database = try Database(path: path)
        defer { database.close() }
        let rows = try await database.read { read in
            try read.connection.all("SELECT position, room_key, name, media_id, sender, ts FROM room_files ORDER BY position") { row in
                "\(row.int(0)) \(row.int(1)) \(row.text(2)) \(row.text(3)) \(row.text(4)) \(row.int(5))"
            }
        }
        #expect(
            rows == [
                "1 1 a (2).txt one @alice:box.test 1", "3 1 a (3).txt one @alice:box.test 3", "4 2 a.txt one @alice:box.test 4",
                "8 1 a.txt two @alice:box.test 8",
            ])
        // What is not on the box is not shown.
        let shown = try await database.read {
            try $0.roomFiles(in: 1, order: nil, isDescending: false, after: nil, limit: 10) { _, _ in true }.map(\.name)
        }
        #expect(shown == ["a (2).txt", "a (3).txt"])
    }

    @Test func tenThousandOfOneNameAreSoonNumbered() async throws {
        let directory = try TemporaryDatabase.makeDirectory()
        defer { TemporaryDatabase.remove(directory) }
        let database = try Database(path: directory + "/landline.db")
        defer { database.close() }
        let file = try #require(SentFile(["msgtype": "m.image", "body": "image.jpg", "url": "mxc://box.test/x"], serverName: "box.test"))
        let time = try await ContinuousClock().measure {
            try await database.write { write in
                for index in 1...10_000 {
                    try write.connection.insert(
                        file, room: 1, sender: StoredRoom.alice, timestamp: 1, eventHash: [], at: Position(Int64(index)))
                }
            }
        }
        #expect(time < .seconds(180))
        let names = try await database.read { try $0.connection.all("SELECT name FROM room_files WHERE position IN (1, 9999, 10000)") { $0.text(0) } }
        #expect(names == ["image (2).jpg", "image (10000).jpg", "image.jpg"])
    }
}
