/// What of an event a search looks at.
///
/// spec: client-server-api/#search-categories
public struct SearchableText: Sendable, Hashable {
    /// The members of a content that can be searched, under the names of the request's `keys`.
    public enum Key: String, Sendable, CaseIterable {
        case body = "content.body"
        case name = "content.name"
        case topic = "content.topic"
    }

    public let key: Key
    public let text: String

    /// `nil` for events that are not searched, encrypted ones above all.
    public init?(type: String, stateKey: String?, content: JSONObject) {
        switch (type, stateKey) {
        case ("m.room.message", nil):
            guard let body = content.string("body") else { return nil }
            (key, text) = (.body, body)
        case ("m.room.name", ""):
            guard let name = content.string("name") else { return nil }
            (key, text) = (.name, name)
        case ("m.room.topic", ""):
            let plain = content.object("m.topic")?.array("m.text")?.lazy.compactMap(\.objectValue)
                .first { $0.string("mimetype") ?? "text/plain" == "text/plain" }?.string("body")
            let topic = content.string("topic")
            let texts = [topic, plain == topic ? nil : plain].compactMap { $0 }
            guard !texts.isEmpty else { return nil }
            (key, text) = (.topic, texts.joined(separator: "\n"))
        default: return nil
        }
        if text.isEmpty { return nil }
    }

    /// The new text of an edit.
    public init?(edit content: JSONObject) {
        guard let body = content.object("m.new_content")?.string("body"), !body.isEmpty else { return nil }
        (key, text) = (.body, body)
    }

    /// The message that a message replaces.
    ///
    /// spec: client-server-api/#event-replacements
    public static func editedEvent(_ content: JSONObject) -> EventID? {
        guard let relation = content.object("m.relates_to"), relation.string("rel_type") == "m.replace" else { return nil }
        return relation.string("event_id").flatMap { EventID($0) }
    }
}
