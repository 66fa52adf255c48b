/// What remains of an event when it is redacted.
///
/// Hash and signature of an event cover only this much, so they still hold afterwards.
///
/// spec: rooms/v11/#redactions
public enum Redaction {
    /// The redacted form of a whole PDU.
    public static func redacted(_ pdu: JSONObject, version: RoomVersion) -> JSONObject {
        var kept = JSONObject()
        for key in keptKeys { kept[key] = pdu[key] }
        if !version.updatedRedactionRules {
            for key in keysKeptBeforeVersion11 { kept[key] = pdu[key] }
        }
        if let content = pdu.object("content") {
            kept["content"] = .object(redactedContent(type: pdu.string("type") ?? "", content: content, version: version))
        }
        return kept
    }

    public static func redactedContent(type: String, content: JSONObject, version: RoomVersion) -> JSONObject {
        switch type {
        case "m.room.member":
            var kept = content.keeping(version.redactionKeepsAuthoriser ? ["membership", "join_authorised_via_users_server"] : ["membership"])
            if version.updatedRedactionRules, let invite = content.object("third_party_invite") {
                kept["third_party_invite"] = .object(invite.keeping(["signed"]))
            }
            return kept
        case "m.room.create":
            return version.updatedRedactionRules ? content : content.keeping(["creator"])
        case "m.room.join_rules":
            return content.keeping(version.restrictedJoins ? ["join_rule", "allow"] : ["join_rule"])
        case "m.room.power_levels":
            let kept = content.keeping(["ban", "events", "events_default", "kick", "redact", "state_default", "users", "users_default"])
            guard version.updatedRedactionRules, let invite = content["invite"] else { return kept }
            return kept.setting("invite", invite)
        case "m.room.history_visibility":
            return content.keeping(["history_visibility"])
        case "m.room.redaction" where version.updatedRedactionRules:
            return content.keeping(["redacts"])
        default:
            return [:]
        }
    }

    private static let keptKeys = [
        "event_id", "type", "room_id", "sender", "state_key", "content", "hashes", "signatures",
        "depth", "prev_events", "auth_events", "origin_server_ts",
    ]
    private static let keysKeptBeforeVersion11 = ["prev_state", "origin", "membership"]
}

extension JSONObject {
    fileprivate func keeping(_ keys: [String]) -> JSONObject {
        var kept = JSONObject()
        for key in keys { kept[key] = self[key] }
        return kept
    }

    fileprivate func setting(_ key: String, _ value: JSONValue) -> JSONObject {
        var copy = self
        copy[key] = value
        return copy
    }
}
