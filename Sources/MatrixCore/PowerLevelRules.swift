/// The rules for `m.room.power_levels`: rule 9 of versions 10 and 11, rule 10 of version 12.
enum PowerLevelRules {
    private static let singleLevels = ["users_default", "events_default", "state_default", "ban", "redact", "kick", "invite"]

    static func check(_ event: Event, current: Event?, senderLevel: Int64, creators: Set<UserID>) throws(MatrixError) {
        try checkForm(event.content)
        for member in event.content.object("users")?.members ?? [] where creators.contains(UserID(trusted: member.key)) {
            throw MatrixError(.badJSON, "\(member.key) created this room and cannot have a power level.")
        }
        guard let current = current?.content else { return }

        for key in singleLevels {
            try checkChange(of: key, from: current.integer(key), to: event.content.integer(key), senderLevel: senderLevel)
        }
        for property in ["events", "notifications"] {
            for (key, old, new) in changes(property, from: current, to: event.content) {
                try checkChange(of: key, from: old, to: new, senderLevel: senderLevel)
            }
        }
        for (user, old, new) in changes("users", from: current, to: event.content) {
            let isOwn = user.utf8.elementsEqual(event.sender.rawValue.utf8)
            if let old, !isOwn, old >= senderLevel {
                throw forbidden("You cannot change the power level of \(user), whose power level is not below yours.")
            }
            if let new, new > senderLevel { throw forbidden("You cannot give a power level above your own.") }
        }
    }

    private static func checkForm(_ content: JSONObject) throws(MatrixError) {
        for key in singleLevels {
            guard let value = content[key] else { continue }
            guard value.integerValue != nil else { throw MatrixError(.badJSON, "\(key) has to be an integer.") }
        }
        for key in ["events", "notifications", "users"] {
            guard let value = content[key] else { continue }
            guard let object = value.objectValue, object.members.allSatisfy({ $0.value.integerValue != nil }) else {
                throw MatrixError(.badJSON, "\(key) has to be an object whose values are integers.")
            }
            guard key != "users" || object.members.allSatisfy({ UserID($0.key) != nil }) else {
                throw MatrixError(.badJSON, "The keys of users have to be user IDs.")
            }
        }
    }

    private static func checkChange(of key: String, from old: Int64?, to new: Int64?, senderLevel: Int64) throws(MatrixError) {
        guard old != new else { return }
        if let old, old > senderLevel { throw forbidden("The level of \(key) is above your own, so you cannot change it.") }
        if let new, new > senderLevel { throw forbidden("You cannot set the level of \(key) above your own.") }
    }

    private static func changes(_ property: String, from old: JSONObject, to new: JSONObject) -> [(key: String, old: Int64?, new: Int64?)] {
        let before = old.object(property) ?? [:]
        let after = new.object(property) ?? [:]
        var found: [(key: String, old: Int64?, new: Int64?)] = []
        for member in before.members where member.value != after[member.key] {
            found.append((member.key, member.value.integerValue, after.integer(member.key)))
        }
        for member in after.members where before[member.key] == nil {
            found.append((member.key, nil, member.value.integerValue))
        }
        return found
    }

    private static func forbidden(_ message: String) -> MatrixError { EventAuthorization.forbidden(message) }
}
