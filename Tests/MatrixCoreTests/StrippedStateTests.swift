import MatrixCore
import Testing

struct StrippedStateTests {
    @Test func whichStateIsShown() {
        for type in ["create", "name", "avatar", "topic", "join_rules", "canonical_alias", "encryption"] {
            #expect(StrippedState.includes(type: "m.room." + type, stateKey: ""))
            #expect(!StrippedState.includes(type: "m.room." + type, stateKey: "x"))
        }
        for type in ["m.room.power_levels", "m.room.member", "m.room.history_visibility", "m.room.message"] {
            #expect(!StrippedState.includes(type: type, stateKey: ""))
        }
    }

    @Test func onlyFourProperties() {
        let event = Event(
            eventID: EventID(trusted: "$e"), roomID: RoomID(trusted: "!r"), type: "m.room.name", stateKey: "", sender: UserID(trusted: "@a:b"),
            originServerTimestamp: 5, content: ["name": "Kitchen"], prevEvents: [EventID(trusted: "$p")], depth: 3)
        var writer = JSONWriter()
        StrippedState.write(event, to: &writer)
        #expect(
            String(decoding: writer.bytes, as: UTF8.self) == #"{"content":{"name":"Kitchen"},"sender":"@a:b","state_key":"","type":"m.room.name"}"#)
        #expect(writer.bytes == StrippedState.object(for: event).serialized())
    }
}
