/// One condition of a push rule.
///
/// spec: client-server-api/#conditions-1
enum PushCondition: Sendable {
    enum Comparison: Sendable {
        case equal, less, greater, lessOrEqual, greaterOrEqual
    }

    case eventMatch(PushProperty, Glob)
    case eventPropertyIs(PushProperty, JSONValue)
    case eventPropertyContains(PushProperty, JSONValue)
    /// As `eventMatch` and `eventPropertyContains` with the ID of the user whose rules these are.
    case eventMatchesOwnID(PushProperty)
    case eventPropertyContainsOwnID(PushProperty)
    case containsDisplayName
    case roomMemberCount(Comparison, Int)
    case senderNotificationPermission(String)
    /// Never matches, as an unknown condition has to.
    case unknown

    init(_ object: JSONObject) {
        self = Self.parse(object) ?? .unknown
    }

    private static func parse(_ object: JSONObject) -> PushCondition? {
        let property = object.string("key").map { PushProperty($0) }
        switch object.string("kind") {
        case "event_match":
            guard let property, let pattern = object.string("pattern") else { return nil }
            return .eventMatch(property, Glob(pattern, ignoresCase: true))
        case "event_property_is":
            guard let property, let value = object["value"], value.isPushComparable else { return nil }
            return .eventPropertyIs(property, value)
        case "event_property_contains":
            guard let property, let value = object["value"], value.isPushComparable else { return nil }
            return .eventPropertyContains(property, value)
        case "contains_display_name":
            return .containsDisplayName
        case "room_member_count":
            return object.string("is").flatMap(parseCount).map { .roomMemberCount($0, $1) }
        case "sender_notification_permission":
            return object.string("key").map { .senderNotificationPermission($0) }
        default:
            return nil
        }
    }

    private static func parseCount(_ text: String) -> (Comparison, Int)? {
        let prefixes: [(String, Comparison)] = [("==", .equal), ("<=", .lessOrEqual), (">=", .greaterOrEqual), ("<", .less), (">", .greater)]
        for (prefix, comparison) in prefixes where text.hasPrefix(prefix) {
            return Int(text.dropFirst(prefix.count)).map { (comparison, $0) }
        }
        return Int(text).map { (.equal, $0) }
    }
}

/// Where in an event a condition looks.
enum PushProperty: Sendable, Hashable {
    case type
    case sender
    case roomID
    case eventID
    case stateKey
    /// The only one whose patterns match words instead of the whole value.
    case body
    /// A path within `content`, as a whole with `content` itself.
    case content(PropertyPath)
    /// No other property of an event can be matched.
    case absent

    init(_ text: String) {
        switch text {
        case "type": self = .type
        case "sender": self = .sender
        case "room_id": self = .roomID
        case "event_id": self = .eventID
        case "state_key": self = .stateKey
        case "content.body": self = .body
        default:
            let path = PropertyPath(text)
            self = path.components.count > 1 && path.components[0] == "content" ? .content(path) : .absent
        }
    }
}

extension JSONValue {
    /// Only these can be compared by the conditions `event_property_is` and `event_property_contains`.
    var isPushComparable: Bool {
        switch self {
        case .null, .bool, .integer, .string: true
        case .double, .array, .object: false
        }
    }

    /// Exact equality: of strings by their bytes, of no two types.
    func isIdentical(to other: JSONValue) -> Bool {
        if case .string(let left) = self, case .string(let right) = other { return left.utf8.elementsEqual(right.utf8) }
        return isPushComparable && self == other
    }
}
