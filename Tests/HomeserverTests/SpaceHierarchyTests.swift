import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// spec: client-server-api/#get_matrixclientv1roomsroomidhierarchy
@Suite struct SpaceHierarchyTests {
    private func space(_ fixture: HomeFixture, _ name: String, by creator: Session, preset: RoomPreset = .publicChat, version: RoomVersion = .v12)
        async throws -> RoomID
    {
        try await fixture.home.rooms.create(
            RoomCreation([
                "name": .string(name), "preset": .string(preset.rawValue), "room_version": .string(version.rawValue),
                "creation_content": ["type": "m.space"],
            ]), by: creator.userID)
    }

    private func room(_ fixture: HomeFixture, _ name: String, by creator: Session, preset: RoomPreset = .publicChat, rule: JSONObject? = nil)
        async throws -> RoomID
    {
        var body: JSONObject = ["name": .string(name), "preset": .string(preset.rawValue)]
        if let rule { body["initial_state"] = [["type": "m.room.join_rules", "content": .object(rule)]] }
        return try await fixture.home.rooms.create(RoomCreation(body), by: creator.userID)
    }

    private func add(_ child: RoomID, to space: RoomID, _ content: JSONObject, _ fixture: HomeFixture, by session: Session) async throws {
        var content = content
        content["via"] = ["box.test"]
        try await fixture.setState("m.space.child", child.rawValue, content, in: space, by: session)
    }

    private func names(_ answer: JSONObject) -> [String] { (answer.array("rooms") ?? []).compactMap { $0.objectValue?.string("name") } }

    /// All pages, each of the same size.
    private func walk(_ fixture: HomeFixture, _ space: RoomID, _ query: HierarchyQuery = HierarchyQuery(), for session: Session) async throws
        -> [String]
    {
        var query = query
        var all: [String] = []
        repeat {
            let page = try await fixture.home.spaces.rooms(of: space, query, for: session.userID)
            #expect(names(page).count <= query.limit)
            all += names(page)
            query.from = page.string("next_batch")
        } while query.from != nil
        return all
    }

