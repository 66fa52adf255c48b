import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// spec: client-server-api/#room-upgrades
@Suite struct RoomUpgradeTests {
    private static let versions = RoomVersion.allCases.flatMap { old in RoomVersion.allCases.map { (old, $0) } }

    private func upgrade(_ fixture: HomeFixture, _ room: RoomID, to version: RoomVersion, by session: Session, with creators: [JSONValue] = [])
        async throws -> RoomID
    {
        try await fixture.home.upgrades.upgrade(room, RoomUpgrade(version: version.rawValue, additionalCreators: creators), by: session.userID)
    }

    private func content(_ fixture: HomeFixture, _ room: RoomID, _ type: String, _ stateKey: String = "") async throws -> JSONObject? {
        try await fixture.state(of: room)[StateKey(type, stateKey)]
    }

    @Test(arguments: versions) func theRoomsNameEachOther(old: RoomVersion, new: RoomVersion) async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice, version: old)
            let replacement = try await upgrade(fixture, room, to: new, by: alice)
            let tombstone = try #require(try await fixture.wholeTimeline(of: room).first { $0.type == "m.room.tombstone" })
            #expect(try JSONObject(parsing: tombstone.content).string("replacement_room") == replacement.rawValue)
            let create = try #require(try await fixture.wholeTimeline(of: replacement).first)
            let predecessor = try #require(try JSONObject(parsing: create.content).object("predecessor"))
            #expect(predecessor.string("room_id") == room.rawValue)
            // Where the room's ID is a hash of this event, the event cannot name what was sent afterwards.
            #expect(predecessor.string("event_id") == (new.roomIDIsHash ? nil : tombstone.eventID.rawValue))
            #expect(try JSONObject(parsing: create.content).string("room_version") == new.rawValue)
            #expect(replacement.rawValue.contains(":") == !new.roomIDIsHash)
            #expect(try await fixture.membership(of: alice, in: replacement) == "join")
            // Whoever upgraded the room rules the new one: they can set what needs most.
            try await fixture.setState("m.room.history_visibility", "", ["history_visibility": "joined"], in: replacement, by: alice)
            _ = try await upgrade(fixture, replacement, to: new, by: alice)
        }
    }

    @Test(arguments: RoomVersion.allCases) func whatMattersGoesAlong(new: RoomVersion) async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            let expected: [String: JSONObject] = [
                "m.room.join_rules": ["join_rule": "knock"], "m.room.history_visibility": ["history_visibility": "joined"],
                "m.room.guest_access": ["guest_access": "can_join"], "m.room.encryption": ["algorithm": "m.megolm.v1.aes-sha2"],
                "m.room.server_acl": ["allow": ["*"], "deny": ["evil.test"]], "m.room.name": ["name": "Garden"],
                "m.room.topic": ["topic": "Weeds"], "m.room.avatar": ["url": "mxc://box.test/a"],
            ]
            for (type, content) in expected { try await fixture.setState(type, "", content, in: room, by: alice) }
            try await fixture.setState("org.example.secret", "", ["x": 1], in: room, by: alice)
            for (user, reason) in [("@bob:box.test", "spam"), ("@carol:elsewhere.test", nil)] {
                try await fixture.home.membership.ban(try #require(UserID(user)), from: room, by: alice.userID, reason: reason)
            }
            let replacement = try await upgrade(fixture, room, to: new, by: alice)
            let state = try await fixture.state(of: replacement)
            for (type, content) in expected { #expect(state[StateKey(type)] == content, "\(type)") }
            #expect(state[StateKey("org.example.secret")] == nil)
            #expect(state[StateKey("m.room.member", "@bob:box.test")] == ["membership": "ban", "reason": "spam"])
            #expect(state[StateKey("m.room.member", "@carol:elsewhere.test")] == ["membership": "ban"])
            #expect(state.keys.filter { $0.type == "m.room.member" }.count == 3)
        }
    }

    @Test func aSpaceKeepsItsRoomsAndItsType() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let space = try await fixture.home.rooms.create(
                RoomCreation(["creation_content": ["type": "m.space", "m.federate": false, "org.example.x": 1]]), by: alice.userID)
            try await fixture.setState("m.space.child", "!one:box.test", ["via": ["box.test"], "order": "a"], in: space, by: alice)
            try await fixture.setState("m.space.child", "!gone:box.test", [:], in: space, by: alice)
            let replacement = try await upgrade(fixture, space, to: .v12, by: alice)
            let state = try await fixture.state(of: replacement)
            let create = try #require(state[StateKey("m.room.create")])
            #expect(create.string("type") == "m.space" && create.bool("m.federate") == false && create["org.example.x"] == nil)
            #expect(state[StateKey("m.space.child", "!one:box.test")] == ["via": ["box.test"], "order": "a"])
            #expect(state[StateKey("m.space.child", "!gone:box.test")] == nil)
        }
    }

    @Test func addressesAndTheListingMove() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.home.rooms.create(RoomCreation(["visibility": "public", "room_alias_name": "one"]), by: alice.userID)
            let (one, two) = (try #require(RoomAlias("#one:box.test")), try #require(RoomAlias("#two:box.test")))
            let directory = fixture.home.directory
            try await directory.add(two, for: room, by: alice.userID)
            let addresses: JSONObject = ["alias": "#one:box.test", "alt_aliases": ["#two:box.test"]]
            try await fixture.setState("m.room.canonical_alias", "", addresses, in: room, by: alice)
            let replacement = try await upgrade(fixture, room, to: .v12, by: alice)
            #expect(try await content(fixture, room, "m.room.canonical_alias") == [:])
            #expect(try await content(fixture, replacement, "m.room.canonical_alias") == addresses)
            for alias in [one, two] { #expect(try await directory.roomID(of: alias) == replacement) }
            #expect(try await !directory.isListed(room))
            #expect(try await directory.isListed(replacement))
            let other = try await upgrade(fixture, fixture.room(by: alice), to: .v11, by: alice)
            #expect(try await !directory.isListed(other))
        }
    }

    // MARK: Power levels

    @Test func nobodyButModeratorsTalksInTheOldRoom() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            for (usersDefault, least) in [(0, 50), (80, 81)] as [(Int64, Int64)] {
                let room = try await fixture.room(by: alice, members: [bob])
                var levels = try #require(try await content(fixture, room, "m.room.power_levels"))
                levels["users_default"] = .integer(usersDefault)
                try await fixture.setState("m.room.power_levels", "", levels, in: room, by: alice)
                let replacement = try await upgrade(fixture, room, to: .v11, by: alice)
                let after = try #require(try await content(fixture, room, "m.room.power_levels"))
                #expect(after.integer("events_default") == least && after.integer("invite") == max(least, 50))
                await expect(.forbidden) { try await fixture.say("hello?", in: room, by: bob) }
                #expect(try await content(fixture, replacement, "m.room.power_levels") == levels)
            }
        }
    }

    /// A moderator who may close the room fills the new one, and is a moderator there in the end.
    @Test(arguments: RoomVersion.allCases) func aModeratorStaysOne(new: RoomVersion) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, version: .v10, members: [bob])
            var levels = try #require(try await content(fixture, room, "m.room.power_levels"))
            levels["users"] = ["@alice:box.test": 100, "@bob:box.test": 50, "@vip:box.test": 70]
            var events = try #require(levels.object("events"))
            events["m.room.tombstone"] = 50
            levels["events"] = .object(events)
            try await fixture.setState("m.room.power_levels", "", levels, in: room, by: alice)
            try await fixture.home.membership.ban(try #require(UserID("@vip:box.test")), from: room, by: alice.userID, reason: nil)
            let replacement = try await upgrade(fixture, room, to: new, by: bob)
            // Bob may not change the levels of the old room.
            #expect(try await content(fixture, room, "m.room.power_levels") == levels)
            #expect(try await content(fixture, replacement, "m.room.member", "@vip:box.test")?.string("membership") == "ban")
            let after = try await content(fixture, replacement, "m.room.power_levels")
            guard new.creatorsHavePrivilege else {
                #expect(after == levels)
                return
            }
            #expect(after?.object("users") == ["@alice:box.test": 100, "@vip:box.test": 70], "creators are not listed")
            #expect(after?.object("events")?.integer("m.room.tombstone") == 150, "above what the state needs")
        }
    }

    @Test func levelsAboveOneHundredAreKept() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let users: JSONObject = ["@alice:box.test": 500]
            let room = try await fixture.home.rooms.create(
                RoomCreation(["power_level_content_override": ["users": .object(users)]]), by: alice.userID)
            let replacement = try await upgrade(fixture, room, to: .v10, by: alice)
            #expect(try await content(fixture, replacement, "m.room.power_levels")?.object("users") == users)
        }
    }

    @Test func creatorsOfVersion12AreChosenAnew() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let room = try await fixture.home.rooms.create(
                RoomCreation(["room_version": "12", "preset": "trusted_private_chat", "invite": ["@bob:box.test"]]), by: alice.userID)
            try await fixture.join(room, bob)
            try await fixture.invite(carol, to: room, by: alice)
            try await fixture.join(room, carol)
            try await fixture.setState("m.room.join_rules", "", ["join_rule": "public"], in: room, by: alice)
            await expect(.forbidden) { _ = try await upgrade(fixture, room, to: .v12, by: carol) }

            let next = try await upgrade(
                fixture, room, to: .v12, by: bob, with: ["@carol:box.test", "@carol:box.test", "@bob:box.test"])
            #expect(try await content(fixture, next, "m.room.create")?.array("additional_creators") == ["@carol:box.test"])
            for session in [alice, carol] { try await fixture.join(next, session) }
            // Carol stands above all levels there, and so above Alice, who is no creator of this room. Creators are equals.
            await expect(.forbidden) { try await fixture.home.membership.kick(bob.userID, from: next, by: carol.userID, reason: nil) }
            try await fixture.home.membership.kick(alice.userID, from: next, by: carol.userID, reason: nil)

            // Back in a version without such creators they are administrators.
            let last = try await upgrade(fixture, next, to: .v11, by: carol)
            let users = try await content(fixture, last, "m.room.power_levels")?.object("users")
            #expect(users == ["@bob:box.test": 150, "@carol:box.test": 150])
            #expect(try await content(fixture, last, "m.room.create")?["additional_creators"] == nil)
        }
    }

    // MARK: What users have set

    @Test func settingsFollowTheirUser() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: alice, members: [bob, carol])
            let settings = fixture.home.accountData
            for session in [alice, bob] {
                try await settings.setTag("m.favourite", of: session.userID, room: room, to: ["order": .double(0.5)])
                let direct: JSONObject = ["@x:box.test": ["!other", .string(room.rawValue)], "@y:box.test": ["!other"]]
                try await settings.set("m.direct", of: session.userID, room: nil, to: direct)
            }
            let rules = fixture.home.pushRules
            try await rules.put(.room, room.rawValue, of: bob.userID, body: ["actions": ["notify"]], before: nil, after: nil)
            let silence: JSONObject = [
                "actions": [], "conditions": [["kind": "event_match", "key": "room_id", "pattern": .string(room.rawValue)]],
            ]
            try await rules.put(.override, room.rawValue, of: bob.userID, body: silence, before: nil, after: nil)
            try await rules.setEnabled(.override, room.rawValue, of: bob.userID, false)

            let replacement = try await upgrade(fixture, room, to: .v12, by: alice)
            #expect(
                try await settings.tags(of: alice.userID, room: replacement).object("tags")?["m.favourite"] != nil, "who upgraded is in it already")
            #expect(try await settings.tags(of: bob.userID, room: replacement).object("tags") == [:])
            for session in [bob, carol] { try await fixture.join(replacement, session) }
            #expect(try await settings.tags(of: bob.userID, room: replacement).object("tags")?["m.favourite"] == ["order": .double(0.5)])
            for session in [alice, bob] {
                let direct = try JSONObject(parsing: await settings.content("m.direct", of: session.userID, room: nil))
                #expect(direct.array("@x:box.test") == ["!other", .string(room.rawValue), .string(replacement.rawValue)])
                #expect(direct.array("@y:box.test") == ["!other"])
            }
            let changed = try await rules.rules(of: bob.userID)
            #expect(try changed.rule(.room, replacement.rawValue).actions == ["notify"])
            let override = try changed.rule(.override, replacement.rawValue)
            #expect(
                override.enabled == false
                    && override.conditions == [["kind": "event_match", "key": "room_id", "pattern": .string(replacement.rawValue)]])
            #expect(try changed.rule(.room, room.rawValue).actions == ["notify"], "the old room keeps its own")
            #expect(try await settings.tags(of: carol.userID, room: replacement).object("tags") == [:])

            // Once is enough: what is changed afterwards stays so when the user comes back.
            try await settings.deleteTag("m.favourite", of: bob.userID, room: replacement)
            try await fixture.leave(replacement, bob)
            try await fixture.join(replacement, bob)
            #expect(try await settings.tags(of: bob.userID, room: replacement).object("tags") == [:])
            #expect(try await rules.rules(of: bob.userID).rules(.room).count == 2)
        }
    }

    /// Anybody can make a room that claims to replace another.
    @Test func settingsDoNotFollowImpostors() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "mallory")
            let (alice, mallory) = (people[0], people[1])
            let room = try await fixture.room(by: alice)
            try await fixture.home.accountData.set("m.direct", of: alice.userID, room: nil, to: ["@x:box.test": [.string(room.rawValue)]])
            let body: JSONObject = ["preset": "public_chat", "creation_content": ["predecessor": ["room_id": .string(room.rawValue)]]]
            let impostor = try await fixture.home.rooms.create(RoomCreation(body), by: mallory.userID)
            try await fixture.join(impostor, alice)
            let direct = try JSONObject(parsing: await fixture.home.accountData.content("m.direct", of: alice.userID, room: nil))
            #expect(direct == ["@x:box.test": [.string(room.rawValue)]])
        }
    }

    // MARK: Joins

    @Test func aRestrictedRoomOpensToTheSameRooms() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let space = try await fixture.room(by: alice, members: [bob])
            let room = try await fixture.room(by: alice, preset: .privateChat)
            let rule: JSONObject = [
                "join_rule": "restricted", "allow": [["type": "m.room_membership", "room_id": .string(space.rawValue)]],
            ]
            try await fixture.setState("m.room.join_rules", "", rule, in: room, by: alice)
            let replacement = try await upgrade(fixture, room, to: .v12, by: alice)
            try await fixture.join(replacement, bob)
            await expect(.forbidden) { try await fixture.join(replacement, carol) }
        }
    }

    @Test func theHomeRoomMoves() async throws {
        try await HomeFixture.with(hasHomeRoom: true) { fixture in
            let accounts = fixture.home.registration
            for name in ["anna", "ben"] {
                _ = try await accounts.createAccount(username: name, password: "a long enough pass phrase", isAdministrator: name == "anna")
            }
            let (anna, ben) = (UserID(trusted: "@anna:box.test"), UserID(trusted: "@ben:box.test"))
            func home(of user: UserID) async throws -> RoomID? {
                let own = try await fixture.home.myDevices.room(of: user)
                return try await fixture.home.membership.joinedRooms(of: user).first { $0 != own }
            }
            let old = try #require(try await home(of: ben))
            let replacement = try await fixture.home.upgrades.upgrade(old, RoomUpgrade(version: "12"), by: anna)
            _ = try await accounts.createAccount(username: "carol", password: "a long enough pass phrase", isAdministrator: false)
            #expect(try await home(of: UserID(trusted: "@carol:box.test")) == replacement)
        }
    }

    // MARK: Refusals

    @Test func whoMayUpgrade() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "left", "banned", "invited", "stranger")
            let (alice, left, banned, invited) = (people[0], people[2], people[3], people[4])
            let room = try await fixture.room(by: alice, members: [people[1], left, banned])
            try await fixture.leave(room, left)
            try await fixture.home.membership.ban(banned.userID, from: room, by: alice.userID, reason: nil)
            try await fixture.invite(invited, to: room, by: alice)
            let before = try await fixture.wholeTimeline(of: room).count
            // Also where the version is unknown: who may not is told that first.
            for version in ["12", "nonsense"] {
                for person in people.dropFirst() {
                    await expect(.forbidden) { _ = try await fixture.home.upgrades.upgrade(room, RoomUpgrade(version: version), by: person.userID) }
                }
            }
            await expect(.notFound) {
                _ = try await fixture.home.upgrades.upgrade(RoomID(trusted: "!none:box.test"), RoomUpgrade(version: "12"), by: alice.userID)
            }
            for version in ["nonsense", "", "5", "12 "] {
                await expect(.unsupportedRoomVersion) {
                    _ = try await fixture.home.upgrades.upgrade(room, RoomUpgrade(version: version), by: alice.userID)
                }
            }
            for creators in [["bob"], [1], [.null], [.string("@" + String(repeating: "x", count: 300) + ":box.test")]] as [[JSONValue]] {
                await expect(.invalidParameter) { _ = try await upgrade(fixture, room, to: .v12, by: alice, with: creators) }
            }
            #expect(try await fixture.wholeTimeline(of: room).count == before)
            #expect(try await fixture.home.membership.joinedRooms(of: alice.userID) == [room])
            // A version without additional creators takes no notice of them.
            _ = try await upgrade(fixture, room, to: .v11, by: alice, with: ["bob"])
        }
    }

    @Test func aRoomIsNotItsOwnReplacement() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            let content: JSONObject = ["body": "gone", "replacement_room": .string(room.rawValue)]
            await expect(.invalidParameter) { try await fixture.setState("m.room.tombstone", "", content, in: room, by: alice) }
            await expect(.invalidParameter) {
                _ = try await fixture.home.timeline.send(type: "m.room.tombstone", content: content, to: room, transactionID: "1", session: alice)
            }
        }
    }

    @Test func everyDeviceHearsOfIt() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            var (alice, bob) = (SyncClient(people[0]), SyncClient(people[1]))
            _ = try await alice.sync(fixture)
            _ = try await bob.sync(fixture)
            let replacement = try await upgrade(fixture, room, to: .v12, by: people[0])
            _ = try await alice.sync(fixture)
            _ = try await bob.sync(fixture)
            for client in [alice, bob] {
                #expect(client.rooms[room]?.stateContent[StateKey("m.room.tombstone")]?.string("replacement_room") == replacement.rawValue)
            }
            #expect(alice.rooms[replacement]?.section == "join")
            #expect(bob.rooms[replacement] == nil)
        }
    }
}
