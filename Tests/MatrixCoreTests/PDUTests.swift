import Cryptography
import MatrixCore
import Testing

struct PDUTests {
    private let key = Ed25519PrivateKey()

    // Computed with another implementation: Python's json and hashlib.
    @Test func messageOfVersion11() throws {
        let pdu = try build(
            .v11, type: "m.room.message", content: ["msgtype": "m.text", "body": "Grüße 😀\n"])
        try expect(
            pdu, .v11, contentHash: "FeG58VWrGks8b0DvQXS/Fu+IwTO7mLuRuS1SnBOT1Rs", reference: "Z3SLjXwcepaJXH1fCH2mhaQBEgJ1Px8QJUsnJSIkRgo")
        #expect(String(decoding: pdu.canonicalBytes[pdu.contentRange], as: UTF8.self) == #"{"body":"Grüße 😀\n","msgtype":"m.text"}"#)
    }

    @Test func powerLevelsDifferBetweenVersions10And11() throws {
        let content: JSONObject = ["users": ["@alice:box.local": 100], "invite": 50, "notifications": ["room": 20], "ban": 50]
        let hash = "tfCpaxCpH4NA+q7FomR2BXhsvHnmJSr+6lJ9EjSaJEE"
        try expect(
            build(.v10, type: "m.room.power_levels", stateKey: "", content: content), .v10, contentHash: hash,
            reference: "4mSYu6HmEn751rgZff9dKIlB9tKeyCcrzXf2OFBtOhM")
        try expect(
            build(.v11, type: "m.room.power_levels", stateKey: "", content: content), .v11, contentHash: hash,
            reference: "0iJMEfs8NstZCfvHuPMLwif2Xe3oQwK_EepJMF15YY0")
    }

    @Test func redactionOfVersion10NamesItsTargetOutside() throws {
        let pdu = try build(.v10, type: "m.room.redaction", content: ["reason": "x"], redacts: EventID(trusted: "$p"))
        try expect(
            pdu, .v10, contentHash: "83sGIUqTljt30bpjHBqDUg5MH3pwDcrYVoGJuJYJnf4", reference: "K81LO2-MCUIW3EcTrnsF9e4N_ZjVTAQwZNcNVSRIRr8")
        #expect(pdu.event.redacts == EventID(trusted: "$p"))
        #expect(pdu.event.content == ["reason": "x"])
    }

    @Test func redactionOfVersion11NamesItsTargetInside() throws {
        let reference = "v9Es8Xk_YnmBtvVc4dY8TR1ebS_JWhZhDedW9OJnJFI"
        let pdu = try build(.v11, type: "m.room.redaction", content: ["reason": "x"], redacts: EventID(trusted: "$p"))
        try expect(pdu, .v11, contentHash: "7qI+64wsvHe7/MzSvAW4paFZOGhPYVgbnreYnCmvto4", reference: reference)
        #expect(pdu.event.content == ["reason": "x", "redacts": "$p"])
        let sentAsContent = try build(.v11, type: "m.room.redaction", content: ["reason": "x", "redacts": "$p"])
        #expect(sentAsContent.event.redacts == EventID(trusted: "$p"))
        #expect(sentAsContent.event.eventID.rawValue == "$" + reference)
    }

    @Test func createEventOfVersion12GivesTheRoomItsID() throws {
        let proposal = EventProposal(
            roomID: nil, type: "m.room.create", stateKey: "", sender: UserID(trusted: "@alice:box.local"),
            originServerTimestamp: 1_700_000_000_123,
            content: ["room_version": "12", "additional_creators": ["@bob:box.local"], "x": "y"], prevEvents: [], authEvents: [], depth: 1)
        let pdu = try PDU.build(proposal, version: .v12, signingName: "box.local", keyID: "ed25519:1", key: key)
        try expect(
            pdu, .v12, contentHash: "v3SQCbYrc0B24s3FO/ExI4Zx4VnRS4iZ4AN2Zf9QVaY", reference: "J12RLymuu5Wa9Nl1bqnsRgDDsxupJR-ZxsrYg7EQzqg")
        #expect(pdu.event.roomID.rawValue == "!J12RLymuu5Wa9Nl1bqnsRgDDsxupJR-ZxsrYg7EQzqg")
        #expect(try JSONObject(parsing: pdu.canonicalBytes)["room_id"] == nil)
    }

