/// The simplified state that shows a room to somebody who is not in it yet.
///
/// spec: client-server-api/#stripped-state
public enum StrippedState {
    /// Which state goes with an invitation or a knock, beside the member event itself. All with an empty state key.
    public static let types = [
        "m.room.create", "m.room.join_rules", "m.room.canonical_alias", "m.room.avatar",
        "m.room.name", "m.room.encryption", "m.room.topic",
    ]

    public static func includes(type: String, stateKey: String) -> Bool { stateKey.isEmpty && types.contains(type) }

    /// One event with the four properties that stripped state may have.
    public static func write(_ event: Event, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("content")
        writer.object(event.content)
        writer.field("sender", event.sender.rawValue)
        writer.field("state_key", event.stateKey ?? "")
        writer.field("type", event.type)
        writer.endObject()
    }

    public static func object(for event: Event) -> JSONObject {
        [
            "content": .object(event.content), "sender": .string(event.sender.rawValue),
            "state_key": .string(event.stateKey ?? ""), "type": .string(event.type),
        ]
    }
}
