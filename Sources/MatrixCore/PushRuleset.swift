/// The push rules of one user: the predefined ones and what the user made of them.
///
/// spec: client-server-api/#push-rules-api
public struct PushRuleset: Sendable {
    public static let maxCustomRules = 1000
    public static let maxConditions = 32
    public static let maxActions = 16
    public static let maxRuleIDBytes = 255
    public static let maxPatternBytes = 255

    public let userID: UserID
    private var byKind: [[PushRule]]

    /// What a new user has.
    public init(userID: UserID) {
        self.userID = userID
        byKind = PushRuleKind.allCases.map { PredefinedPushRules.rules($0, for: userID) }
    }

    /// From what `json` gave at some time: the value of `global`.
    ///
    /// Predefined rules are always those of this version; only their actions and whether they are enabled are taken over.
    public init(userID: UserID, json: JSONObject) {
        self.init(userID: userID)
        for kind in PushRuleKind.allCases {
            var custom: [PushRule] = []
            for case .object(let object) in json.array(kind.rawValue) ?? [] {
                guard let ruleID = object.string("rule_id") else { continue }
                let enabled = object.bool("enabled") ?? true
                let actions = (try? Self.validActions(object["actions"])) ?? []
                if let index = index(kind, ruleID) {
                    byKind[kind.index][index].enabled = enabled
                    if byKind[kind.index][index].actions != actions { byKind[kind.index][index].actions = actions }
                } else if !ruleID.hasPrefix("."), var rule = try? Self.customRule(kind, ruleID, object) {
                    rule.enabled = enabled
                    custom.append(rule)
                }
            }
            byKind[kind.index].insert(contentsOf: custom, at: Self.firstCustomIndex(kind))
        }
    }

    /// The value of `global` in `GET /pushrules/`, and what to store.
    public var json: JSONObject {
        var object = JSONObject()
        for kind in PushRuleKind.allCases { object[kind.rawValue] = .array(rules(kind).map { .object($0.json) }) }
        return object
    }

    /// The rules of a kind, the most important first.
    public func rules(_ kind: PushRuleKind) -> [PushRule] { byKind[kind.index] }

    public func rule(_ kind: PushRuleKind, _ ruleID: String) throws(MatrixError) -> PushRule {
        byKind[kind.index][try existingIndex(kind, ruleID)]
    }

    // MARK: Changes

    /// Adds a custom rule, or replaces it. `before` and `after` name custom rules of the same kind.
    public mutating func put(
        _ kind: PushRuleKind, _ ruleID: String, body: JSONObject, before: String? = nil, after: String? = nil
    ) throws(MatrixError) {
        guard !ruleID.isEmpty, ruleID.utf8.count <= Self.maxRuleIDBytes else {
            throw MatrixError(.invalidParameter, "A rule ID has 1 to \(Self.maxRuleIDBytes) bytes.")
        }
        guard !ruleID.hasPrefix(".") else { throw MatrixError(.invalidParameter, "Rule IDs that begin with a dot belong to the server.") }
        guard !ruleID.utf8.contains(UInt8(ascii: "/")), !ruleID.utf8.contains(UInt8(ascii: "\\")) else {
            throw MatrixError(.invalidParameter, "A rule ID has no slash and no backslash.")
        }
        var rule = try Self.customRule(kind, ruleID, body)
        var rules = byKind[kind.index]
        let oldIndex = index(kind, ruleID)
        if let oldIndex {
            rule.enabled = rules[oldIndex].enabled
            rules.remove(at: oldIndex)
        } else {
            let customCount = byKind.reduce(0) { $0 + $1.count { !$0.isDefault } }
            guard customCount < Self.maxCustomRules else { throw MatrixError(.tooLarge, "There are \(customCount) push rules already.") }
        }
        var newIndex = oldIndex ?? Self.firstCustomIndex(kind)
        if let before {
            newIndex = try Self.customIndex(before, in: rules)
        } else if let after {
            newIndex = try Self.customIndex(after, in: rules) + 1
        }
        if before != nil, let after { _ = try Self.customIndex(after, in: rules) }
        rules.insert(rule, at: newIndex)
        byKind[kind.index] = rules
    }