    @Test func depthFirstInTheOrderOfTheSpace() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let root = try await space(fixture, "root", by: alice)
            let inner = try await space(fixture, "inner", by: alice, version: .v11)
            var rooms: [String: RoomID] = ["inner": inner]
            for name in ["a", "b", "c", "d", "e"] { rooms[name] = try await room(fixture, name, by: alice) }
            func child(_ name: String) throws -> RoomID { try #require(rooms[name]) }
            // An order of letters comes before none; too long a one is none; then by time.
            try await add(child("c"), to: root, ["order": .string(String(repeating: "a", count: 51))], fixture, by: alice)
            try await add(child("b"), to: root, ["order": "b"], fixture, by: alice)
            try await add(inner, to: root, ["order": "aaa", "suggested": true], fixture, by: alice)
            try await add(child("d"), to: root, ["order": "é", "suggested": true], fixture, by: alice)
            try await add(child("a"), to: root, ["order": " "], fixture, by: alice)
            try await add(child("e"), to: inner, [:], fixture, by: alice)
            // Taken out again, and what is no room.
            let gone = try await room(fixture, "gone", by: alice)
            try await add(gone, to: root, [:], fixture, by: alice)
            try await fixture.setState("m.space.child", gone.rawValue, [:], in: root, by: alice)
            try await fixture.setState("m.space.child", "nonsense", ["via": ["x"]], in: root, by: alice)
            try await add(RoomID(trusted: "!elsewhere:else.test"), to: root, [:], fixture, by: alice)

            let expected = ["root", "a", "inner", "e", "b", "c", "d"]
            for limit in [1, 2, 3, 50] {
                var query = HierarchyQuery()
                query.limit = limit
                #expect(try await walk(fixture, root, query, for: alice) == expected, "\(limit)")
            }
            var query = HierarchyQuery()
            query.maxDepth = 1
            #expect(try await walk(fixture, root, query, for: alice) == expected.filter { $0 != "e" })
            query.maxDepth = 0
            #expect(try await walk(fixture, root, query, for: alice) == ["root"])
            query = HierarchyQuery()
            query.suggestedOnly = true
            #expect(try await walk(fixture, root, query, for: alice) == ["root", "inner", "d"])

            let entry = try #require(
                try await fixture.home.spaces.rooms(of: root, HierarchyQuery(), for: alice.userID).array("rooms")?[0].objectValue)
            #expect(entry.string("room_type") == "m.space" && entry.string("room_version") == "12" && entry.string("join_rule") == "public")
            let children = try #require(entry.array("children_state")).compactMap(\.objectValue)
            #expect(children.map { $0.string("state_key") }.prefix(2) == [rooms["a"]?.rawValue, inner.rawValue])
            #expect(children.count == 6, "rooms of other boxes are named, but not shown")
            #expect(Set(children[0].keys) == ["type", "state_key", "sender", "origin_server_ts", "content"])
        }
    }

    @Test func circlesEnd() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            var spaces: [RoomID] = []
            for name in ["one", "two", "three"] { spaces.append(try await space(fixture, name, by: alice)) }
            for parent in spaces { for child in spaces { try await add(child, to: parent, [:], fixture, by: alice) } }
            for limit in [1, 2, 50] {
                var query = HierarchyQuery()
                query.limit = limit
                #expect(try await walk(fixture, spaces[0], query, for: alice) == ["one", "two", "three"])
            }
        }
    }

    @Test func nobodySeesWhatTheyMayNotKnowOf() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "invited", "banned")
            let (alice, bob, invited, banned) = (people[0], people[1], people[2], people[3])
            let root = try await space(fixture, "root", by: alice)
            let secret = try await room(fixture, "secret", by: alice, preset: .privateChat)
            let hidden = try await space(fixture, "hidden", by: alice, preset: .privateChat)
            let inside = try await room(fixture, "inside", by: alice)
            let knock = try await room(fixture, "knock", by: alice, rule: ["join_rule": "knock"])
            let restricted = try await room(
                fixture, "restricted", by: alice,
                rule: ["join_rule": "restricted", "allow": [["type": "m.room_membership", "room_id": .string(root.rawValue)]]])
            let open = try await room(fixture, "open", by: alice)
            for child in [secret, hidden, knock, restricted, open] { try await add(child, to: root, [:], fixture, by: alice) }
            try await add(inside, to: hidden, [:], fixture, by: alice)
            try await fixture.join(root, bob)
            try await fixture.invite(invited, to: secret, by: alice)
            try await fixture.home.membership.ban(banned.userID, from: open, by: alice.userID, reason: nil)

            #expect(try await walk(fixture, root, for: alice) == ["root", "secret", "hidden", "inside", "knock", "restricted", "open"])
            #expect(try await walk(fixture, root, for: bob) == ["root", "knock", "restricted", "open"])
            #expect(try await walk(fixture, root, for: invited) == ["root", "secret", "knock", "open"])
            #expect(try await walk(fixture, root, for: banned) == ["root", "knock"])
            for space in [hidden, secret, RoomID(trusted: "!none")] {
                await expect(.forbidden) { _ = try await walk(fixture, space, for: bob) }
            }
            await expect(.forbidden) { _ = try await walk(fixture, open, for: banned) }
            // Any room can be asked for; one that is no space has no children.
            #expect(try await walk(fixture, open, for: bob) == ["open"])
            // What happens between two pages counts.
            var query = HierarchyQuery()
            query.limit = 2
            let first = try await fixture.home.spaces.rooms(of: root, query, for: bob.userID)
            try await fixture.leave(root, bob)
            query.from = first.string("next_batch")
            #expect(try await walk(fixture, root, query, for: bob) == ["open"])
        }
    }

    @Test func aTokenIsOfOneUserAndOneWalk() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let root = try await space(fixture, "root", by: alice)
            let other = try await space(fixture, "other", by: alice)
            for name in ["a", "b", "c"] { try await add(room(fixture, name, by: alice), to: root, [:], fixture, by: alice) }
            var query = HierarchyQuery()
            query.limit = 2
            query.maxDepth = 5
            query.from = try await fixture.home.spaces.rooms(of: root, query, for: alice.userID).string("next_batch")
            let spaces = fixture.home.spaces
            await expect(.invalidParameter) { _ = try await spaces.rooms(of: root, query, for: bob.userID) }
            await expect(.invalidParameter) { _ = try await spaces.rooms(of: other, query, for: alice.userID) }
            for change in [{ $0.suggestedOnly = true }, { $0.maxDepth = 4 }, { $0.maxDepth = nil }, { $0.from = "x" }, { $0.from = "" }]
                as [(inout HierarchyQuery) -> Void]
            {
                var changed = query
                change(&changed)
                await expect(.invalidParameter) { _ = try await spaces.rooms(of: root, changed, for: alice.userID) }
            }
            // An answer that was lost can be asked for again, with another limit too.
            for limit in [2, 1] {
                query.limit = limit
                #expect(try await names(spaces.rooms(of: root, query, for: alice.userID)) == Array(["b", "c"].prefix(limit)))
            }
            // Old walks are forgotten in favour of new ones.
            for _ in 0..<(2 * SpaceHierarchy.maxWalks) {
                var fresh = query
                fresh.from = nil
                _ = try await spaces.rooms(of: root, fresh, for: bob.userID)
            }
            await expect(.invalidParameter) { _ = try await spaces.rooms(of: root, query, for: alice.userID) }
        }
    }
}
