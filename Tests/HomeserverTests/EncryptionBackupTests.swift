import MatrixCore
import Storage
import Testing

@testable import Homeserver

struct EncryptionBackupTests {
    private static let version: JSONObject = ["algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": ["public_key": "k"]]

    private static func key(_ index: Int64 = 0, forwarded: Int64 = 0, verified: Bool = false, _ data: String = "secret") -> JSONObject {
        [
            "first_message_index": .integer(index), "forwarded_count": .integer(forwarded), "is_verified": .bool(verified),
            "session_data": ["ciphertext": .string(data)],
        ]
    }

    private static let kitchen = RoomID(trusted: "!kitchen:box.test")
    private static let garden = RoomID(trusted: "!garden:box.test")

    private static func entries(_ keys: (RoomID, String, JSONObject)...) throws -> [BackupEntry] {
        try keys.flatMap { try BackupEntry.entries(of: $0.2, roomID: $0.0, sessionID: $0.1) }
    }

    @Test func versionsComeAndGo() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0].userID, people[1].userID)
            await expect(.notFound) { _ = try await fixture.home.keyBackup.get(nil, of: alice) }
            #expect(try await fixture.home.keyBackup.create(Self.version, by: alice) == ["version": "1"])
            #expect(try await fixture.home.keyBackup.create(Self.version, by: alice) == ["version": "2"])
            var newest = Self.version
            for (name, value) in [("count", 0), ("etag", "0"), ("version", "2")] as [(String, JSONValue)] { newest[name] = value }
            #expect(try await fixture.home.keyBackup.get(nil, of: alice) == newest)
            #expect(try await fixture.home.keyBackup.get("1", of: alice).string("version") == "1")
            for version in ["3", "01", "-1", "x", ""] { await expect(.notFound) { _ = try await fixture.home.keyBackup.get(version, of: alice) } }
            await expect(.notFound) { _ = try await fixture.home.keyBackup.get("1", of: bob) }

            var update = Self.version
            update["auth_data"] = ["public_key": "k", "signatures": [:]]
            update["version"] = "1"
            await expect(.invalidParameter) { try await fixture.home.keyBackup.update("2", update, by: alice) }
            update["version"] = "2"
            try await fixture.home.keyBackup.update("2", update, by: alice)
            #expect(try await fixture.home.keyBackup.get(nil, of: alice)["auth_data"] == update["auth_data"])
            update["algorithm"] = "other"
            await expect(.invalidParameter) { try await fixture.home.keyBackup.update("2", update, by: alice) }
            await expect(.notFound) { try await fixture.home.keyBackup.update("2", Self.version, by: bob) }

            try await fixture.home.keyBackup.delete("2", of: alice)
            try await fixture.home.keyBackup.delete("2", of: alice)
            #expect(try await fixture.home.keyBackup.get(nil, of: alice).string("version") == "1")
            await expect(.notFound) { try await fixture.home.keyBackup.delete("3", of: alice) }
            await expect(.notFound) { try await fixture.home.keyBackup.delete("1", of: bob) }
            // No version is given out twice.
            try await fixture.restart()
            #expect(try await fixture.home.keyBackup.create(Self.version, by: alice) == ["version": "3"])
            #expect(try await fixture.home.keyBackup.create(Self.version, by: bob) == ["version": "1"])
        }
    }

    @Test func keysAreStoredReadAndDeleted() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice").userID
            let backup = fixture.home.keyBackup
            _ = try await backup.create(Self.version, by: alice)
            let body = try JSONObject(
                parsing: Array(
                    #"""
                    {"rooms": {"!kitchen:box.test": {"sessions": {
                        "one": {"first_message_index": 1, "forwarded_count": 0, "is_verified": true, "session_data": {"a": 1}},
                        "two": {"first_message_index": 2, "forwarded_count": 3, "is_verified": false, "session_data": {"b": [2]}}}}}}
                    """#.utf8))
            var stored = try await backup.store(try BackupEntry.entries(of: body), version: "1", by: alice)
            #expect(stored == ["count": 2, "etag": "1"])
            stored = try await backup.store(Self.entries((Self.garden, "one", Self.key())), version: "1", by: alice)
            #expect(stored == ["count": 3, "etag": "2"])
            // The same once more changes nothing.
            #expect(try await backup.store(Self.entries((Self.garden, "one", Self.key())), version: "1", by: alice) == stored)

            var all = try JSONObject(parsing: try await backup.keys(version: "1", of: alice))
            #expect(all.object("rooms")?.object("!kitchen:box.test") == body.object("rooms")?.object("!kitchen:box.test"))
            #expect(all.object("rooms")?.object("!garden:box.test") == ["sessions": ["one": .object(Self.key())]])
            #expect(
                try await JSONObject(parsing: backup.keys(roomID: Self.garden, version: "1", of: alice)) == ["sessions": ["one": .object(Self.key())]]
            )
            #expect(try await JSONObject(parsing: backup.keys(roomID: Self.garden, sessionID: "one", version: "1", of: alice)) == Self.key())
            let nowhere = RoomID(trusted: "!nowhere")
            #expect(try await JSONObject(parsing: backup.keys(roomID: nowhere, version: "1", of: alice)) == ["sessions": [:]])
            await expect(.notFound) { _ = try await backup.keys(roomID: nowhere, sessionID: "one", version: "1", of: alice) }
            await expect(.notFound) { _ = try await backup.keys(version: "2", of: alice) }

            #expect(try await backup.deleteKeys(roomID: Self.kitchen, sessionID: "one", version: "1", of: alice) == ["count": 2, "etag": "3"])
            #expect(try await backup.deleteKeys(roomID: Self.kitchen, sessionID: "one", version: "1", of: alice) == ["count": 2, "etag": "3"])
            #expect(try await backup.deleteKeys(roomID: Self.kitchen, version: "1", of: alice) == ["count": 1, "etag": "4"])
            #expect(try await backup.deleteKeys(version: "1", of: alice) == ["count": 0, "etag": "5"])
            all = try JSONObject(parsing: try await backup.keys(version: "1", of: alice))
            #expect(all == ["rooms": [:]])
        }
    }

    /// From the worst to the best: each replaces the ones before it, and none of those after it.
    @Test func theBetterKeyStays() async throws {
        let ranked = [
            Self.key(5, forwarded: 2), Self.key(5, forwarded: 1), Self.key(4, forwarded: 9), Self.key(9, forwarded: 9, verified: true),
            Self.key(9, forwarded: 0, verified: true), Self.key(0, forwarded: 5, verified: true),
        ]
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice").userID
            let backup = fixture.home.keyBackup
            _ = try await backup.create(Self.version, by: alice)
            for (old, first) in ranked.enumerated() {
                for (new, second) in ranked.enumerated() {
                    let session = "\(old)-\(new)"
                    _ = try await backup.store(Self.entries((Self.kitchen, session, first)), version: "1", by: alice)
                    _ = try await backup.store(Self.entries((Self.kitchen, session, second)), version: "1", by: alice)
                    let kept = try await JSONObject(parsing: backup.keys(roomID: Self.kitchen, sessionID: session, version: "1", of: alice))
                    #expect(kept == ranked[max(old, new)], "\(session)")
                }
            }
        }
    }

    @Test func onlyTheNewestVersionTakesKeys() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice").userID
            let backup = fixture.home.keyBackup
            let entries = try Self.entries((Self.kitchen, "one", Self.key()))
            await expect(.notFound) { _ = try await backup.store(entries, version: "1", by: alice) }
            _ = try await backup.create(Self.version, by: alice)
            _ = try await backup.store(entries, version: "1", by: alice)
            _ = try await backup.create(Self.version, by: alice)
            let error = await matrixError { _ = try await backup.store(entries, version: "1", by: alice) }
            #expect(error?.code == .wrongRoomKeysVersion)
            #expect(error?.details == ["current_version": "2"])
            await expect(.notFound) { _ = try await backup.store(entries, version: "3", by: alice) }
            // The old one can still be read.
            #expect(try await JSONObject(parsing: backup.keys(roomID: Self.kitchen, sessionID: "one", version: "1", of: alice)) == Self.key())
            try await backup.delete("2", of: alice)
            #expect(try await backup.store(entries, version: "1", by: alice).integer("count") == 1)
        }
    }

    @Test(arguments: [
        ("first_message_index", JSONValue.null, MatrixError.Code.missingParameter), ("forwarded_count", "1", .badJSON),
        ("is_verified", 1, .badJSON), ("session_data", 5, .badJSON), ("first_message_index", -1, .invalidParameter),
    ])
    func wrongKeysAreRefused(member: String, value: JSONValue, code: MatrixError.Code) async throws {
        var key = Self.key()
        key[member] = value
        let changed = key
        await expect(code) { _ = try Self.entries((Self.kitchen, "one", changed)) }
        await expect(.invalidParameter) { _ = try Self.entries((Self.kitchen, "", Self.key())) }
        await expect(.invalidParameter) { _ = try BackupEntry.entries(of: ["rooms": ["kitchen": ["sessions": [:]]]]) }
        await expect(.missingParameter) { _ = try BackupEntry.entries(of: [:]) }
    }

    @Test func anAccountThatEndsLeavesNoSecrets() async throws {
        try await HomeFixture.with { fixture in
            let session = try await fixture.person("alice")
            let alice = session.userID
            try await fixture.publish(TestDevice(session))
            _ = try await fixture.home.keyBackup.create(Self.version, by: alice)
            _ = try await fixture.home.keyBackup.store(Self.entries((Self.kitchen, "one", Self.key())), version: "1", by: alice)
            let request = InteractiveRequest(operation: "keys", body: TestIdentity(alice).upload, address: nil)
            try await fixture.home.crossSigning.upload(request, session: session)
            try await fixture.home.accounts.deactivate(alice)
            for table in ["device_keys", "cross_signing_keys", "key_backups", "key_backup_keys"] {
                let rows = try await fixture.home.database.read { try $0.connection.first("SELECT count(*) FROM \(table)") { $0.int(0) } }
                #expect(rows == 0, "\(table)")
            }
        }
    }
}
