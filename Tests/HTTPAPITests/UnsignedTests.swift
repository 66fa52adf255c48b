import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// What the box adds to events for the one who asks.
///
/// spec: client-server-api/#room-event-format
struct UnsignedTests {
    private static func events(_ answer: JSONObject, _ name: String = "chunk") -> [JSONObject] {
        answer.array(name)?.compactMap(\.objectValue) ?? []
    }

    private static func memberships(_ events: [JSONObject]) -> [String: String] {
        var found: [String: String] = [:]
        for event in events {
            if let text = event.object("content")?.string("body") { found[text] = event.object("unsigned")?.string("membership") }
        }
        return found
    }

    /// spec: client-server-api/#definition-clientevent_unsigneddata (`membership`, MSC4115)
    @Test func eachEventSaysWhatOneWasThen() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let room = try await anna.createRoom(["preset": "private_chat"])
            let path = MatrixClient.path(room)
            let early = try await anna.send("stranger", to: room, transactionID: "1")
            try await anna.invite(#require(ben.userID), to: room)
            try await anna.send("invited", to: room, transactionID: "2")
            try await ben.join(room)
            try await anna.send("joined", to: room, transactionID: "3")
            let expected = ["stranger": "leave", "invited": "invite", "joined": "join"]
            let first = try await ben.sync()
            let timeline = first.object("rooms")?.object("join")?.object(room.rawValue)?.object("timeline") ?? [:]
            let shown = Self.memberships(Self.events(timeline, "events"))
            #expect(!shown.isEmpty && shown.allSatisfy { expected[$0.key] == $0.value })
            let messages = Self.events(try await ben.call("GET", "\(path)/messages", query: [("dir", "b"), ("limit", "50")]))
            #expect(Self.memberships(messages) == expected)
            let own = messages.filter { $0.string("state_key") == "@ben:test.example" }.map { $0.object("unsigned")?.string("membership") }
            #expect(own == ["join", "invite"], "their own member events with what they made of it")
            let event = try await ben.call("GET", "\(path)/event/\(MatrixClient.encoded(early.rawValue))")
            #expect(event.object("unsigned")?.string("membership") == "leave")
            let context = try await ben.call("GET", "\(path)/context/\(MatrixClient.encoded(early.rawValue))", query: [("limit", "20")])
            #expect(context.object("event")?.object("unsigned")?.string("membership") == "leave")
            #expect(Self.memberships(Self.events(context, "events_after")) == ["invited": "invite", "joined": "join"])
            let state = try await ben.request("GET", "\(path)/state/m.room.create", query: [("format", "event")]).json
            #expect(state.object("unsigned")?.string("membership") == "leave")
            // The next one from memory.
            async let waiting = ben.sync(since: first.string("next_batch"), timeoutMilliseconds: 60_000)
            try await anna.send("live", to: room, transactionID: "4")
            let live = try await waiting.object("rooms")?.object("join")?.object(room.rawValue)?.object("timeline") ?? [:]
            #expect(Self.memberships(Self.events(live, "events")) == ["live": "join"])
            try await ben.leave(room)
            let left = try await ben.sync(since: first.string("next_batch")).object("rooms")?.object("leave")?.object(room.rawValue)
            let last = Self.events(left?.object("timeline") ?? [:], "events").last
            #expect(last?.object("unsigned")?.string("membership") == "leave")
        }
    }

    /// The clock of the box may have been ahead when the event came.
    @Test func theAgeIsNeverNegative() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            try await anna.send("x", to: room, transactionID: "1")
            let ages = Self.events(try await anna.call("GET", "\(MatrixClient.path(room))/messages")).map {
                $0.object("unsigned")?.integer("age") ?? -1
            }
            #expect(ages.allSatisfy { (0...600_000).contains($0) } && ages == ages.sorted())
        }
        let ahead = Clock { Clock.system.nowMilliseconds + 86_400_000 }
        try await TestServer.run(clock: ahead) { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            let ages = Self.events(try await anna.call("GET", "\(MatrixClient.path(room))/messages")).map { $0.object("unsigned")?.integer("age") }
            #expect(Set(ages) == [0])
        }
    }

    /// spec: client-server-api/#filtering (`event_format`)
    @Test func federationFormat() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            let sent = try await anna.send("x", to: room, transactionID: "1")
            let filter: JSONObject = ["event_format": "federation", "room": ["timeline": ["limit": 1]]]
            func timeline(_ answer: JSONObject) -> [JSONObject] {
                Self.events(answer.object("rooms")?.object("join")?.object(room.rawValue)?.object("timeline") ?? [:], "events")
            }
            let first = try await anna.sync(filter: filter)
            let state = Self.events(first.object("rooms")?.object("join")?.object(room.rawValue)?.object("state") ?? [:], "events")
            async let waiting = anna.sync(since: first.string("next_batch"), timeoutMilliseconds: 60_000, filter: filter)
            try await anna.send("y", to: room, transactionID: "2")
            let second = try await waiting
            #expect(timeline(first).first?.string("event_id") == sent.rawValue)
            #expect(!state.isEmpty && timeline(second).count == 1)
            for event in timeline(first) + state + timeline(second) {
                for key in [
                    "type", "sender", "room_id", "origin_server_ts", "content", "prev_events", "auth_events", "depth", "hashes", "signatures",
                ] {
                    #expect(event[key] != nil || (key == "room_id" && event.string("type") == "m.room.create"), "\(key)")
                }
                #expect(event.object("unsigned")?.integer("age") != nil)
                #expect(event.members.filter { $0.key == "unsigned" || $0.key == "event_id" }.count == 2)
            }
        }
    }
}
