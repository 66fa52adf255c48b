/// How an event is related to an earlier one, by its `m.relates_to`.
///
/// spec: client-server-api/#forming-relationships-between-events
public struct Relation: Sendable, Hashable {
    public let parent: EventID
    public let type: String
    /// What an annotation says, such as an emoji.
    public let key: String?

    public static let replacement = "m.replace"
    public static let annotation = "m.annotation"
    public static let reference = "m.reference"
    public static let thread = "m.thread"

    /// `nil` if there is none: a plain reply has no relation type, and what does not follow the schema is to be ignored.
    public init?(of content: JSONObject) {
        guard let object = content.object("m.relates_to"), let type = object.string("rel_type"), !type.isEmpty,
            type.utf8.count <= maxIdentifierBytes, let parent = object.string("event_id").flatMap({ EventID($0) })
        else { return nil }
        self.parent = parent
        self.type = type
        key = type == Self.annotation ? object.string("key") : nil
    }
}
