/// The rules that every user has.
///
/// spec: client-server-api/#predefined-rules
enum PredefinedPushRules {
    /// Stands above all, even what the user adds.
    static let masterRuleID = ".m.rule.master"

    static func rules(_ kind: PushRuleKind, for user: UserID) -> [PushRule] {
        switch kind {
        case .override: overrideRules(for: user)
        case .underride: underrideRules
        case .content, .room, .sender: []
        }
    }

    private static let defaultSound: JSONValue = ["set_tweak": "sound", "value": "default"]
    private static let ringSound: JSONValue = ["set_tweak": "sound", "value": "ring"]
    private static let highlight: JSONValue = ["set_tweak": "highlight"]

    private static func overrideRules(for user: UserID) -> [PushRule] {
        var rules = sharedOverrideRules
        rules.insert(
            PushRule(
                ruleID: ".m.rule.invite_for_me", isDefault: true, actions: ["notify", defaultSound],
                conditions: [match("type", "m.room.member"), match("content.membership", "invite"), match("state_key", user.rawValue)],
                // A user ID is no pattern, and should not be compiled for each user.
                compiled: [
                    compile(match("type", "m.room.member")), compile(match("content.membership", "invite")), .eventMatchesOwnID(.stateKey),
                ]), at: 2)
        rules.insert(
            PushRule(
                ruleID: ".m.rule.is_user_mention", isDefault: true, actions: ["notify", defaultSound, highlight],
                conditions: [
                    ["kind": "event_property_contains", "key": "content.m\\.mentions.user_ids", "value": .string(user.rawValue)]
                ],
                compiled: [.eventPropertyContainsOwnID(.content(PropertyPath("content.m\\.mentions.user_ids")))]), at: 4)
        return rules
    }

    private static let sharedOverrideRules: [PushRule] = [
        PushRule(ruleID: masterRuleID, isDefault: true, enabled: false, actions: [], conditions: []),
        rule(".m.rule.suppress_notices", [], [match("content.msgtype", "m.notice")]),
        rule(".m.rule.member_event", [], [match("type", "m.room.member")]),
        rule(
            ".m.rule.is_room_mention", ["notify", highlight],
            [
                ["kind": "event_property_is", "key": "content.m\\.mentions.room", "value": true],
                ["kind": "sender_notification_permission", "key": "room"],
            ]),
        rule(".m.rule.tombstone", ["notify", highlight], [match("type", "m.room.tombstone"), match("state_key", "")]),
        rule(".m.rule.reaction", [], [match("type", "m.reaction")]),
        rule(".m.rule.room.server_acl", [], [match("type", "m.room.server_acl"), match("state_key", "")]),
        rule(
            ".m.rule.suppress_edits", [],
            [["kind": "event_property_is", "key": "content.m\\.relates_to.rel_type", "value": "m.replace"]]),
    ]

    private static let underrideRules: [PushRule] = [
        rule(".m.rule.call", ["notify", ringSound], [match("type", "m.call.invite")]),
        rule(".m.rule.encrypted_room_one_to_one", ["notify", defaultSound], [twoMembers, match("type", "m.room.encrypted")]),
        rule(".m.rule.room_one_to_one", ["notify", defaultSound], [twoMembers, match("type", "m.room.message")]),
        rule(".m.rule.message", ["notify"], [match("type", "m.room.message")]),
        rule(".m.rule.encrypted", ["notify"], [match("type", "m.room.encrypted")]),
    ]

    private static let twoMembers: JSONValue = ["kind": "room_member_count", "is": "2"]

    private static func match(_ key: String, _ pattern: String) -> JSONValue {
        ["kind": "event_match", "key": .string(key), "pattern": .string(pattern)]
    }

    private static func compile(_ condition: JSONValue) -> PushCondition {
        condition.objectValue.map { PushCondition($0) } ?? .unknown
    }

    private static func rule(_ ruleID: String, _ actions: [JSONValue], _ conditions: [JSONValue]) -> PushRule {
        PushRule(ruleID: ruleID, isDefault: true, actions: actions, conditions: conditions)
    }
}
