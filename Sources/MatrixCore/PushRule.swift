/// The kinds of push rules, the most important first.
public enum PushRuleKind: String, Sendable, CaseIterable {
    case override
    case content
    case room
    case sender
    case underride
}

/// One push rule, custom or predefined.
///
/// spec: client-server-api/#push-rules
public struct PushRule: Sendable {
    public let ruleID: String
    public let isDefault: Bool
    public var enabled: Bool
    public var actions: [JSONValue] { didSet { outcome = PushOutcome(actions: actions) } }
    /// Only rules of the kinds `override` and `underride` have conditions.
    public let conditions: [JSONValue]?
    /// Only rules of the kind `content` have a pattern.
    public let pattern: String?

    let compiledConditions: [PushCondition]
    let compiledPattern: Glob?
    private(set) var outcome: PushOutcome

    init(
        ruleID: String, isDefault: Bool, enabled: Bool = true, actions: [JSONValue],
        conditions: [JSONValue]? = nil, pattern: String? = nil, compiled: [PushCondition]? = nil
    ) {
        self.ruleID = ruleID
        self.isDefault = isDefault
        self.enabled = enabled
        self.actions = actions
        self.conditions = conditions
        self.pattern = pattern
        compiledConditions = compiled ?? (conditions ?? []).map { $0.objectValue.map { PushCondition($0) } ?? .unknown }
        compiledPattern = pattern.map { Glob($0, ignoresCase: true) }
        outcome = PushOutcome(actions: actions)
    }

    /// As `GET /pushrules/global/{kind}/{ruleId}` gives it.
    public var json: JSONObject {
        var object: JSONObject = [
            "actions": .array(actions), "default": .bool(isDefault), "enabled": .bool(enabled), "rule_id": .string(ruleID),
        ]
        if let conditions { object["conditions"] = .array(conditions) }
        if let pattern { object["pattern"] = .string(pattern) }
        return object
    }
}
