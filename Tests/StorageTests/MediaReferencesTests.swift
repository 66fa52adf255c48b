import Cryptography
import MatrixCore
import Testing

@testable import Storage

@Suite struct MediaReferencesTests {
    private func ids(_ text: String) -> [String] { MediaReferences.mediaIDs(in: Array(text.utf8)[...], of: "box.test") }

    @Test func anyTextMayReferToMedia() {
        #expect(ids("{}") == [])
        #expect(ids(#"{"body":"exact matrix mxc mxc: mxc:/ mxc://"}"#) == [])
        #expect(ids(#"{"url":"mxc://box.test/abc_D-1"}"#) == ["abc_D-1"])
        #expect(ids(#"{"a":["mxc://box.test/a"],"b":{"c":"<img src=\"mxc://box.test/b\">"},"d":"mxc://box.test/a"}"#) == ["a", "b"])
        #expect(ids(#"["mxc://other.test/a","mxc://box.test.org/a","mxc://box.test","mxc://box.test/","mxc://box.test//a"]"#) == [])
        #expect(ids("mxmxc://box.test/a mxc://mxc://box.test/b") == ["a", "b"])
        #expect(ids("mxc://box.test/" + String(repeating: "a", count: 65)) == [])
        #expect(ids("mxc://box.test/x") == ["x"])
        #expect(ids((0..<1_200).map { "mxc://box.test/m\($0)" }.joined(separator: " ")).count == MediaReferences.maxCount)
    }

    /// Data from before they were kept.
    @Test func referencesOfOldEventsAreFound() async throws {
        let directory = try TemporaryDatabase.makeDirectory()
        defer { TemporaryDatabase.remove(directory) }
        let path = directory + "/landline.db"
        do {
            let connection = try Connection(path: path, mode: .readWrite)
            try connection.execute("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL")
            for step in [Schema.version1, Schema.version2] { try connection.execute(step) }
            try connection.execute("PRAGMA user_version = 2")
            try connection.execute("INSERT INTO rooms (room_key, room_id, version) VALUES (1, '!room:box.test', '11')")
            try connection.execute("INSERT INTO server (key, value) VALUES ('day_count', 7)")
            try connection.execute(
                "INSERT INTO media (media_id, sha256, size, user_id, created_ts) VALUES ('a', x'00', 5, '@alice:box.test', 1)")
            let contents: [JSONObject] = [
                ["body": "text"], ["url": "mxc://box.test/a", "info": ["thumbnail_url": "mxc://box.test/b"]], ["url": "mxc://other.test/c"],
                ["url": "mxc://box.test/a"],
            ]
            for (index, content) in contents.enumerated() {
                let proposal = EventProposal(
                    roomID: RoomID(trusted: "!room:box.test"), type: "m.room.message", stateKey: nil, sender: UserID(trusted: "@alice:box.test"),
                    originServerTimestamp: Int64(index), content: content, prevEvents: [], authEvents: [], depth: 1)
                let pdu = try PDU.build(proposal, version: .v11, signingName: "box.test", keyID: "ed25519:1", key: Ed25519PrivateKey())
                try connection.run(
                    """
                    INSERT INTO events (position, room_key, event_id, type, sender, origin_server_ts, depth, pdu, content_start, content_length)
                    VALUES (?, 1, ?, ?, ?, ?, 1, ?, ?, ?)
                    """, index + 1, pdu.event.eventID.referenceHash, pdu.event.type, pdu.event.sender, pdu.event.originServerTimestamp,
                    pdu.canonicalBytes, pdu.contentRange.lowerBound, pdu.contentRange.count)
            }
        }
        let database = try Database(path: path)
        defer { database.close() }
        let (references, day) = try await database.read { read in
            (
                try read.connection.all("SELECT media_id, position FROM media_references ORDER BY media_id, position") {
                    "\($0.text(0)) \($0.int(1))"
                }, try read.connection.first("SELECT used_day FROM media") { $0.int(0) }
            )
        }
        #expect(references == ["a 2", "a 4", "b 2"])
        #expect(day == 7)
    }
}
