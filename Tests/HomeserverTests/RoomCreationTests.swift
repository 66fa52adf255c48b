import Cryptography
import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// spec: client-server-api/#post_matrixclientv3createroom
@Suite struct RoomCreationTests {
    private func creation(_ json: JSONObject) throws -> RoomCreation { try RoomCreation(json) }

    @Test(arguments: RoomVersion.allCases, [RoomPreset.privateChat, .trustedPrivateChat, .publicChat])
    func presets(version: RoomVersion, preset: RoomPreset) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            var creation = RoomCreation()
            creation.preset = preset.rawValue
            creation.version = version.rawValue
            creation.invitees = [bob.userID]
            let room = try await fixture.home.rooms.create(creation, by: alice.userID)
            let state = try await fixture.state(of: room)

            #expect(state[StateKey("m.room.join_rules")] == ["join_rule": preset == .publicChat ? "public" : "invite"])
            #expect(state[StateKey("m.room.history_visibility")] == ["history_visibility": "shared"])
            #expect(state[StateKey("m.room.guest_access")] == (preset == .publicChat ? nil : ["guest_access": "can_join"]))
            #expect(state[StateKey("m.room.member", alice.userID.rawValue)]?.string("membership") == "join")
            #expect(state[StateKey("m.room.member", bob.userID.rawValue)]?.string("membership") == "invite")

            let create = try #require(state[StateKey("m.room.create")])
            #expect(create.string("room_version") == version.rawValue)
            #expect(create.string("creator") == (version.creatorInContent ? alice.userID.rawValue : nil))
            let isTrusted = preset == .trustedPrivateChat
            #expect(create.array("additional_creators") == (version == .v12 && isTrusted ? [.string(bob.userID.rawValue)] : nil))

