import MatrixCore
import Testing

/// The rules for all but membership and power levels.
struct EventAuthorizationTests {
    private let alice = RoomFixture.alice
    private let bob = RoomFixture.bob

    // MARK: m.room.create

    @Test(arguments: RoomVersion.allCases)
    func createEvent(version: RoomVersion) throws {
        var empty = RoomFixture(version)
        empty.remove("m.room.create")
        let room = version.roomIDIsHash ? "!create" : "!room:box.local"
        func verdict(_ content: JSONObject, sender: String = RoomFixture.alice, prevEvents: [String] = [], room: String) throws -> MatrixError.Code? {
            var complete = content
            if version.creatorInContent, content["creator"] == nil { complete["creator"] = .string(sender) }
            return try empty.verdict(
                on: empty.event("m.room.create", "", complete, sender: sender, id: "$create", prevEvents: prevEvents, roomID: room))
        }
        #expect(try verdict([:], room: room) == nil)
        #expect(try verdict(["room_version": .string(version.rawValue)], room: room) == nil)
        #expect(try verdict([:], prevEvents: ["$p"], room: room) == .forbidden)
        #expect(try verdict(["room_version": "unheard-of"], room: room) == .unsupportedRoomVersion)
        #expect(try verdict(["room_version": 11], room: room) == .unsupportedRoomVersion)
        let foreign = try verdict([:], room: version.roomIDIsHash ? "!other" : "!room:far.example")
        #expect(foreign == .forbidden)
        let foreignSender = try verdict([:], sender: RoomFixture.remote, room: room)
        #expect(foreignSender == (version.roomIDIsHash ? nil : .forbidden))
    }

    @Test func creatorIsRequiredOnlyInVersion10() throws {
        for version in [RoomVersion.v10, .v11] {
            var empty = RoomFixture(version)
            empty.remove("m.room.create")
            let event = empty.event("m.room.create", "", [:], sender: alice, prevEvents: [])
            #expect(try empty.verdict(on: event) == (version.creatorInContent ? .badJSON : nil))
        }
    }

    @Test func additionalCreatorsAreCheckedInVersion12() throws {
        for (value, isValid): (JSONValue, Bool) in [
            ([], true), (["@bob:box.local"], true), ("@bob:box.local", false), (["bob"], false), ([1], false), (["@bob:box.local", "@:"], false),
        ] {
            for version in RoomVersion.allCases {
                var empty = RoomFixture(version)
                empty.remove("m.room.create")
                let content: JSONObject = ["creator": .string(alice), "additional_creators": value]
                let event = empty.event("m.room.create", "", content, sender: alice, id: "$create", prevEvents: [])
                #expect(try empty.verdict(on: event) == (version == .v12 && !isValid ? .badJSON : nil), "\(version) \(value)")
            }
        }
    }

    @Test(arguments: RoomVersion.allCases)
    func secondCreateEventIsRefused(version: RoomVersion) throws {
        let room = RoomFixture(version)
        let content: JSONObject = ["creator": .string(alice)]
        #expect(try room.verdict(on: room.event("m.room.create", "", content, sender: alice, id: "$create", prevEvents: [])) == .forbidden)
    }

    // MARK: The room

    @Test(arguments: RoomVersion.allCases)
    func roomHasToExistAndBeTheSame(version: RoomVersion) throws {
        var room = RoomFixture(version)
        #expect(try room.verdict("m.room.message", nil, by: alice) == nil)
        #expect(try room.verdict(on: room.event("m.room.message", nil, [:], sender: alice, roomID: "!other:box.local")) == .forbidden)
        room.remove("m.room.create")
        #expect(try room.verdict("m.room.message", nil, by: alice) == .forbidden)
    }

    @Test(arguments: RoomVersion.allCases)
    func roomThatDoesNotFederate(version: RoomVersion) throws {
        for (federates, expected): (JSONValue?, MatrixError.Code?) in [(false, .forbidden), (true, nil), (nil, nil), ("false", nil)] {
            var content = JSONObject()
            content["m.federate"] = federates
            var room = RoomFixture(version, createContent: content)
            room.setJoinRule("public")
            #expect(try room.membership(RoomFixture.remote, "join", by: RoomFixture.remote) == expected)
            #expect(try room.membership(bob, "join", by: bob) == nil)
        }
    }

    // MARK: Sending

    @Test(arguments: RoomVersion.allCases)
    func onlyMembersSend(version: RoomVersion) throws {
        for (membership, expected): (String?, MatrixError.Code?) in [
            ("join", nil), ("invite", .forbidden), ("leave", .forbidden), ("ban", .forbidden), ("knock", .forbidden), (nil, .forbidden),
        ] {
            var room = RoomFixture(version)
            if let membership { room.setMembership(bob, membership) }
            #expect(try room.verdict("m.room.message", nil, by: bob) == expected)
        }
    }

