/// What the rules of one user make of one event.
public struct PushOutcome: Sendable, Hashable {
    public let notify: Bool
    public let highlight: Bool
    /// The `sound` tweak; `nil` means a silent notification.
    public let sound: String?
    /// The actions of the rule that matched, for push gateways.
    public let actions: [JSONValue]

    public static let none = PushOutcome(actions: [])

    init(actions: [JSONValue]) {
        var notify = false
        var highlight = false
        var sound: String?
        for action in actions {
            switch action {
            case .string("notify"): notify = true
            case .object(let tweak):
                switch tweak.string("set_tweak") {
                case "highlight": highlight = tweak.bool("value") ?? true
                case "sound": sound = tweak.string("value")
                default: break
                }
            default: break
            }
        }
        self.notify = notify
        self.highlight = notify && highlight
        self.sound = notify ? sound : nil
        self.actions = actions
    }

    /// The `tweaks` of a request to a push gateway.
    public var tweaks: JSONObject {
        var tweaks = JSONObject()
        for case .object(let action) in actions {
            guard let name = action.string("set_tweak") else { continue }
            tweaks[name] = action["value"] ?? (name == "highlight" ? true : nil)
        }
        return tweaks
    }
}

/// An event made ready to be matched by the rules of many users.
public struct PushEvent: Sendable {
    public let event: Event
    let body: String?
    let foldedBody: String?

    public init(_ event: Event) {
        self.event = event
        body = event.content.string("body")
        foldedBody = body.map { Glob.fold($0) }
    }

    func value(of property: PushProperty) -> JSONValue? {
        switch property {
        case .content(let path): path.value(in: event.content, droppingFirst: 1)
        default: text(of: property).map { .string($0) }
        }
    }

    func text(of property: PushProperty) -> String? {
        switch property {
        case .type: event.type
        case .sender: event.sender.rawValue
        case .roomID: event.roomID.rawValue
        case .eventID: event.eventID.rawValue
        case .stateKey: event.stateKey
        case .body: body
        case .content(let path): path.value(in: event.content, droppingFirst: 1)?.stringValue
        case .absent: nil
        }
    }
}

/// What beside the event itself decides.
public struct PushContext: Sendable {
    /// The user whose rules are evaluated.
    public var userID: UserID
    /// The user's display name in the room.
    public var displayName: String?
    /// How many users have joined the room.
    public var memberCount: Int
    public var powerLevels: PowerLevels

    public init(userID: UserID, displayName: String?, memberCount: Int, powerLevels: PowerLevels) {
        self.userID = userID
        self.displayName = displayName
        self.memberCount = memberCount
        self.powerLevels = powerLevels
    }
}

extension PushRuleset {
    /// The actions of the most important enabled rule that matches. Nobody is notified of their own events.
    ///
    /// spec: client-server-api/#push-rules
    public func evaluate(_ event: PushEvent, context: PushContext) -> PushOutcome {
        guard event.event.sender != context.userID else { return .none }
        for kind in PushRuleKind.allCases {
            for rule in rules(kind) where rule.enabled && matches(rule, kind, event, context) {
                return rule.outcome
            }
        }
        return .none
    }

    public func evaluate(event: Event, context: PushContext) -> PushOutcome {
        evaluate(PushEvent(event), context: context)
    }

    private func matches(_ rule: PushRule, _ kind: PushRuleKind, _ event: PushEvent, _ context: PushContext) -> Bool {
        switch kind {
        case .override, .underride: rule.compiledConditions.allSatisfy { holds($0, event, context) }
        case .content: event.foldedBody.map { rule.compiledPattern?.matchesWords(inFolded: $0) ?? false } ?? false
        case .room: rule.ruleID == event.event.roomID.rawValue
        case .sender: rule.ruleID == event.event.sender.rawValue
        }
    }

    private func holds(_ condition: PushCondition, _ event: PushEvent, _ context: PushContext) -> Bool {
        switch condition {
        case .eventMatch(.body, let glob): return event.foldedBody.map { glob.matchesWords(inFolded: $0) } ?? false
        case .eventMatch(let property, let glob): return event.text(of: property).map { glob.matches($0) } ?? false
        case .eventMatchesOwnID(let property): return event.text(of: property).map { $0 == context.userID.rawValue } ?? false
        case .eventPropertyIs(let property, let value): return event.value(of: property)?.isIdentical(to: value) ?? false
        case .eventPropertyContains(let property, let value):
            return event.value(of: property)?.arrayValue?.contains { $0.isIdentical(to: value) } ?? false
        case .eventPropertyContainsOwnID(let property):
            let own = JSONValue.string(context.userID.rawValue)
            return event.value(of: property)?.arrayValue?.contains { $0.isIdentical(to: own) } ?? false
        case .containsDisplayName:
            guard let name = context.displayName, !name.isEmpty, let body = event.foldedBody else { return false }
            return Glob(name, ignoresCase: true, wildcards: .none).matchesWords(inFolded: body)
        case .roomMemberCount(let comparison, let count):
            switch comparison {
            case .equal: return context.memberCount == count
            case .less: return context.memberCount < count
            case .greater: return context.memberCount > count
            case .lessOrEqual: return context.memberCount <= count
            case .greaterOrEqual: return context.memberCount >= count
            }
        case .senderNotificationPermission(let key):
            return context.powerLevels.level(of: event.event.sender) >= context.powerLevels.required(forNotification: key)
        case .unknown: return false
        }
    }
}
