import Testing

@testable import MatrixCore

struct PushRulesetTests {
    private let alice = UserID(trusted: "@alice:box.local")
    private let notify: JSONObject = ["actions": ["notify"]]

    @Test func predefinedRules() {
        let rules = PushRuleset(userID: alice)
        #expect(
            rules.rules(.override).map(\.ruleID) == [
                ".m.rule.master", ".m.rule.suppress_notices", ".m.rule.invite_for_me", ".m.rule.member_event", ".m.rule.is_user_mention",
                ".m.rule.is_room_mention", ".m.rule.tombstone", ".m.rule.reaction", ".m.rule.room.server_acl", ".m.rule.suppress_edits",
            ])
        #expect(
            rules.rules(.underride).map(\.ruleID) == [
                ".m.rule.call", ".m.rule.encrypted_room_one_to_one", ".m.rule.room_one_to_one", ".m.rule.message", ".m.rule.encrypted",
            ])
        for kind in [PushRuleKind.content, .room, .sender] { #expect(rules.rules(kind).isEmpty) }
        for kind in PushRuleKind.allCases {
            for rule in rules.rules(kind) { #expect(rule.isDefault && rule.enabled == (rule.ruleID != ".m.rule.master")) }
        }
    }

    @Test func jsonOfAPredefinedRule() throws {
        let rules = PushRuleset(userID: alice)
        #expect(
            try rules.rule(.override, ".m.rule.is_user_mention").json == [
                "rule_id": ".m.rule.is_user_mention", "default": true, "enabled": true,
                "conditions": [["kind": "event_property_contains", "key": #"content.m\.mentions.user_ids"#, "value": "@alice:box.local"]],
                "actions": ["notify", ["set_tweak": "sound", "value": "default"], ["set_tweak": "highlight"]],
            ])
        #expect(
            try rules.rule(.override, ".m.rule.invite_for_me").json["conditions"] == [
                ["kind": "event_match", "key": "type", "pattern": "m.room.member"],
                ["kind": "event_match", "key": "content.membership", "pattern": "invite"],
                ["kind": "event_match", "key": "state_key", "pattern": "@alice:box.local"],
            ])
        #expect(Array(rules.json.keys) == ["content", "override", "room", "sender", "underride"])
        #expect(rules.json["content"] == [])
    }

    @Test func newRulesStandAboveOlderOnesAndBelowTheMasterRule() throws {
        var rules = PushRuleset(userID: alice)
        try rules.put(.override, "first", body: notify)
        try rules.put(.override, "second", body: notify)
        #expect(rules.rules(.override).prefix(4).map(\.ruleID) == [".m.rule.master", "second", "first", ".m.rule.suppress_notices"])
        try rules.put(.underride, "low", body: notify)
        #expect(rules.rules(.underride).prefix(2).map(\.ruleID) == ["low", ".m.rule.call"])
        #expect(rules.rules(.underride)[0].conditions == [])
    }

    @Test func beforeAndAfter() throws {
        var rules = PushRuleset(userID: alice)
        for name in ["c", "b", "a"] { try rules.put(.room, name, body: notify) }
        func order() -> [String] { rules.rules(.room).map(\.ruleID) }
        #expect(order() == ["a", "b", "c"])
        try rules.put(.room, "x", body: notify, before: "b")
        #expect(order() == ["a", "x", "b", "c"])
        try rules.put(.room, "y", body: notify, after: "b")
        #expect(order() == ["a", "x", "b", "y", "c"])
        try rules.put(.room, "c", body: notify, before: "a")
        #expect(order() == ["c", "a", "x", "b", "y"])
        try rules.put(.room, "c", body: notify, after: "y")
        #expect(order() == ["a", "x", "b", "y", "c"])
        try rules.put(.room, "x", body: ["actions": []])
        #expect(order() == ["a", "x", "b", "y", "c"])
        #expect(try rules.rule(.room, "x").actions == [])
        try rules.put(.room, "z", body: notify, before: "b", after: "x")
        #expect(order() == ["a", "x", "z", "b", "y", "c"])
        for (before, after) in [("none", nil), (nil, "none"), ("a", "none")] as [(String?, String?)] {
            #expect { try rules.put(.room, "n", body: notify, before: before, after: after) } throws: { ($0 as? MatrixError)?.code == .unknown }
        }
        #expect(order() == ["a", "x", "z", "b", "y", "c"])
        #expect { try rules.put(.override, "n", body: notify, before: ".m.rule.reaction") } throws: { ($0 as? MatrixError)?.code == .unknown }
    }

    @Test func replacingKeepsWhetherARuleIsEnabled() throws {
        var rules = PushRuleset(userID: alice)
        try rules.put(.content, "cake", body: ["actions": ["notify"], "pattern": "cake"])
        #expect(try rules.rule(.content, "cake").enabled)
        try rules.setEnabled(.content, "cake", false)
        try rules.put(.content, "cake", body: ["actions": [], "pattern": "cake*lie"])
        #expect(
            try rules.rule(.content, "cake").json == ["rule_id": "cake", "default": false, "enabled": false, "actions": [], "pattern": "cake*lie"])
    }

    @Test(
        arguments: [
            (".mine", ["actions": []], .invalidParameter), ("a/b", ["actions": []], .invalidParameter), ("a\\b", ["actions": []], .invalidParameter),
            ("", ["actions": []], .invalidParameter), ("r", [:], .missingParameter), ("r", ["actions": "notify"], .badJSON),
            ("r", ["actions": ["shout"]], .invalidParameter), ("r", ["actions": [1]], .invalidParameter),
            ("r", ["actions": [["sound": "x"]]], .invalidParameter),
            ("r", ["actions": [], "conditions": "x"], .badJSON), ("r", ["actions": [], "conditions": [["key": "type"]]], .badJSON),
            ("r", ["actions": .array(Array(repeating: "notify", count: 17))], .badJSON),
            ("r", ["actions": [], "conditions": .array(Array(repeating: ["kind": "contains_display_name"], count: 33))], .badJSON),
        ] as [(String, JSONObject, MatrixError.Code)])
    func refusedRules(ruleID: String, body: JSONObject, code: MatrixError.Code) {
        var rules = PushRuleset(userID: alice)
        #expect { try rules.put(.override, ruleID, body: body) } throws: { ($0 as? MatrixError)?.code == code }
        #expect(rules.json == PushRuleset(userID: alice).json)
    }

    @Test func contentRulesNeedAPattern() {
        var rules = PushRuleset(userID: alice)
        for (body, code): (JSONObject, MatrixError.Code) in [
            (["actions": []], .missingParameter), (["actions": [], "pattern": 1], .badJSON), (["actions": [], "pattern": ""], .badJSON),
            (["actions": [], "pattern": .string(String(repeating: "x", count: 256))], .badJSON),
        ] {
            #expect { try rules.put(.content, "r", body: body) } throws: { ($0 as? MatrixError)?.code == code }
        }
    }

    @Test func historicalActionsDoNothing() throws {
        var rules = PushRuleset(userID: alice)
        try rules.put(.room, "r", body: ["actions": ["dont_notify"]])
        #expect(try rules.rule(.room, "r").actions == ["dont_notify"])
        #expect(try !rules.rule(.room, "r").outcome.notify)
        try rules.put(.room, "r", body: ["actions": ["notify", "coalesce", ["set_tweak": "x"]]])
        #expect(try rules.rule(.room, "r").actions == ["notify", "coalesce", ["set_tweak": "x"]])
        #expect(try rules.rule(.room, "r").outcome.notify)
    }

    @Test func deletion() throws {
        var rules = PushRuleset(userID: alice)
        try rules.put(.sender, "@spam:box.local", body: ["actions": []])
        try rules.delete(.sender, "@spam:box.local")
        #expect(rules.rules(.sender).isEmpty)
        #expect { try rules.delete(.sender, "@spam:box.local") } throws: { ($0 as? MatrixError)?.code == .notFound }
        #expect { try rules.delete(.override, ".m.rule.master") } throws: { ($0 as? MatrixError)?.code == .invalidParameter }
        #expect(rules.rules(.override).first?.ruleID == ".m.rule.master")
    }

    @Test func unknownRules() {
        var rules = PushRuleset(userID: alice)
        for change: (inout PushRuleset) throws -> Void in [
            { _ = try $0.rule(.underride, "none") }, { try $0.setEnabled(.override, "none", true) }, { try $0.setActions(.override, "none", []) },
            { try $0.setEnabled(.underride, ".m.rule.master", true) },
        ] {
            #expect { try change(&rules) } throws: { ($0 as? MatrixError)?.code == .notFound }
        }
    }

    @Test func changesSurviveStorage() throws {
        var rules = PushRuleset(userID: alice)
        try rules.setEnabled(.override, ".m.rule.master", true)
        try rules.setActions(.underride, ".m.rule.message", ["notify", ["set_tweak": "sound", "value": "ping"]])
        try rules.put(.override, "quiet", body: ["actions": [], "conditions": [["kind": "room_member_count", "is": ">10"]]])
        try rules.put(.content, "b", body: ["actions": ["notify"], "pattern": "beer"])
        try rules.put(.content, "a", body: ["actions": ["notify"], "pattern": "cake"])
        try rules.setEnabled(.content, "b", false)
        let stored = try JSONObject(parsing: rules.json.serialized())
        let again = PushRuleset(userID: alice, json: stored)
        #expect(again.json == rules.json)
        #expect(again.rules(.content).map(\.ruleID) == ["a", "b"])
    }

    @Test func storedRulesOfAnotherVersionAreBroughtUpToDate() {
        let stored: JSONObject = [
            "override": [
                ["rule_id": ".m.rule.gone", "default": true, "enabled": true, "actions": ["notify"], "conditions": []],
                ["rule_id": ".m.rule.reaction", "default": true, "enabled": false, "actions": [], "conditions": [["kind": "old"]]],
                ["broken": 1], "broken", ["rule_id": "no actions"],
            ]
        ]
        let rules = PushRuleset(userID: alice, json: stored)
        #expect(rules.rules(.override).count == 10)
        let reaction = rules.rules(.override).first { $0.ruleID == ".m.rule.reaction" }
        #expect(reaction?.enabled == false)
        #expect(reaction?.conditions == [["kind": "event_match", "key": "type", "pattern": "m.reaction"]])
    }

    @Test func numberOfRulesIsBounded() throws {
        var rules = PushRuleset(userID: alice)
        for index in 0..<PushRuleset.maxCustomRules { try rules.put(.room, "!\(index)", body: ["actions": []]) }
        #expect { try rules.put(.sender, "@x:y", body: ["actions": []]) } throws: { ($0 as? MatrixError)?.code == .tooLarge }
        #expect(throws: Never.self) { try rules.put(.room, "!0", body: ["actions": ["notify"]]) }
    }
}