    @Test(arguments: RoomVersion.allCases)
    func requiredPowerLevel(version: RoomVersion) throws {
        var room = RoomFixture(version)
        room.setMembership(bob, "join")
        // No power levels event: messages need 0, state 50.
        #expect(try room.verdict("m.room.message", nil, by: bob) == nil)
        #expect(try room.verdict("m.room.name", "", by: bob) == .forbidden)
        #expect(try room.verdict("m.room.name", "", by: alice) == nil)

        room.setLevels([bob: 30], ["events_default": 31, "state_default": 29, "events": ["m.allowed": 30, "m.room.topic": 31]])
        #expect(try room.verdict("m.room.message", nil, by: bob) == .forbidden)
        #expect(try room.verdict("m.allowed", nil, by: bob) == nil)
        #expect(try room.verdict("m.room.name", "", by: bob) == nil)
        #expect(try room.verdict("m.room.topic", "", by: bob) == .forbidden)
        #expect(try room.verdict("m.room.topic", "", by: alice) == nil)
        // Redactions are events as any other; the redact level is not for these rules.
        room.setLevels([:], ["redact": 100])
        #expect(try room.verdict("m.room.redaction", nil, by: bob) == nil)
    }

    @Test(arguments: RoomVersion.allCases)
    func stateOfUsersIsTheirOwn(version: RoomVersion) throws {
        var room = RoomFixture(version)
        room.setMembership(bob, "join")
        room.setLevels([bob: 50])
        #expect(try room.verdict("org.example.state", bob, by: bob) == nil)
        #expect(try room.verdict("org.example.state", alice, by: bob) == .forbidden)
        #expect(try room.verdict("org.example.state", bob, by: alice) == .forbidden)
        #expect(try room.verdict("org.example.state", "@", by: bob) == .forbidden)
        #expect(try room.verdict("org.example.state", "key@", by: bob) == nil)
    }

    @Test(arguments: RoomVersion.allCases)
    func thirdPartyInvitationNeedsOnlyTheInviteLevel(version: RoomVersion) throws {
        var room = RoomFixture(version)
        room.setMembership(bob, "join")
        room.setLevels([bob: 10], ["invite": 10, "state_default": 99])
        #expect(try room.verdict("m.room.third_party_invite", "token", by: bob) == nil)
        room.setLevels([bob: 10], ["invite": 11, "state_default": 0])
        #expect(try room.verdict("m.room.third_party_invite", "token", by: bob) == .forbidden)
        #expect(try room.verdict("m.room.third_party_invite", "token", by: alice) == nil)
    }

    @Test func errorsOfTheLookupPassThrough() {
        struct DiskFailure: Error {}
        let room = RoomFixture(.v11)
        #expect(throws: DiskFailure.self) {
            try EventAuthorization.check(room.event("t", nil, [:], sender: alice), version: .v11) { _, _ in throw DiskFailure() }
        }
    }

    // MARK: Auth events

    @Test func authEventSelection() {
        func keys(_ version: RoomVersion, _ type: String, _ stateKey: String?, _ content: JSONObject = [:], sender: String = RoomFixture.alice)
            -> [String]
        {
            EventAuthorization.authEventKeys(
                type: type, stateKey: stateKey, sender: UserID(trusted: sender), content: content, version: version
            ).map { "\($0.type)|\($0.stateKey)" }
        }
        let create = "m.room.create|"
        let levels = "m.room.power_levels|"
        let rules = "m.room.join_rules|"
        let own = "m.room.member|\(alice)"
        let target = "m.room.member|\(bob)"
        #expect(keys(.v11, "m.room.create", "").isEmpty)
        #expect(keys(.v11, "m.room.message", nil) == [create, levels, own])
        #expect(keys(.v12, "m.room.message", nil) == [levels, own])
        #expect(keys(.v11, "m.room.member", alice, ["membership": "join"]) == [create, levels, own, rules])
        #expect(keys(.v11, "m.room.member", bob, ["membership": "invite"]) == [create, levels, own, target, rules])
        #expect(keys(.v11, "m.room.member", bob, ["membership": "ban"]) == [create, levels, own, target])
        #expect(keys(.v11, "m.room.member", bob, ["membership": "leave"]) == [create, levels, own, target])
        #expect(keys(.v11, "m.room.member", alice, ["membership": "knock"]) == [create, levels, own, rules])
        #expect(
            keys(.v12, "m.room.member", bob, ["membership": "invite", "third_party_invite": ["signed": ["token": "T"]]])
                == [levels, own, target, rules, "m.room.third_party_invite|T"])
        #expect(
            keys(.v12, "m.room.member", alice, ["membership": "join", "join_authorised_via_users_server": .string(bob)])
                == [levels, own, rules, target])
    }
}
