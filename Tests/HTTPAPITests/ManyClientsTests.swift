import MatrixCore
import TestSupport
import Testing

/// Many clients over real connections, each request sent twice at once as clients do whose network is bad; compared with what
/// they were told.
struct ManyClientsTests {
    private enum Deed: CaseIterable { case message, reaction, state, receipt, claim, join }

    /// What one client was told.
    private struct Told: Sendable {
        var events: [String] = []
        var state: String?
        var receipt: String?
        var claimed: [String] = []
    }

    @Test func everythingTwiceAtOnce() async throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        print("ManyClientsTests seed \(seed)")
        try await TestServer.run { server in
            let owner = try await server.register("owner")
            let room = try await owner.createRoom(["preset": "public_chat", "power_level_content_override": ["state_default": 0]])
            let path = MatrixClient.path(room)
            let target = try await owner.send("target", to: room, transactionID: "t")
            var keys: JSONObject = [:]
            for number in 0..<60 { keys["signed_curve25519:K\(number)"] = ["key": .string("key \(number)")] }
            try await owner.call("POST", "/_matrix/client/v3/keys/upload", json: ["one_time_keys": .object(keys)])
            var device: JSONObject = [:]
            device[owner.deviceID?.rawValue ?? ""] = "signed_curve25519"
            var user: JSONObject = [:]
            user[owner.userID?.rawValue ?? ""] = .object(device)
            let claim: JSONObject = ["one_time_keys": .object(user)]
            var clients: [MatrixClient] = []
            for index in 0..<8 { clients.append(try await server.register("c\(index)")) }

            let told = try await withThrowingTaskGroup(of: Told.self) { group in
                for (index, client) in clients.enumerated() {
                    group.addTask {
                        var random = Generator(state: seed &+ UInt64(index) &* 7_919)
                        var told = Told()
                        try await client.join(room)
                        for step in 0..<25 {
                            func twice(_ method: String, _ rest: String, _ body: JSONObject) async throws -> [JSONObject] {
                                async let first = client.call(method, rest, json: body)
                                async let second = client.call(method, rest, json: body)
                                return try await [first, second]
                            }
                            switch Deed.allCases.randomElement(using: &random) ?? .message {
                            case .message:
                                let answers = try await twice(
                                    "PUT", "\(path)/send/m.room.message/\(step)", ["msgtype": "m.text", "body": .string("\(index) \(step)")])
                                #expect(answers[0] == answers[1], "seed \(seed)")
                                told.events.append(answers[0].string("event_id") ?? "")
                            case .reaction:
                                let relation: JSONObject = [
                                    "rel_type": "m.annotation", "event_id": .string(target.rawValue), "key": .string("\(index) \(step)"),
                                ]
                                let answers = try await twice("PUT", "\(path)/send/m.reaction/\(step)", ["m.relates_to": .object(relation)])
                                #expect(answers[0] == answers[1], "seed \(seed)")
                                told.events.append(answers[0].string("event_id") ?? "")
                            case .state:
                                // The same state again is the same event.
                                let answers = try await twice("PUT", "\(path)/state/org.example.own/c\(index)", ["step": .integer(Int64(step))])
                                #expect(answers[0] == answers[1], "seed \(seed)")
                                told.state = answers[0].string("event_id")
                                told.events.append(told.state ?? "")
                            case .receipt:
                                guard let event = told.events.last else { continue }
                                _ = try await twice("POST", "\(path)/receipt/m.read/\(MatrixClient.encoded(event))", [:])
                                told.receipt = event
                            case .claim:
                                for answer in try await twice("POST", "/_matrix/client/v3/keys/claim", claim) {
                                    let device = answer.object("one_time_keys")?.object(owner.userID?.rawValue ?? "")?.object(
                                        owner.deviceID?.rawValue ?? "")
                                    told.claimed += device?.members.map(\.key) ?? []
                                }
                            case .join:
                                // Who is in the room already stays as they are.
                                _ = try await twice("POST", "\(path)/join", [:])
                            }
                        }
                        return told
                    }
                }
                return try await group.reduce(into: [Told]()) { $0.append($1) }
            }

            var chunk: [JSONObject] = []
            var from: String?
            repeat {
                var query = [("dir", "b"), ("limit", "200")]
                if let from { query.append(("from", from)) }
                let page = try await owner.call("GET", "\(path)/messages", query: query)
                chunk += (page.array("chunk") ?? []).compactMap(\.objectValue)
                from = page.string("end")
            } while from != nil
            let types: Set<String> = ["m.room.message", "m.reaction", "org.example.own"]
            let stored = chunk.filter { types.contains($0.string("type") ?? "") }.compactMap { $0.string("event_id") }
            let expected = told.flatMap(\.events) + [target.rawValue]
            #expect(stored.count == expected.count && Set(stored) == Set(expected), "seed \(seed): what was acknowledged is there, once")
            #expect(chunk.filter { $0.string("type") == "m.room.member" }.count == 9, "seed \(seed): one join for each")

            let claimed = told.flatMap(\.claimed)
            #expect(Set(claimed).count == claimed.count, "seed \(seed): a key was given to two")
            let left = try await owner.sync().object("device_one_time_keys_count")?.integer("signed_curve25519") ?? 0
            #expect(claimed.count + Int(left) == 60, "seed \(seed)")

            let synced = try await owner.sync()
            let joined = synced.object("rooms")?.object("join")?.object(room.rawValue)
            let receipts = joined?.object("ephemeral")?.array("events")?.first { $0.objectValue?.string("type") == "m.receipt" }?.objectValue?.object(
                "content")
            for told in told {
                if let event = told.receipt { #expect(receipts?.object(event)?.object("m.read") != nil, "seed \(seed): the receipt at \(event)") }
            }
            let state = try await owner.request("GET", "\(path)/state").text
            for told in told { if let event = told.state { #expect(state.contains(event), "seed \(seed): the state of \(event)") } }
        }
    }

    /// SplitMix64.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }
}