            let users = try #require(state[StateKey("m.room.power_levels")]?.object("users"))
            if version == .v12 {
                #expect(users.isEmpty)
            } else {
                #expect(users.integer(alice.userID.rawValue) == 100)
                #expect(users.integer(bob.userID.rawValue) == (isTrusted ? 100 : nil))
            }
            let tombstone = try #require(state[StateKey("m.room.power_levels")]?.object("events")?.integer("m.room.tombstone"))
            if version == .v12 { #expect(tombstone > 50) }

            let first = try #require(try await fixture.wholeTimeline(of: room).first)
            #expect(first.type == "m.room.create")
            if version == .v12 {
                #expect(room.rawValue.utf8.dropFirst().elementsEqual(first.eventID.rawValue.utf8.dropFirst()))
            } else {
                #expect(room.rawValue.hasSuffix(":\(HomeFixture.serverName)"))
            }
        }
    }

    @Test func eventsComeInTheSpecifiedOrder() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let creation = try creation([
                "preset": "private_chat", "room_alias_name": "kitchen", "name": "Kitchen", "topic": "Food", "is_direct": true,
                "invite": [.string(people[1].userID.rawValue)],
                "initial_state": [
                    ["type": "m.room.encryption", "content": ["algorithm": "m.megolm.v1.aes-sha2"]], ["type": "x", "state_key": "k", "content": [:]],
                ],
            ])
            let room = try await fixture.home.rooms.create(creation, by: people[0].userID)
            let events = try await fixture.wholeTimeline(of: room)
            #expect(
                events.map(\.type) == [
                    "m.room.create", "m.room.member", "m.room.power_levels", "m.room.canonical_alias", "m.room.join_rules",
                    "m.room.history_visibility", "m.room.guest_access", "m.room.encryption", "x", "m.room.name", "m.room.topic", "m.room.member",
                ])
            #expect(events[8].stateKey == "k")
            let state = try await fixture.state(of: room)
            #expect(state[StateKey("m.room.name")]?.string("name") == "Kitchen")
            #expect(state[StateKey("m.room.topic")]?.string("topic") == "Food")
            #expect(state[StateKey("m.room.canonical_alias")]?.string("alias") == "#kitchen:\(HomeFixture.serverName)")
            #expect(state[StateKey("m.room.member", people[1].userID.rawValue)]?.bool("is_direct") == true)
            let alias = try #require(RoomAlias("#kitchen:\(HomeFixture.serverName)"))
            #expect(try await fixture.home.directory.roomID(of: alias) == room)
        }
    }

    @Test func withoutAPresetVisibilityDecides() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let open = try await fixture.home.rooms.create(creation(["visibility": "public"]), by: alice.userID)
            let closed = try await fixture.home.rooms.create(creation([:]), by: alice.userID)
            #expect(try await fixture.state(of: open)[StateKey("m.room.join_rules")]?.string("join_rule") == "public")
            #expect(try await fixture.state(of: closed)[StateKey("m.room.join_rules")]?.string("join_rule") == "invite")
            #expect(try await fixture.home.directory.isListed(open))
            #expect(try await !fixture.home.directory.isListed(closed))
        }
    }

    @Test func initialStateAndOverridesWinOverThePreset() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.home.rooms.create(
                creation([
                    "preset": "public_chat", "creation_content": ["type": "m.space", "creator": "@mallory:box.test", "room_version": "1"],
                    "power_level_content_override": ["invite": 0, "events_default": 7],
                    "initial_state": [["type": "m.room.join_rules", "content": ["join_rule": "knock"]]],
                ]), by: alice.userID)
            let state = try await fixture.state(of: room)
            #expect(state[StateKey("m.room.join_rules")] == ["join_rule": "knock"])
            #expect(state[StateKey("m.room.create")] == ["room_version": "11", "type": "m.space"])
            let levels = try #require(state[StateKey("m.room.power_levels")])
            #expect(levels.integer("invite") == 0 && levels.integer("events_default") == 7 && levels.integer("ban") == 50)
            #expect(try await fixture.wholeTimeline(of: room).filter { $0.type == "m.room.join_rules" }.count == 1)
        }
    }

    @Test func additionalCreatorsAreCombined() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (bob, carol) = (people[1].userID.rawValue, people[2].userID.rawValue)
            let room = try await fixture.home.rooms.create(
                creation([
                    "preset": "trusted_private_chat", "room_version": "12", "invite": [.string(bob), .string(carol), .string(bob)],
                    "creation_content": ["additional_creators": [.string(bob)]],
                ]), by: people[0].userID)
            let state = try await fixture.state(of: room)
            #expect(state[StateKey("m.room.create")]?.array("additional_creators") == [.string(bob), .string(carol)])
            #expect(try await fixture.wholeTimeline(of: room).filter { $0.stateKey == bob }.count == 1, "somebody named twice is invited once")
        }
    }

    /// Clients that set levels of their own replace the whole list of events.
    @Test(
        arguments: [
            (["events": ["m.room.name": 0]], 150), (["events": ["m.room.tombstone": 50]], 150), (["events": ["m.room.tombstone": 51]], 51),
            (["state_default": 100, "events": ["m.room.tombstone": 100]], 150), (["state_default": 0, "events": ["m.room.tombstone": 100]], 100),
        ] as [(JSONObject, Int64)])
    func onlyCreatorsCloseARoomOfVersion12(override: JSONObject, level: Int64) async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            for version in ["11", "12"] {
                let room = try await fixture.home.rooms.create(
                    creation(["room_version": .string(version), "power_level_content_override": .object(override)]), by: alice.userID)
                let levels = try await fixture.state(of: room)[StateKey("m.room.power_levels")]
                let given = override.object("events").map { $0.integer("m.room.tombstone") } ?? 100
                #expect(levels?.object("events")?.integer("m.room.tombstone") == (version == "12" ? level : given))
            }
        }
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let body: JSONObject
        let code: MatrixError.Code
        var testDescription: String { String(decoding: body.serialized(), as: UTF8.self) }
    }

    static let refusals = [
        Refusal(body: ["room_version": "5"], code: .unsupportedRoomVersion),
        Refusal(body: ["room_version": "12 "], code: .unsupportedRoomVersion),
        Refusal(body: ["room_version": 11], code: .badJSON),
        Refusal(body: ["preset": "chat"], code: .invalidParameter),
        Refusal(body: ["visibility": "hidden"], code: .invalidParameter),
        Refusal(body: ["room_alias_name": "a:b"], code: .invalidParameter),
        Refusal(body: ["room_alias_name": ""], code: .invalidParameter),
        Refusal(body: ["room_alias_name": "taken"], code: .roomInUse),
        Refusal(body: ["room_alias_name": "a b"], code: .invalidParameter),
        Refusal(body: ["room_alias_name": .string(String(repeating: "x", count: 300))], code: .invalidParameter),
        Refusal(
            body: ["initial_state": [["type": "m.room.canonical_alias", "content": ["alias": "#taken:box.test"]]]], code: .badAlias),
        Refusal(body: ["invite": ["bob"]], code: .invalidParameter),
        Refusal(body: ["invite": ["@nobody:box.test"]], code: .invalidParameter),
        Refusal(body: ["invite_3pid": [["medium": "email"]]], code: .threepidDenied),
        Refusal(body: ["initial_state": [["type": "x"]]], code: .badJSON),
        Refusal(body: ["initial_state": [["type": "m.room.create", "content": [:]]]], code: .invalidRoomState),
        Refusal(body: ["name": "x", "power_level_content_override": ["events": ["m.room.name": 101]]], code: .invalidRoomState),
        Refusal(body: ["power_level_content_override": ["users": ["@alice:box.test": 0]], "name": "x"], code: .invalidRoomState),
        Refusal(body: ["power_level_content_override": ["users": "x"]], code: .badJSON),
        Refusal(body: ["power_level_content_override": ["ban": .double(1.5)]], code: .badJSON),
        Refusal(body: ["room_version": "12", "power_level_content_override": ["users": ["@alice:box.test": 100]]], code: .badJSON),
        Refusal(body: ["room_version": "12", "creation_content": ["additional_creators": ["bob"]]], code: .badJSON),
        Refusal(body: ["creation_content": ["x": .double(1.5)]], code: .badJSON),
        Refusal(body: ["name": .string(String(repeating: "x", count: 70_000))], code: .tooLarge),
        Refusal(body: ["room_alias_name": "fresh", "name": .string(String(repeating: "x", count: 70_000))], code: .tooLarge),
    ]

    @Test(arguments: refusals) func whatIsRefusedLeavesNothingBehind(_ refusal: Refusal) async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            _ = try await fixture.home.rooms.create(creation(["room_alias_name": "taken"]), by: alice.userID)
            let before = try await Self.counts(fixture)
            let start = fixture.home.sync.feed.position
            await expect(refusal.code) { _ = try await fixture.home.rooms.create(RoomCreation(refusal.body), by: alice.userID) }
            #expect(try await Self.counts(fixture) == before)
            #expect(try await fixture.home.membership.joinedRooms(of: alice.userID).count == 1)
            let changes = try #require(fixture.home.sync.feed.changes(after: start, upTo: Position(.max), concerning: alice.userID))
            #expect(changes.isEmpty)
        }
    }

    /// Rows of every table that a room has something in.
    private static func counts(_ fixture: HomeFixture) async throws -> [String: Int64] {
        try await fixture.home.database.read { transaction in
            var counts: [String: Int64] = [:]
            for table in ["rooms", "events", "current_state", "memberships", "room_aliases", "notification_exceptions"] {
                counts[table] = try transaction.connection.first("SELECT count(*) FROM \(table)") { $0.int(0) }
            }
            return counts
        }
    }

    @Test func aRefusedRoomDoesNotHurtItsNeighboursInTheSameCommit() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            try await withThrowingTaskGroup(of: RoomID?.self) { group in
                for index in 0..<20 {
                    group.addTask {
                        var creation = RoomCreation()
                        creation.aliasLocalpart = "same\(index % 4)"
                        return try? await fixture.home.rooms.create(creation, by: alice.userID)
                    }
                }
                var made: [RoomID] = []
                for try await room in group { if let room { made.append(room) } }
                #expect(made.count == 4)
                let joined = try await fixture.home.membership.joinedRooms(of: alice.userID)
                #expect(Set(joined) == Set(made))
            }
        }
    }

    @Test func everyEventIsSignedHashedAndLinked() async throws {
        for version in RoomVersion.allCases {
            try await HomeFixture.with { fixture in
                let people = try await fixture.people("alice", "bob")
                let room = try await fixture.room(by: people[0], version: version, members: [people[1]])
                let message = try await fixture.say("hello", in: room, by: people[1])
                _ = try await fixture.redact(message, in: room, by: people[0])
                let pdus = try await fixture.home.database.read { transaction in
                    try transaction.connection.all("SELECT pdu, position FROM events ORDER BY position") {
                        ($0.blob(0), try transaction.event(at: $0.position(1))?.eventID)
                    }
                }
                let key = try await fixture.home.database.write { try ServerIdentity.load(nil, in: $0) }
                var previous: EventID?
                for (index, (bytes, eventID)) in pdus.enumerated() {
                    let pdu = try PDU(parsing: bytes, version: version)
                    #expect(pdu.event.eventID == eventID)
                    #expect(pdu.event.prevEvents == (previous.map { [$0] } ?? []))
                    #expect(pdu.event.depth == Int64(index + 1))
                    #expect(
                        EventHash.verifySignature(
                            try JSONObject(parsing: bytes), version: version, name: HomeFixture.serverName, keys: [key.keyID: key.key.publicKey]))
                    previous = eventID
                }
            }
        }
    }
}
