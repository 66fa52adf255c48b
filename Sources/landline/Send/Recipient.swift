import Homeserver
import MatrixCore

/// The room that `--to` means.
struct Recipient {
    let client: BoxClient
    let userID: String

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private struct Room {
        let id: String
        var name: String?
        var alias: String?
        var isEncrypted = false

        var text: String { Terminal.printable([name, alias ?? id].compactMap { $0 }.joined(separator: " ")) }

        func isCalled(_ text: String) -> Bool {
            name?.lowercased() == text || alias?.dropFirst().prefix { $0 != ":" }.lowercased() == text
        }
    }

    private static let myDevices: Set<String> = ["my devices", "我的设备", "me"]
    private static let maxCandidates = 10

    /// The room ID. Makes the direct chat where a user is meant and there is none.
    func room(_ text: String) async throws -> String {
        let (rooms, direct) = try await joinedRooms()
        let room = try await find(text, rooms, direct)
        guard rooms.first(where: { $0.id == room })?.isEncrypted != true else {
            throw Failure(
                description: "\(text) is end-to-end encrypted, which landline send cannot do. Send it with a Matrix app, or to another room.")
        }
        return room
    }

    private func find(_ text: String, _ rooms: [Room], _ direct: JSONObject) async throws -> String {
        switch text.first {
        case "!":
            guard rooms.contains(where: { $0.id == text }) else { throw notJoined(text) }
            return text
        case "#":
            let id = try await client.call(.get, "/_matrix/client/v3/directory/room/\(text.pathComponent)").string("room_id") ?? ""
            guard rooms.contains(where: { $0.id == id }) else { throw notJoined(text) }
            return id
        case "@":
            return try await directChat(with: text, rooms, direct)
        default:
            break
        }
        if Self.myDevices.contains(text.lowercased()) {
            if let room = try await client.call(.get, "/_landline/v1/me").string("my_devices_room") { return room }
        }
        let called = rooms.filter { $0.isCalled(text.lowercased()) }
        let user = try await user(named: text)
        switch (called.count, user) {
        case (1, nil): return called[0].id
        case (0, let user?): return try await directChat(with: user, rooms, direct)
        case (0, nil):
            let similar = rooms.filter { $0.text.lowercased().contains(text.lowercased()) }
            let hint = similar.isEmpty ? "" : " Did you mean: \(Self.list(similar.map(\.text)))?"
            throw Failure(description: "You are in no room called \(text), and nobody here has that name.\(hint)")
        default:
            let all = Self.list(called.map(\.text) + [user].compactMap { $0 })
            throw Failure(description: "\(text) can be more than one: \(all). Give the ID or alias.")
        }
    }

    private func notJoined(_ text: String) -> Failure { Failure(description: "You are not in \(text). Join it first.") }

    private static func list(_ texts: [String]) -> String {
        texts.prefix(maxCandidates).joined(separator: ", ") + (texts.count > maxCandidates ? ", ..." : "")
    }

    private func user(named name: String) async throws -> String? {
        guard let colon = userID.firstIndex(of: ":"), UserID("@\(name.lowercased())\(userID[colon...])") != nil else { return nil }
        let user = "@\(name.lowercased())\(userID[colon...])"
        do {
            _ = try await client.call(.get, "/_matrix/client/v3/profile/\(user.pathComponent)")
            return user
        } catch let failure as BoxClient.Failure where failure.status == 404 || failure.status == 403 {
            return nil
        }
    }

    private func directChat(with user: String, _ rooms: [Room], _ direct: JSONObject) async throws -> String {
        guard user != userID else { return try await find("my devices", rooms, direct) }
        let known = (direct.array(user) ?? []).compactMap(\.stringValue)
        if let room = known.last(where: { id in rooms.contains { $0.id == id && !$0.isEncrypted } }) { return room }
        if let room = known.last(where: { id in rooms.contains { $0.id == id } }) { return room }
        let answer = try await client.call(
            .post, "/_matrix/client/v3/createRoom",
            ["preset": "trusted_private_chat", "is_direct": true, "invite": [.string(user)]])
        guard let room = answer.string("room_id") else { throw Failure(description: "The box made no chat with \(user).") }
        var changed = direct
        changed[user] = .array((known + [room]).map { .string($0) })
        _ = try await client.call(
            .put, "/_matrix/client/v3/user/\(userID.pathComponent)/account_data/m.direct", changed)
        return room
    }

    /// The rooms with what is needed of them, and the content of `m.direct`, in one request.
    private func joinedRooms() async throws -> ([Room], direct: JSONObject) {
        let nothing: JSONValue = ["types": []]
        let filter: JSONObject = [
            "presence": nothing, "account_data": ["types": ["m.direct"]],
            "room": [
                "state": ["types": ["m.room.name", "m.room.canonical_alias", "m.room.encryption"]], "ephemeral": nothing, "account_data": nothing,
                "timeline": ["limit": 1, "types": ["m.room.name", "m.room.canonical_alias", "m.room.encryption"]],
            ],
        ]
        let text = String(decoding: filter.serialized(), as: UTF8.self)
        let answer = try await client.call(.get, "/_matrix/client/v3/sync?timeout=0&set_presence=offline&filter=\(text.pathComponent)")
        var rooms: [Room] = []
        for member in (answer.object("rooms")?.object("join") ?? [:]).members {
            var room = Room(id: member.key)
            let content = member.value.objectValue
            let state = content?.object("state")?.array("events") ?? []
            for event in (state + (content?.object("timeline")?.array("events") ?? [])).compactMap(\.objectValue) {
                switch event.string("type") {
                case "m.room.name": room.name = event.object("content")?.string("name")
                case "m.room.canonical_alias": room.alias = event.object("content")?.string("alias")
                case "m.room.encryption": room.isEncrypted = true
                default: break
                }
            }
            rooms.append(room)
        }
        let events = (answer.object("account_data")?.array("events") ?? []).compactMap(\.objectValue)
        return (rooms, events.last { $0.string("type") == "m.direct" }?.object("content") ?? [:])
    }
}
