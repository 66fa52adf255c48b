import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// spec: client-server-api/#get_matrixclientv1room_summaryroomidoralias
@Suite struct RoomSummaryTests {
    enum Who: String, CaseIterable { case nobody, stranger, member, invited, knocking, left, banned }

    private static let rules: [String] = ["public", "invite", "knock", "restricted", "knock_restricted", "private"]

    @Test(arguments: rules, ["shared", "world_readable"]) func whoSeesWhichRoom(rule: String, visibility: String) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "stranger", "member", "invited", "knocking", "left", "banned")
            let alice = people[0]
            let sessions = Dictionary(uniqueKeysWithValues: zip(Who.allCases.dropFirst(), people.dropFirst()))
            let room = try await fixture.room(by: alice, members: [people[2], people[5], people[6]])
            try await fixture.invite(people[3], to: room, by: alice)
            try await fixture.leave(room, people[5])
            try await fixture.home.membership.ban(people[6].userID, from: room, by: alice.userID, reason: nil)
            try await fixture.setState("m.room.join_rules", "", ["join_rule": "knock"], in: room, by: alice)
            _ = try await fixture.home.membership.knock(.id(room), as: people[4].userID, reason: nil)
            try await fixture.setState("m.room.join_rules", "", ["join_rule": .string(rule)], in: room, by: alice)
            try await fixture.setState("m.room.history_visibility", "", ["history_visibility": .string(visibility)], in: room, by: alice)
            let isOpen = visibility == "world_readable" || ["public", "knock", "knock_restricted"].contains(rule)
            for who in Who.allCases {
                let user = sessions[who]?.userID
                guard isOpen || who == .member || who == .invited else {
                    await expect(.notFound) { _ = try await fixture.home.summaries.summary(of: .id(room), for: user) }
                    continue
                }
                let summary = try await fixture.home.summaries.summary(of: .id(room), for: user)
                let membership: String? =
                    switch who {
                    case .nobody: nil
                    case .stranger, .left: "leave"
                    case .member: "join"
                    case .invited: "invite"
                    case .knocking: "knock"
                    case .banned: "ban"
                    }
                #expect(summary.string("membership") == membership, "\(who)")
                #expect(summary.integer("num_joined_members") == 2 && summary.string("join_rule") == rule)
                #expect(summary.bool("world_readable") == (visibility == "world_readable"))
            }
        }
    }

    @Test func everythingThatARoomShows() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let club = try await fixture.room(by: alice, members: [bob])
            let allow: JSONValue = [
                ["type": "m.room_membership", "room_id": .string(club.rawValue)], ["type": "org.example.other"], "nonsense",
                ["type": "m.room_membership", "room_id": "no room"],
            ]
            let room = try await fixture.home.rooms.create(
                RoomCreation([
                    "room_version": "12", "name": "Cellar", "room_alias_name": "cellar", "creation_content": ["type": "m.space"],
                    "initial_state": [
                        ["type": "m.room.join_rules", "content": ["join_rule": "restricted", "allow": allow]],
                        ["type": "m.room.encryption", "content": ["algorithm": "m.megolm.v1.aes-sha2"]],
                        ["type": "m.room.avatar", "content": ["url": "mxc://box.test/a"]],
                        [
                            "type": "m.room.topic",
                            "content": ["topic": "old", "m.topic": ["m.text": [["mimetype": "text/html", "body": "<b>"], ["body": "plain"]]]],
                        ],
                    ],
                ]), by: alice.userID)
            let alias = try #require(RoomAlias("#cellar:box.test"))
            for target in [RoomTarget.id(room), .alias(alias)] {
                #expect(
                    try await fixture.home.summaries.summary(of: target, for: bob.userID) == [
                        "room_id": .string(room.rawValue), "name": "Cellar", "canonical_alias": "#cellar:box.test", "room_version": "12",
                        "room_type": "m.space", "join_rule": "restricted", "allowed_room_ids": [.string(club.rawValue)],
                        "encryption": "m.megolm.v1.aes-sha2", "avatar_url": "mxc://box.test/a", "topic": "plain", "num_joined_members": 1,
                        "world_readable": false, "guest_can_join": true, "membership": "leave",
                    ])
                await expect(.notFound) { _ = try await fixture.home.summaries.summary(of: target, for: carol.userID) }
                await expect(.notFound) { _ = try await fixture.home.summaries.summary(of: target, for: nil) }
            }
            await expect(.notFound) { _ = try await fixture.home.summaries.summary(of: .id(RoomID(trusted: "!none")), for: alice.userID) }
        }
    }
}
