import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// spec: client-server-api/#client-config, client-server-api/#room-tagging
struct AccountDataTests {
    private static let path = "/_matrix/client/v3/user/@anna:test.example"

    private func roomPath(_ room: RoomID) -> String { "\(Self.path)/rooms/\(MatrixClient.encoded(room.rawValue))" }

    /// The account data events of a sync.
    private func global(_ sync: JSONObject) -> [JSONValue] { sync.object("account_data")?.array("events") ?? [] }

    private func ofRoom(_ sync: JSONObject, _ room: RoomID) -> [JSONValue] {
        sync.object("rooms")?.object("join")?.object(room.rawValue)?.object("account_data")?.array("events") ?? []
    }

    @Test func whatIsSetComesBack() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            let path = "\(Self.path)/account_data/org.example.note"
            let roomPath = "\(roomPath(room))/account_data/org.example.note"
            for path in [path, roomPath] {
                let missing = try await anna.request("GET", path)
                #expect(missing.status == 404 && missing.errorCode == "M_NOT_FOUND")
            }
            let content: JSONObject = ["text": "家", "number": 5, "deep": [["a": .null]]]
            try await anna.call("PUT", path, json: content)
            try await anna.call("PUT", roomPath, json: ["of": "room"])
            #expect(try await anna.call("GET", path) == content)
            #expect(try await anna.call("GET", roomPath) == ["of": "room"])
            let sync = try await anna.sync()
            #expect(global(sync).contains(["type": "org.example.note", "content": .object(content)]))
            #expect(ofRoom(sync, room).contains(["type": "org.example.note", "content": ["of": "room"]]))
            try await anna.call("PUT", path, json: [:])
            #expect(try await anna.call("GET", path) == [:])
        }
    }

    @Test func aWaitingSyncIsWoken() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let second = try await server.client.loggedIn("anna")
            let ben = try await server.register("ben")
            let room = try await anna.createRoom()
            for (path, isOfRoom) in [(Self.path, false), (roomPath(room), true)] {
                let since = try #require(try await second.sync().string("next_batch"))
                let sinceOfBen = try #require(try await ben.sync().string("next_batch"))
                async let waiting = second.sync(since: since, timeoutMilliseconds: 60_000)
                while server.requestsInProgress == 0 { await Task.yield() }
                try await anna.call("PUT", "\(path)/account_data/org.example.note", json: ["a": .bool(isOfRoom)])
                let sync = try await waiting
                #expect((isOfRoom ? ofRoom(sync, room) : global(sync)) == [["type": "org.example.note", "content": ["a": .bool(isOfRoom)]]])
                #expect(try await global(ben.sync(since: sinceOfBen)).isEmpty)
            }
        }
    }

    @Test func someTypesBelongToTheServer() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            for type in ["m.push_rules", "m.fully_read"] {
                for path in [Self.path, roomPath(room)] {
                    let response = try await anna.request("PUT", "\(path)/account_data/\(type)", json: ["event_id": "$x", "global": [:]])
                    #expect(response.status == 405 && response.errorCode == "M_BAD_JSON", "\(type): \(response.status) \(response.text)")
                }
            }
            #expect(try await anna.call("GET", "\(Self.path)/account_data/m.push_rules").object("global")?.array("override")?.isEmpty == false)
        }
    }

    /// Proposed as MSC3391.
    @Test func whatIsDeletedIsToldOnce() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            for (path, isOfRoom) in [(Self.path, false), (roomPath(room), true)] {
                let note = "\(path)/account_data/org.example.note"
                func pieces(_ sync: JSONObject) -> [JSONValue] {
                    (isOfRoom ? ofRoom(sync, room) : global(sync)).filter { $0.objectValue?.string("type") == "org.example.note" }
                }
                try await anna.call("PUT", note, json: ["a": 1])
                let since = try await anna.sync().string("next_batch")
                try await anna.call(
                    "DELETE", isOfRoom ? note : "/_matrix/client/unstable/org.matrix.msc3391/user/@anna:test.example/account_data/org.example.note")
                #expect(try await anna.request("GET", note).errorCode == "M_NOT_FOUND")
                let news = try await anna.sync(since: since)
                #expect(pieces(news) == [["type": "org.example.note", "content": [:]]])
                #expect(try await pieces(anna.sync()).isEmpty)
                try await anna.call("DELETE", note)
                #expect(try await pieces(anna.sync(since: news.string("next_batch"))).isEmpty)
                try await anna.call("PUT", note, json: ["a": 2])
                #expect(try await anna.call("GET", note) == ["a": 2])
                for type in ["m.push_rules", "m.fully_read"] {
                    #expect(try await anna.request("DELETE", "\(path)/account_data/\(type)").status == 405)
                }
            }
        }
    }

    @Test func sizesHaveALimit() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let big: JSONObject = ["a": .string(String(repeating: "a", count: 256 << 10))]
            let response = try await anna.request("PUT", "\(Self.path)/account_data/org.example.big", json: big)
            #expect(response.status == 413 && response.errorCode == "M_TOO_LARGE")
            let long = try await anna.request("PUT", "\(Self.path)/account_data/\(String(repeating: "t", count: 256))", json: [:])
            #expect(long.status == 400 && long.errorCode == "M_INVALID_PARAM")
            #expect(try await anna.request("PUT", "\(Self.path)/account_data/org.example.list", body: Array("[]".utf8)).errorCode == "M_BAD_JSON")
            #expect(try await anna.request("PUT", "\(Self.path)/rooms/nonsense/account_data/t", json: [:]).status == 400)
        }
    }

    @Test func tags() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            let path = "\(roomPath(room))/tags"
            #expect(try await anna.call("GET", path) == ["tags": [:]])
            let since = try #require(try await anna.sync().string("next_batch"))
            try await anna.call("PUT", "\(path)/m.favourite", json: ["order": 1])
            try await anna.call("PUT", "\(path)/u.%E5%AE%B6", json: [:])
            let tags: JSONObject = ["tags": ["m.favourite": ["order": 1], "u.家": [:]]]
            #expect(try await anna.call("GET", path) == tags)
            #expect(try await ofRoom(anna.sync(since: since), room) == [["type": "m.tag", "content": .object(tags)]])
            #expect(try await anna.call("GET", "\(roomPath(room))/account_data/m.tag") == tags)
            try await anna.call("DELETE", "\(path)/m.favourite")
            try await anna.call("DELETE", "\(path)/never.set")
            #expect(try await anna.call("GET", path) == ["tags": ["u.家": [:]]])
            let long = try await anna.request("PUT", "\(path)/\(String(repeating: "t", count: 256))", json: [:])
            #expect(long.status == 400 && long.errorCode == "M_INVALID_PARAM")
        }
    }

    @Test func aRoomHasOnlySoManyTags() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            for number in 0..<100 { try await anna.call("PUT", "\(roomPath(room))/tags/u.\(number)", json: [:]) }
            #expect(try await anna.request("PUT", "\(roomPath(room))/tags/u.100", json: [:]).errorCode == "M_TOO_LARGE")
            #expect(try await anna.request("PUT", "\(roomPath(room))/tags/u.99", json: ["order": 0]).status == 200)
        }
    }
}