    public mutating func delete(_ kind: PushRuleKind, _ ruleID: String) throws(MatrixError) {
        let index = try existingIndex(kind, ruleID)
        guard !byKind[kind.index][index].isDefault else {
            throw MatrixError(.invalidParameter, "A predefined rule cannot be deleted, only disabled.")
        }
        byKind[kind.index].remove(at: index)
    }

    public mutating func setEnabled(_ kind: PushRuleKind, _ ruleID: String, _ enabled: Bool) throws(MatrixError) {
        byKind[kind.index][try existingIndex(kind, ruleID)].enabled = enabled
    }

    /// - Parameter actions: the value of `actions` in the request.
    public mutating func setActions(_ kind: PushRuleKind, _ ruleID: String, _ actions: JSONValue?) throws(MatrixError) {
        let index = try existingIndex(kind, ruleID)
        byKind[kind.index][index].actions = try Self.validActions(actions)
    }

    // MARK: Validation

    private static func customRule(_ kind: PushRuleKind, _ ruleID: String, _ body: JSONObject) throws(MatrixError) -> PushRule {
        let actions = try validActions(body["actions"])
        switch kind {
        case .override, .underride:
            let conditions = body["conditions"] ?? []
            guard let list = conditions.arrayValue, list.count <= maxConditions,
                list.allSatisfy({ $0.objectValue?.string("kind") != nil && ($0.objectValue?.string("pattern") ?? "").utf8.count <= maxPatternBytes })
            else { throw MatrixError(.badJSON, "conditions is a list of at most \(maxConditions) objects, each with a kind.") }
            return PushRule(ruleID: ruleID, isDefault: false, actions: actions, conditions: list)
        case .content:
            guard let value = body["pattern"] else { throw MatrixError(.missingParameter, "A content rule needs a pattern.") }
            guard let pattern = value.stringValue, !pattern.isEmpty, pattern.utf8.count <= maxPatternBytes else {
                throw MatrixError(.badJSON, "A pattern is a string of 1 to \(maxPatternBytes) bytes.")
            }
            return PushRule(ruleID: ruleID, isDefault: false, actions: actions, pattern: pattern)
        case .room, .sender:
            return PushRule(ruleID: ruleID, isDefault: false, actions: actions)
        }
    }

    private static func validActions(_ value: JSONValue?) throws(MatrixError) -> [JSONValue] {
        guard let value else { throw MatrixError(.missingParameter, "A push rule needs actions.") }
        guard let list = value.arrayValue, list.count <= maxActions else {
            throw MatrixError(.badJSON, "actions is a list of at most \(maxActions) entries.")
        }
        var actions: [JSONValue] = []
        for action in list {
            switch action {
            case "notify": actions.append(action)
            // They do nothing, but who sets them reads them back, as in Synapse. spec: client-server-api/#historical-actions
            case "dont_notify", "coalesce": actions.append(action)
            case .object(let tweak) where tweak.string("set_tweak") != nil: actions.append(action)
            default: throw MatrixError(.invalidParameter, "There is no such action.")
            }
        }
        return actions
    }

    // MARK: Places

    private static func firstCustomIndex(_ kind: PushRuleKind) -> Int { kind == .override ? 1 : 0 }

    private static func customIndex(_ ruleID: String, in rules: [PushRule]) throws(MatrixError) -> Int {
        guard let index = rules.firstIndex(where: { !$0.isDefault && $0.ruleID.utf8.elementsEqual(ruleID.utf8) }) else {
            throw MatrixError(.unknown, "There is no custom rule \(ruleID) to place the rule by.")
        }
        return index
    }

    private func index(_ kind: PushRuleKind, _ ruleID: String) -> Int? {
        byKind[kind.index].firstIndex { $0.ruleID.utf8.elementsEqual(ruleID.utf8) }
    }

    private func existingIndex(_ kind: PushRuleKind, _ ruleID: String) throws(MatrixError) -> Int {
        guard let index = index(kind, ruleID) else { throw MatrixError(.notFound, "There is no such push rule.") }
        return index
    }
}

extension PushRuleKind {
    fileprivate var index: Int {
        switch self {
        case .override: 0
        case .content: 1
        case .room: 2
        case .sender: 3
        case .underride: 4
        }
    }
}
