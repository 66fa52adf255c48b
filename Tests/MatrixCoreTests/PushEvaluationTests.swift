import MatrixCore
import Testing

struct PushEvaluationTests {
    private let alice = UserID(trusted: "@alice:box.local")
    private let bob = UserID(trusted: "@bob:box.local")
    private let room = RoomID(trusted: "!room:box.local")

    // MARK: The predefined rules

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let type: String
        var stateKey: String?
        let content: JSONObject
        var memberCount = 5
        var senderLevel: Int64 = 0
        /// notify, highlight, sound
        let outcome: (Bool, Bool, String?)
    }

    static let silent = (false, false, String?.none)
    static let cases: [Case] = [
        Case(testDescription: "message in a group", type: "m.room.message", content: text("hello"), outcome: (true, false, nil)),
        Case(
            testDescription: "message between two", type: "m.room.message", content: text("hello"), memberCount: 2, outcome: (true, false, "default")),
        Case(testDescription: "encrypted in a group", type: "m.room.encrypted", content: [:], outcome: (true, false, nil)),
        Case(testDescription: "encrypted between two", type: "m.room.encrypted", content: [:], memberCount: 2, outcome: (true, false, "default")),
        Case(testDescription: "notice", type: "m.room.message", content: ["msgtype": "m.notice", "body": "x"], outcome: silent),
        Case(testDescription: "call", type: "m.call.invite", content: [:], outcome: (true, false, "ring")),
        Case(
            testDescription: "invitation", type: "m.room.member", stateKey: "@alice:box.local", content: ["membership": "invite"],
            outcome: (true, false, "default")),
        Case(
            testDescription: "invitation of somebody else", type: "m.room.member", stateKey: "@carol:box.local", content: ["membership": "invite"],
            outcome: silent),
        Case(testDescription: "join", type: "m.room.member", stateKey: "@bob:box.local", content: ["membership": "join"], outcome: silent),
        Case(
            testDescription: "mention", type: "m.room.message", content: text("hi", ["user_ids": ["@carol:box.local", "@alice:box.local"]]),
            outcome: (true, true, "default")),
        Case(
            testDescription: "mention of somebody else", type: "m.room.message", content: text("hi", ["user_ids": ["@carol:box.local"]]),
            outcome: (true, false, nil)),
        Case(
            testDescription: "malformed mention", type: "m.room.message", content: text("hi", ["user_ids": "@alice:box.local"]),
            outcome: (true, false, nil)),
        Case(
            testDescription: "@room by one who may", type: "m.room.message", content: text("all", ["room": true]), senderLevel: 50,
            outcome: (true, true, nil)),
        Case(
            testDescription: "@room by one who may not", type: "m.room.message", content: text("all", ["room": true]), senderLevel: 49,
            outcome: (true, false, nil)),
        Case(
            testDescription: "@room as a string", type: "m.room.message", content: text("all", ["room": "true"]), senderLevel: 50,
            outcome: (true, false, nil)),
        Case(testDescription: "name in the text only", type: "m.room.message", content: text("hello alice"), outcome: (true, false, nil)),
        Case(testDescription: "tombstone", type: "m.room.tombstone", stateKey: "", content: [:], outcome: (true, true, nil)),
        Case(testDescription: "tombstone that is no state", type: "m.room.tombstone", content: [:], outcome: silent),
        Case(testDescription: "reaction", type: "m.reaction", content: ["m.mentions": [:]], outcome: silent),
        Case(testDescription: "server ACL", type: "m.room.server_acl", stateKey: "", content: [:], outcome: silent),
        Case(
            testDescription: "edit", type: "m.room.message",
            content: ["msgtype": "m.text", "body": "* x", "m.relates_to": ["rel_type": "m.replace", "event_id": "$e"]], outcome: silent),
        Case(testDescription: "other state", type: "m.room.name", stateKey: "", content: ["name": "x"], outcome: silent),
        Case(testDescription: "unknown event", type: "org.example", content: ["body": "x"], outcome: silent),
    ]

    static func text(_ body: String, _ mentions: JSONObject? = nil) -> JSONObject {
        var content: JSONObject = ["msgtype": "m.text", "body": .string(body)]
        if let mentions { content["m.mentions"] = .object(mentions) }
        return content
    }

    @Test(arguments: cases)
    func predefined(_ example: Case) {
        let outcome = PushRuleset(userID: alice).evaluate(
            event: event(example.type, example.stateKey, example.content),
            context: context(memberCount: example.memberCount, senderLevel: example.senderLevel))
        #expect(outcome.notify == example.outcome.0)
        #expect(outcome.highlight == example.outcome.1)
        #expect(outcome.sound == example.outcome.2)
    }

    @Test func nobodyIsNotifiedOfOwnEvents() {
        let message = event("m.room.message", nil, Self.text("hi"))
        let outcome = PushRuleset(userID: bob).evaluate(
            event: message, context: PushContext(userID: bob, displayName: nil, memberCount: 2, powerLevels: context().powerLevels))
        #expect(outcome == .none)
    }

    @Test func masterRuleSilencesAll() throws {
        var rules = PushRuleset(userID: alice)
        try rules.put(.override, "loud", body: ["actions": ["notify"]])
        try rules.setEnabled(.override, ".m.rule.master", true)
        #expect(!rules.evaluate(event: event("m.room.message", nil, Self.text("hi")), context: context()).notify)
    }

    // MARK: Priority

    @Test func kindsAreAskedInTheirOrder() throws {
        var rules = PushRuleset(userID: alice)
        func sound() -> String? { rules.evaluate(event: event("m.room.message", nil, Self.text("tea time")), context: context()).sound }
        func actions(_ sound: String) -> JSONValue { ["notify", ["set_tweak": "sound", "value": .string(sound)]] }
        #expect(sound() == nil)
        try rules.put(.underride, "u", body: ["actions": actions("underride")])
        #expect(sound() == "underride")
        try rules.put(.sender, "@bob:box.local", body: ["actions": actions("sender")])
        #expect(sound() == "sender")
        try rules.put(.room, "!room:box.local", body: ["actions": actions("room")])
        #expect(sound() == "room")
        try rules.put(.content, "tea", body: ["actions": actions("content"), "pattern": "tea"])
        #expect(sound() == "content")
        try rules.put(.content, "time", body: ["actions": actions("later content"), "pattern": "time"])
        #expect(sound() == "later content")
        try rules.put(.override, "o", body: ["actions": actions("override")])
        #expect(sound() == "override")
        try rules.setEnabled(.override, "o", false)
        #expect(sound() == "later content")
    }

    @Test func ruleForAnotherRoomOrSender() throws {
        var rules = PushRuleset(userID: alice)
        try rules.put(.room, "!other:box.local", body: ["actions": []])
        try rules.put(.sender, "@carol:box.local", body: ["actions": []])
        try rules.put(.content, "c", body: ["actions": [], "pattern": "cake"])
        #expect(rules.evaluate(event: event("m.room.message", nil, Self.text("hi")), context: context()).notify)
        #expect(!rules.evaluate(event: event("m.room.message", nil, Self.text("Cake!")), context: context()).notify)
    }

    // MARK: Conditions

    @Test(
        arguments: [
            // The examples of the specification.
            (["kind": "event_match", "key": "content.topic", "pattern": "lunc?*"], ["topic": "Lunch plans"], true),
            (["kind": "event_match", "key": "content.topic", "pattern": "lunc?*"], ["topic": "LUNCH"], true),
            (["kind": "event_match", "key": "content.topic", "pattern": "lunc?*"], ["topic": " lunch"], false),
            (["kind": "event_match", "key": "content.topic", "pattern": "lunc?*"], ["topic": "lunc"], false),
            (["kind": "event_match", "key": "content.topic", "pattern": "*"], ["topic": .null], false),
            (["kind": "event_match", "key": "content.topic", "pattern": "*"], [:], false),
            (["kind": "event_match", "key": "content.body", "pattern": "ex*ple"], ["body": "An example event."], true),
            (["kind": "event_match", "key": "content.body", "pattern": "ex*ple"], ["body": "An exciting triple-whammy"], true),
            (["kind": "event_match", "key": "content.body", "pattern": "ex*ple"], ["body": "examples"], false),
            (["kind": "event_match", "key": "content.formatted_body", "pattern": "word"], ["formatted_body": "a word"], false),
            (["kind": "event_match", "key": "type", "pattern": "ORG.EXAMPLE.*"], [:], true),
            (["kind": "event_match", "key": "sender", "pattern": "@bob:*"], [:], true),
            (["kind": "event_match", "key": "room_id", "pattern": "!room:box.local"], [:], true),
            (["kind": "event_match", "key": "room_id", "pattern": "!room"], [:], false),
            (["kind": "event_match", "key": "state_key", "pattern": ""], [:], false),
            (["kind": "event_match", "key": "depth", "pattern": "*"], [:], false),
            (["kind": "event_match", "key": "content", "pattern": "*"], ["body": "x"], false),
            (["kind": "event_match", "pattern": "*"], [:], false), (["kind": "event_match", "key": "type"], [:], false),
            // event_property_is
            (["kind": "event_property_is", "key": #"content.m\.federate"#, "value": true], ["m.federate": true], true),
            (["kind": "event_property_is", "key": #"content.m\.federate"#, "value": true], ["m.federate": "true"], false),
            (["kind": "event_property_is", "key": #"content.m\.federate"#, "value": true], ["m.federate": 1], false),
            (["kind": "event_property_is", "key": "content.x", "value": .null], ["x": .null], true),
            (["kind": "event_property_is", "key": "content.x", "value": .null], [:], false),
            (["kind": "event_property_is", "key": "content.x", "value": 17], ["x": 17], true),
            (["kind": "event_property_is", "key": "content.x", "value": "A"], ["x": "a"], false),
            (["kind": "event_property_is", "key": "content.x", "value": "é"], ["x": "e\u{301}"], false),
            (["kind": "event_property_is", "key": "content.body", "value": "word"], ["body": "a word"], false),
            (["kind": "event_property_is", "key": "content.x", "value": ["a"]], ["x": ["a"]], false),
            (["kind": "event_property_is", "key": "content.x", "pattern": "a"], ["x": "a"], false),
            (["kind": "event_match", "key": "content.x", "value": "a"], ["x": "a"], false),
            (["kind": "event_property_is", "key": "type", "value": "org.example.event"], [:], true),
            // event_property_contains
            (["kind": "event_property_contains", "key": "content.alt_aliases", "value": "#a:b"], ["alt_aliases": ["#b:b", "#a:b"]], true),
            (["kind": "event_property_contains", "key": "content.alt_aliases", "value": ":b"], ["alt_aliases": ["#a:b"]], false),
            (["kind": "event_property_contains", "key": "content.x", "value": 1], ["x": [["y"], [:], .double(1.5), 1]], true),
            (["kind": "event_property_contains", "key": "content.x", "value": "a"], ["x": "a"], false),
            // room_member_count, in a room of 5
            (["kind": "room_member_count", "is": "5"], [:], true), (["kind": "room_member_count", "is": "==5"], [:], true),
            (["kind": "room_member_count", "is": "4"], [:], false), (["kind": "room_member_count", "is": "<5"], [:], false),
            (["kind": "room_member_count", "is": "<6"], [:], true), (["kind": "room_member_count", "is": ">5"], [:], false),
            (["kind": "room_member_count", "is": ">4"], [:], true), (["kind": "room_member_count", "is": ">=5"], [:], true),
            (["kind": "room_member_count", "is": ">=6"], [:], false), (["kind": "room_member_count", "is": "<=5"], [:], true),
            (["kind": "room_member_count", "is": "<=4"], [:], false), (["kind": "room_member_count", "is": "many"], [:], false),
            (["kind": "room_member_count", "is": "=>5"], [:], false), (["kind": "room_member_count"], [:], false),
            // contains_display_name: "Alice *"
            (["kind": "contains_display_name"], ["body": "hello alice *, how are you"], true),
            (["kind": "contains_display_name"], ["body": "hello alice b"], false), (["kind": "contains_display_name"], [:], false),
            (["kind": "sender_notification_permission", "key": "room"], [:], false),
            (["kind": "sender_notification_permission", "key": "low"], [:], true),
            (["kind": "sender_notification_permission"], [:], false), (["kind": "org.example.unknown"], [:], false),
        ] as [(JSONObject, JSONObject, Bool)])
    func condition(condition: JSONObject, content: JSONObject, matches: Bool) throws {
        var rules = PushRuleset(userID: alice)
        try rules.put(.underride, "rule", body: ["actions": ["notify"], "conditions": [.object(condition)]])
        let outcome = rules.evaluate(event: event("org.example.event", nil, content), context: context())
        #expect(outcome.notify == matches)
    }

    @Test func allConditionsHaveToHold() throws {
        var rules = PushRuleset(userID: alice)
        try rules.put(
            .override, "beer",
            body: [
                "actions": ["notify", ["set_tweak": "sound", "value": "beeroclock.wav"]],
                "conditions": [["kind": "event_match", "key": "content.body", "pattern": "beer"], ["kind": "room_member_count", "is": "<=10"]],
            ])
        let beer = event("m.room.message", nil, Self.text("time for beer"))
        #expect(rules.evaluate(event: beer, context: context(memberCount: 10)).sound == "beeroclock.wav")
        #expect(rules.evaluate(event: beer, context: context(memberCount: 11)).sound == nil)
        #expect(rules.evaluate(event: event("m.room.message", nil, Self.text("time for tea")), context: context()).sound == nil)
    }

    @Test func tweaks() throws {
        var rules = PushRuleset(userID: alice)
        try rules.put(
            .override, "r", body: ["actions": ["notify", ["set_tweak": "highlight", "value": false], ["set_tweak": "light", "value": "red"]]])
        let outcome = rules.evaluate(event: event("t", nil, [:]), context: context())
        #expect(outcome.notify && !outcome.highlight)
        #expect(outcome.tweaks == ["highlight": false, "light": "red"])
        try rules.setActions(.override, "r", ["notify", ["set_tweak": "highlight"]])
        #expect(rules.evaluate(event: event("t", nil, [:]), context: context()).tweaks == ["highlight": true])
        // Without notify nothing is highlighted.
        try rules.setActions(.override, "r", [["set_tweak": "highlight"]])
        #expect(!rules.evaluate(event: event("t", nil, [:]), context: context()).highlight)
    }

    private func event(_ type: String, _ stateKey: String?, _ content: JSONObject) -> Event {
        Event(
            eventID: EventID(trusted: "$event"), roomID: room, type: type, stateKey: stateKey, sender: bob, originServerTimestamp: 0, content: content
        )
    }

    private func context(memberCount: Int = 5, senderLevel: Int64 = 0) -> PushContext {
        let levels = PowerLevels(
            create: nil, content: ["users": ["@bob:box.local": .integer(senderLevel)], "notifications": ["low": 0]], version: .v11)
        return PushContext(userID: alice, displayName: "Alice *", memberCount: memberCount, powerLevels: levels)
    }
}
