import MatrixCore
import Testing

struct RedactionTests {
    struct Case: Sendable {
        let type: String
        let content: JSONObject
        let v10: JSONObject
        let v11: JSONObject
    }

    static let cases: [Case] = [
        Case(type: "m.room.message", content: ["body": "x", "msgtype": "m.text"], v10: [:], v11: [:]),
        Case(
            type: "m.room.member",
            content: [
                "membership": "invite", "displayname": "Bob", "join_authorised_via_users_server": "@a:b", "reason": "r",
                "third_party_invite": ["display_name": "b", "signed": ["mxid": "@b:b", "token": "t"]],
            ],
            v10: ["membership": "invite", "join_authorised_via_users_server": "@a:b"],
            v11: [
                "membership": "invite", "join_authorised_via_users_server": "@a:b",
                "third_party_invite": ["signed": ["mxid": "@b:b", "token": "t"]],
            ]),
        Case(
            type: "m.room.member", content: ["membership": "join", "third_party_invite": "x"], v10: ["membership": "join"],
            v11: ["membership": "join"]),
        Case(
            type: "m.room.create", content: ["creator": "@a:b", "room_version": "x", "type": "m.space"], v10: ["creator": "@a:b"],
            v11: ["creator": "@a:b", "room_version": "x", "type": "m.space"]),
        Case(
            type: "m.room.join_rules", content: ["join_rule": "restricted", "allow": [["type": "m.room_membership"]], "x": 1],
            v10: ["join_rule": "restricted", "allow": [["type": "m.room_membership"]]],
            v11: ["join_rule": "restricted", "allow": [["type": "m.room_membership"]]]),
        Case(
            type: "m.room.power_levels",
            content: [
                "ban": 1, "events": ["t": 1], "events_default": 2, "kick": 3, "redact": 4, "state_default": 5, "users": ["@a:b": 6],
                "users_default": 7,
                "invite": 8, "notifications": ["room": 9], "x": 10,
            ],
            v10: [
                "ban": 1, "events": ["t": 1], "events_default": 2, "kick": 3, "redact": 4, "state_default": 5, "users": ["@a:b": 6],
                "users_default": 7,
            ],
            v11: [
                "ban": 1, "events": ["t": 1], "events_default": 2, "kick": 3, "redact": 4, "state_default": 5, "users": ["@a:b": 6],
                "users_default": 7,
                "invite": 8,
            ]),
        Case(
            type: "m.room.history_visibility", content: ["history_visibility": "joined", "x": 1], v10: ["history_visibility": "joined"],
            v11: ["history_visibility": "joined"]),
        Case(type: "m.room.redaction", content: ["redacts": "$x", "reason": "r"], v10: [:], v11: ["redacts": "$x"]),
        Case(type: "m.room.aliases", content: ["aliases": ["#a:b"]], v10: [:], v11: [:]),
        Case(type: "m.room.encryption", content: ["algorithm": "m.megolm.v1.aes-sha2"], v10: [:], v11: [:]),
    ]

    @Test(arguments: cases)
    func content(of example: Case) {
        #expect(Redaction.redactedContent(type: example.type, content: example.content, version: .v10) == example.v10)
        #expect(Redaction.redactedContent(type: example.type, content: example.content, version: .v11) == example.v11)
        #expect(Redaction.redactedContent(type: example.type, content: example.content, version: .v12) == example.v11)
    }

    @Test func propertiesOfTheEvent() {
        let kept: JSONObject = [
            "event_id": "$e", "type": "t", "room_id": "!r", "sender": "@a:b", "state_key": "", "content": [:], "hashes": ["sha256": "h"],
            "signatures": ["s": [:]], "depth": 1, "prev_events": ["$p"], "auth_events": ["$a"], "origin_server_ts": 2,
        ]
        let keptOnlyInVersion10: JSONObject = ["prev_state": [], "origin": "o", "membership": "join"]
        var event = kept
        for member in keptOnlyInVersion10.members { event[member.key] = member.value }
        event["content"] = ["body": "x"]
        event["unsigned"] = ["age": 1]
        event["redacts"] = "$x"
        event["anything"] = "else"
        #expect(Redaction.redacted(event, version: .v11) == kept)
        #expect(Redaction.redacted(event, version: .v12) == kept)
        var keptInVersion10 = kept
        for member in keptOnlyInVersion10.members { keptInVersion10[member.key] = member.value }
        #expect(Redaction.redacted(event, version: .v10) == keptInVersion10)
    }

    @Test func olderVersionsKeepLess() {
        let member: JSONObject = ["membership": "join", "join_authorised_via_users_server": "@a:b"]
        let rules: JSONObject = ["join_rule": "restricted", "allow": []]
        func kept(_ type: String, _ content: JSONObject, _ version: RoomVersion) -> [String] {
            Redaction.redactedContent(type: type, content: content, version: version).keys.map { String($0) }
        }
        #expect(kept("m.room.member", member, .v8) == ["membership"])
        #expect(kept("m.room.member", member, .v9).count == 2)
        #expect(kept("m.room.join_rules", rules, .v7) == ["join_rule"])
        #expect(kept("m.room.join_rules", rules, .v8).count == 2)
    }

    @Test(arguments: RoomVersion.allCases)
    func redactingTwiceChangesNothing(version: RoomVersion) {
        for example in Self.cases {
            let event: JSONObject = ["type": .string(example.type), "content": .object(example.content), "depth": 1, "unsigned": [:]]
            let once = Redaction.redacted(event, version: version)
            #expect(Redaction.redacted(once, version: version) == once)
        }
    }
}