    @Test func onlySuchACreateEventHasNoRoomID() {
        func proposal(_ type: String, _ roomID: RoomID?) -> EventProposal {
            EventProposal(
                roomID: roomID, type: type, stateKey: "", sender: UserID(trusted: "@alice:box.local"), originServerTimestamp: 0, content: [:],
                prevEvents: [], authEvents: [], depth: 1)
        }
        for (version, type, roomID) in [
            (RoomVersion.v11, "m.room.create", nil), (.v12, "m.room.name", nil), (.v12, "m.room.create", RoomID(trusted: "!x")),
        ] {
            #expect { try PDU.build(proposal(type, roomID), version: version, signingName: "s", keyID: "ed25519:1", key: key) } throws: {
                ($0 as? MatrixError)?.code == .badJSON
            }
        }
    }

    @Test func sizeLimits() throws {
        func tooLarge(_ body: () throws -> PDU) { #expect { try body() } throws: { ($0 as? MatrixError)?.code == .tooLarge } }
        let longest = String(repeating: "é", count: 127) + "x"
        _ = try build(.v11, type: longest, stateKey: longest, content: [:])
        tooLarge { try build(.v11, type: longest + "x", content: [:]) }
        tooLarge { try build(.v11, type: "t", stateKey: longest + "x", content: [:]) }

        let empty = try build(.v11, type: "m.room.message", content: ["body": ""])
        let room = 65_536 - empty.canonicalBytes.count
        let full = try build(.v11, type: "m.room.message", content: ["body": .string(String(repeating: "x", count: room))])
        #expect(full.canonicalBytes.count == 65_536)
        tooLarge { try build(.v11, type: "m.room.message", content: ["body": .string(String(repeating: "x", count: room + 1))]) }
        tooLarge { try build(.v11, type: "m.room.message", content: ["body": .string(String(repeating: "\u{1}", count: 20_000))]) }
    }

    @Test func contentHasToBeCanonical() {
        for content: JSONObject in [["x": .double(1.5)], ["x": [.integer(1 << 53)]]] {
            #expect { try build(.v11, type: "t", content: content) } throws: { ($0 as? MatrixError)?.code == .badJSON }
        }
    }

    @Test(arguments: RoomVersion.allCases)
    func whatIsBuiltIsReadAgain(version: RoomVersion) throws {
        let pdu = try build(version, type: "m.room.member", stateKey: "@bob:box.local", content: ["membership": "invite", "reason": "日本"])
        let again = try PDU(parsing: pdu.canonicalBytes, version: version)
        #expect(again.event == pdu.event)
        #expect(again.canonicalBytes == pdu.canonicalBytes)
        #expect(again.contentRange == pdu.contentRange)
        #expect(again.hasValidContentHash())
        #expect(again.isSigned(by: "box.local", keys: ["ed25519:1": key.publicKey], version: version))
        #expect(!again.isSigned(by: "box.local", keys: ["ed25519:1": Ed25519PrivateKey().publicKey], version: version))
        #expect(!again.isSigned(by: "other.local", keys: ["ed25519:1": key.publicKey], version: version))

        // Not canonical, but the same event.
        let spaced = [UInt8](" ".utf8) + pdu.canonicalBytes + [UInt8]("\n".utf8)
        #expect(try PDU(parsing: spaced, version: version).canonicalBytes == pdu.canonicalBytes)

        // A redacted copy has the same ID and signature, but no longer its content.
        let redacted = try PDU(Redaction.redacted(JSONObject(parsing: pdu.canonicalBytes), version: version), version: version)
        #expect(redacted.event.eventID == pdu.event.eventID)
        #expect(redacted.event.content == ["membership": "invite"])
        #expect(redacted.isSigned(by: "box.local", keys: ["ed25519:1": key.publicKey], version: version))
        #expect(!redacted.hasValidContentHash())
    }

    @Test(arguments: ["type", "content", "sender", "origin_server_ts", "depth", "room_id", "prev_events", "auth_events"])
    func requiredProperties(name: String) throws {
        let pdu = try build(.v11, type: "t", content: [:])
        for wrong in [nil, JSONValue.null, ["x"], .double(1.5)] {
            var object = try JSONObject(parsing: pdu.canonicalBytes)
            object[name] = wrong
            #expect { try PDU(object, version: .v11) } throws: { ($0 as? MatrixError)?.code == .badJSON }
        }
    }

    private func build(
        _ version: RoomVersion, type: String, stateKey: String? = nil, content: JSONObject, redacts: EventID? = nil
    ) throws -> PDU {
        let proposal = EventProposal(
            roomID: RoomID(trusted: "!room:box.local"), type: type, stateKey: stateKey, sender: UserID(trusted: "@alice:box.local"),
            originServerTimestamp: 1_700_000_000_123, content: content, redacts: redacts, prevEvents: [EventID(trusted: "$p")],
            authEvents: [EventID(trusted: "$a"), EventID(trusted: "$b")], depth: 7)
        return try PDU.build(proposal, version: version, signingName: "box.local", keyID: "ed25519:1", key: key)
    }

    /// Checks the hashes, and that the fast encoding agrees with the rules applied to the object step by step.
    private func expect(_ pdu: PDU, _ version: RoomVersion, contentHash: String, reference: String) throws {
        let object = try JSONObject(parsing: pdu.canonicalBytes)
        #expect(object["hashes"] == ["sha256": .string(contentHash)])
        #expect(pdu.event.eventID.rawValue == "$" + reference)
        #expect(object.serialized() == pdu.canonicalBytes)
        #expect(Base64.encode(EventHash.contentHash(of: object)) == contentHash)
        #expect(Base64.encodeURLSafe(EventHash.referenceHash(of: object, version: version)) == reference)
        let signed = EventHash.hashAndSign(object, version: version, name: "box.local", keyID: "ed25519:1", key: key)
        #expect(signed == object)
        #expect(try JSONValue(parsing: pdu.canonicalBytes[pdu.contentRange]) == object["content"])
    }
}
