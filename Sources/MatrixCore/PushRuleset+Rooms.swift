/// Custom push rules about one room.
///
/// Clients use rules of the kind `room`, and overrides with a condition on `room_id` for rooms that are to be silent.
extension PushRuleset {
    public func concern(_ room: RoomID) -> Bool { PushRuleKind.allCases.contains { !rules(of: room, $0).isEmpty } }

    /// Adds the same rules for another room. Rule IDs and conditions that name the one name the other.
    public mutating func copyRules(of old: RoomID, to new: RoomID) throws(MatrixError) {
        for kind in PushRuleKind.allCases {
            // A new rule is placed before all others of its kind.
            for rule in rules(of: old, kind).reversed() {
                var body = rule.json
                if let conditions = rule.conditions { body["conditions"] = .array(conditions.map { Self.renamed($0, old, new) }) }
                try put(kind, new.rawValue, body: body)
                try setEnabled(kind, new.rawValue, rule.enabled)
            }
        }
    }

    private func rules(of room: RoomID, _ kind: PushRuleKind) -> [PushRule] {
        rules(kind).filter { rule in
            guard !rule.isDefault else { return false }
            switch kind {
            case .room: return rule.ruleID.utf8.elementsEqual(room.rawValue.utf8)
            case .override, .underride: return (rule.conditions ?? []).contains { Self.names(room, $0) }
            case .content, .sender: return false
            }
        }
    }

    private static func names(_ room: RoomID, _ condition: JSONValue) -> Bool {
        guard let condition = condition.objectValue, condition.string("key") == "room_id" else { return false }
        return (condition.string("pattern") ?? condition.string("value"))?.utf8.elementsEqual(room.rawValue.utf8) ?? false
    }

    private static func renamed(_ condition: JSONValue, _ old: RoomID, _ new: RoomID) -> JSONValue {
        guard names(old, condition), var object = condition.objectValue else { return condition }
        for key in ["pattern", "value"] where object[key] != nil { object[key] = .string(new.rawValue) }
        return .object(object)
    }
}
