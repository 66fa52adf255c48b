import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// spec: client-server-api/#room-membership
@Suite struct MembershipTests {
    // MARK: Who may not

    /// Somebody's relation to the room before they try something.
    enum Standing: String, CaseIterable, Sendable {
        case stranger, invited, joined, left, banned, knocking
    }

    /// What they try, themselves or towards another user of some standing.
    enum Attempt: String, CaseIterable, Sendable {
        case join, leave, knock, forget, invite, kick, ban, unban, send, name, type, read
    }

    struct Expectation: Sendable {
        let attempts: Set<Attempt>
    }

    /// In a room with the preset of a private chat and the join rule `invite`, without power.
    static let allowed: [Standing: Set<Attempt>] = [
        .stranger: [],
        .invited: [.join, .leave],
        // A private chat lets everyone invite.
        .joined: [.join, .leave, .invite, .send, .type, .read],
        .left: [.leave, .forget],
        .banned: [.forget],
        .knocking: [.leave],
    ]

    @Test(arguments: Standing.allCases, Attempt.allCases) func whoMayDoWhat(standing: Standing, attempt: Attempt) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("owner", "actor", "target", "newcomer")
            let (owner, actor, target, newcomer) = (people[0], people[1], people[2], people[3])
            let room = try await fixture.room(by: owner, preset: .privateChat, members: [target])
            let message = try await fixture.say("hello", in: room, by: owner)
            try await Self.bring(actor, to: standing, in: room, owner, fixture)
            if attempt == .unban { try await fixture.home.membership.ban(target.userID, from: room, by: owner.userID, reason: nil) }
            let before = try await fixture.wholeTimeline(of: room).map(\.eventID)
            let rowsBefore = try await fixture.membership(of: actor, in: room)

            func perform() async throws {
                let membership = fixture.home.membership
                switch attempt {
                case .join: _ = try await membership.join(.id(room), as: actor.userID)
                case .leave: try await membership.leave(room, as: actor.userID, reason: nil)
                case .knock: _ = try await membership.knock(.id(room), as: actor.userID, reason: nil)
                case .forget: try await membership.forget(room, as: actor.userID)
                case .invite: try await membership.invite(newcomer.userID, to: room, by: actor.userID, reason: nil)
                case .kick: try await membership.kick(target.userID, from: room, by: actor.userID, reason: nil)
                case .ban: try await membership.ban(target.userID, from: room, by: actor.userID, reason: nil)
                case .unban: try await membership.unban(target.userID, from: room, by: actor.userID, reason: nil)
                case .send: try await fixture.say("hi", in: room, by: actor)
                case .name: try await fixture.setState("m.room.name", "", ["name": "mine"], in: room, by: actor)
                case .type: try await fixture.home.typing.set(true, timeoutMilliseconds: nil, in: room, by: actor.userID)
                case .read: try await fixture.home.receipts.set("m.read", to: message, threadID: nil, in: room, by: actor.userID)
                }
            }
            if Self.allowed[standing]?.contains(attempt) == true {
                try await perform()
                return
            }
            let error = await matrixError(perform)
            switch (attempt, standing) {
            case (.forget, .stranger): #expect(error?.code == .notFound)
            case (.forget, _): #expect(error?.code == .unknown)
            default: #expect(error?.code == .forbidden, "\(String(describing: error))")
            }
            #expect(try await fixture.wholeTimeline(of: room).map(\.eventID) == before)
            #expect(try await fixture.membership(of: actor, in: room) == rowsBefore)
            #expect(fixture.home.typing.typists(in: room).isEmpty)
        }
    }

    private static func bring(_ user: Session, to standing: Standing, in room: RoomID, _ owner: Session, _ fixture: HomeFixture) async throws {
        switch standing {
        case .stranger: break
        case .invited: try await fixture.invite(user, to: room, by: owner)
        case .joined, .left, .banned:
            try await fixture.invite(user, to: room, by: owner)
            try await fixture.join(room, user)
            if standing == .left { try await fixture.leave(room, user) }
            if standing == .banned { try await fixture.home.membership.ban(user.userID, from: room, by: owner.userID, reason: nil) }
        case .knocking:
            try await fixture.setState("m.room.join_rules", "", ["join_rule": "knock"], in: room, by: owner)
            _ = try await fixture.home.membership.knock(.id(room), as: user.userID, reason: nil)
            try await fixture.setState("m.room.join_rules", "", ["join_rule": "invite"], in: room, by: owner)
        }
    }

    // MARK: What happens when one may

    @Test func joiningTwiceIsOneEvent() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0])
            try await fixture.join(room, people[1])
            let before = try await fixture.wholeTimeline(of: room).count
            try await fixture.join(room, people[1])
            #expect(try await fixture.wholeTimeline(of: room).count == before)
        }
    }

    @Test func leavingTwiceIsOneEventAndOneCanComeBack() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            try await fixture.leave(room, people[1])
            let before = try await fixture.wholeTimeline(of: room).count
            try await fixture.leave(room, people[1])
            #expect(try await fixture.wholeTimeline(of: room).count == before)
            try await fixture.join(room, people[1])
            try await fixture.say("back", in: room, by: people[1])
            #expect(try await fixture.membership(of: people[1], in: room) == "join")
        }
    }

    @Test func aJoinShowsNameReasonAndPicture() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            try await fixture.home.profiles.setField("displayname", of: bob.userID, body: ["displayname": "Bob"])
            try await fixture.home.profiles.setField("avatar_url", of: bob.userID, body: ["avatar_url": "mxc://box.test/a"])
            let room = try await fixture.room(by: alice)
            _ = try await fixture.home.membership.join(.id(room), as: bob.userID, reason: "curious")
            let key = StateKey("m.room.member", bob.userID.rawValue)
            #expect(
                try await fixture.state(of: room)[key] == [
                    "membership": "join", "displayname": "Bob", "avatar_url": "mxc://box.test/a", "reason": "curious",
                ])
            try await fixture.home.profiles.setField("displayname", of: bob.userID, body: ["displayname": "Robert"])
            #expect(
                try await fixture.state(of: room)[key] == ["membership": "join", "displayname": "Robert", "avatar_url": "mxc://box.test/a"])
        }
    }

    @Test func aRoomThatNobodyCanJoinDoesNotKeepTheOthersFromANewName() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let closed = try await fixture.room(by: alice)
            try await fixture.setState("m.room.join_rules", "", ["join_rule": "private"], in: closed, by: alice)
            let open = try await fixture.room(by: alice)
            try await fixture.home.profiles.setField("displayname", of: alice.userID, body: ["displayname": "Al"])
            let key = StateKey("m.room.member", alice.userID.rawValue)
            #expect(try await fixture.state(of: open)[key]?.string("displayname") == "Al")
            #expect(try await fixture.state(of: closed)[key]?.string("displayname") == nil)
        }
    }

    @Test func anInvitationIsDeclinedWithdrawnAndMadeAgain() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, preset: .privateChat)
            try await fixture.invite(bob, to: room, by: alice)
            try await fixture.leave(room, bob)
            #expect(try await fixture.membership(of: bob, in: room) == "leave")
            await expect(.forbidden) { try await fixture.join(room, bob) }
            try await fixture.invite(bob, to: room, by: alice)
            try await fixture.home.membership.kick(bob.userID, from: room, by: alice.userID, reason: "never mind")
            await expect(.forbidden) { try await fixture.join(room, bob) }
            try await fixture.invite(bob, to: room, by: alice)
            try await fixture.join(room, bob)
            await expect(.forbidden) { try await fixture.invite(bob, to: room, by: alice) }
        }
    }

    @Test func afterABanOnlyAnUnbanOpensTheDoor() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            try await fixture.home.membership.ban(bob.userID, from: room, by: alice.userID, reason: "spam")
            #expect(try await fixture.state(of: room)[StateKey("m.room.member", bob.userID.rawValue)]?.string("reason") == "spam")
            await expect(.forbidden) { try await fixture.invite(bob, to: room, by: alice) }
            await expect(.forbidden) { try await fixture.join(room, bob) }
            await expect(.forbidden) { try await fixture.leave(room, bob) }
            await expect(.forbidden) { try await fixture.home.membership.kick(bob.userID, from: room, by: alice.userID, reason: nil) }
            try await fixture.home.membership.unban(bob.userID, from: room, by: alice.userID, reason: nil)
            await expect(.forbidden) { try await fixture.home.membership.unban(bob.userID, from: room, by: alice.userID, reason: nil) }
            try await fixture.invite(bob, to: room, by: alice)
            try await fixture.join(room, bob)
        }
    }

    @Test func powerDecidesWhoRemovesWhom() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("owner", "deputy", "other", "guest")
            let (owner, deputy, other, guest) = (people[0], people[1], people[2], people[3])
            let room = try await fixture.room(by: owner, members: [deputy, other, guest])
            var levels = try #require(try await fixture.state(of: room)[StateKey("m.room.power_levels")])
            levels["users"] = [.init(owner.userID.rawValue): 100, .init(deputy.userID.rawValue): 50, .init(other.userID.rawValue): 50]
            try await fixture.setState("m.room.power_levels", "", levels, in: room, by: owner)
            let membership = fixture.home.membership
            await expect(.forbidden) { try await membership.kick(owner.userID, from: room, by: deputy.userID, reason: nil) }
            await expect(.forbidden) { try await membership.ban(other.userID, from: room, by: deputy.userID, reason: nil) }
            await expect(.forbidden) { try await membership.kick(deputy.userID, from: room, by: guest.userID, reason: nil) }
            try await membership.kick(guest.userID, from: room, by: deputy.userID, reason: nil)
            try await membership.ban(guest.userID, from: room, by: deputy.userID, reason: nil)
            try await membership.ban(deputy.userID, from: room, by: owner.userID, reason: nil)
            // Who was banned has no power left.
            await expect(.forbidden) { try await membership.kick(other.userID, from: room, by: deputy.userID, reason: nil) }
        }
    }

    @Test func whoIsNotInTheRoomCannotBeKickedButCanBeBanned() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "stranger", "gone")
            let room = try await fixture.room(by: people[0], members: [people[2]])
            try await fixture.leave(room, people[2])
            for person in people.dropFirst() {
                await expect(.forbidden) { try await fixture.home.membership.kick(person.userID, from: room, by: people[0].userID, reason: nil) }
                try await fixture.home.membership.ban(person.userID, from: room, by: people[0].userID, reason: nil)
                await expect(.forbidden) { try await fixture.join(room, person) }
            }
        }
    }

    @Test func nobodyIsInvitedWhoDoesNotExist() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            await expect(.notFound) {
                try await fixture.home.membership.invite(UserID(trusted: "@ghost:box.test"), to: room, by: alice.userID, reason: nil)
            }
        }
    }

    @Test func roomsThatDoNotExist() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let nowhere = RoomID(trusted: "!nowhere:box.test")
            let alias = try #require(RoomAlias("#nowhere:box.test"))
            await expect(.notFound) { _ = try await fixture.home.membership.join(.id(nowhere), as: alice.userID) }
            await expect(.notFound) { _ = try await fixture.home.membership.join(.alias(alias), as: alice.userID) }
            await expect(.forbidden) { try await fixture.leave(nowhere, alice) }
            await expect(.forbidden) { try await fixture.say("x", in: nowhere, by: alice) }
        }
    }

    // MARK: Knocking

    @Test(arguments: ["knock", "knock_restricted"]) func aKnockIsAnsweredByAnInvitation(rule: String) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: alice, preset: .privateChat)
            await expect(.forbidden) { _ = try await fixture.home.membership.knock(.id(room), as: bob.userID, reason: nil) }
            try await fixture.setState("m.room.join_rules", "", ["join_rule": .string(rule)], in: room, by: alice)
            _ = try await fixture.home.membership.knock(.id(room), as: bob.userID, reason: "please")
            #expect(try await fixture.state(of: room)[StateKey("m.room.member", bob.userID.rawValue)]?.string("reason") == "please")
            await expect(.forbidden) { try await fixture.join(room, bob) }
            try await fixture.invite(bob, to: room, by: alice)
            await expect(.forbidden) { _ = try await fixture.home.membership.knock(.id(room), as: bob.userID, reason: nil) }
            try await fixture.join(room, bob)
            await expect(.forbidden) { _ = try await fixture.home.membership.knock(.id(room), as: bob.userID, reason: nil) }
            _ = try await fixture.home.membership.knock(.id(room), as: carol.userID, reason: nil)
            try await fixture.home.membership.kick(carol.userID, from: room, by: alice.userID, reason: nil)
            #expect(try await fixture.membership(of: carol, in: room) == "leave")
        }
    }

    // MARK: Restricted rooms

    private func restrictedRoom(_ fixture: HomeFixture, _ owner: Session, rule: String, allow: RoomID) async throws -> RoomID {
        let room = try await fixture.room(by: owner, preset: .privateChat)
        try await fixture.setState(
            "m.room.join_rules", "",
            ["join_rule": .string(rule), "allow": [["type": "m.room_membership", "room_id": .string(allow.rawValue)]]], in: room, by: owner)
        return room
    }

    @Test(arguments: ["restricted", "knock_restricted"]) func membersOfTheNamedRoomMayJoin(rule: String) async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol", "dave")
            let (alice, bob, carol, dave) = (people[0], people[1], people[2], people[3])
            let club = try await fixture.room(by: alice, members: [bob])
            let room = try await restrictedRoom(fixture, alice, rule: rule, allow: club)
            try await fixture.join(room, bob)
            let key = StateKey("m.room.member", bob.userID.rawValue)
            #expect(try await fixture.state(of: room)[key]?.string("join_authorised_via_users_server") == alice.userID.rawValue)

            await expect(.forbidden) { try await fixture.join(room, carol) }
            try await fixture.invite(carol, to: room, by: alice)
            try await fixture.join(room, carol)
            let carolKey = StateKey("m.room.member", carol.userID.rawValue)
            #expect(try await fixture.state(of: room)[carolKey]?.string("join_authorised_via_users_server") == nil)

            // A new name needs nobody's authority, and does not repeat it.
            try await fixture.home.profiles.setField("displayname", of: bob.userID, body: ["displayname": "Bob"])
            #expect(try await fixture.state(of: room)[key] == ["membership": "join", "displayname": "Bob"])

            // Membership of the other room counts when one joins, and not after.
            try await fixture.leave(club, bob)
            try await fixture.say("still here", in: room, by: bob)
            try await fixture.leave(room, bob)
            await expect(.forbidden) { try await fixture.join(room, bob) }

            if rule == "knock_restricted" { _ = try await fixture.home.membership.knock(.id(room), as: dave.userID, reason: nil) }
        }
    }

    @Test func nobodyVouchesForThemselves() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "mallory")
            let (alice, mallory) = (people[0], people[1])
            let club = try await fixture.room(by: alice, preset: .privateChat)
            let room = try await restrictedRoom(fixture, alice, rule: "restricted", allow: club)
            let before = try await fixture.wholeTimeline(of: room).count
            await expect(.forbidden) {
                try await fixture.setState(
                    "m.room.member", mallory.userID.rawValue,
                    ["membership": "join", "join_authorised_via_users_server": .string(alice.userID.rawValue)], in: room, by: mallory)
            }
            #expect(try await fixture.membership(of: mallory, in: room) == nil)
            #expect(try await fixture.wholeTimeline(of: room).count == before)
        }
    }

    @Test func aRestrictedRoomWithoutAHostStaysClosed() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let club = try await fixture.room(by: people[0], members: [people[1]])
            let room = try await restrictedRoom(fixture, people[0], rule: "restricted", allow: club)
            try await fixture.leave(room, people[0])
            await expect(.forbidden) { try await fixture.join(room, people[1]) }
        }
    }

    // MARK: Forgetting

    @Test func aForgottenRoomIsGoneUntilOneIsBack() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, preset: .privateChat, members: [bob])
            let event = try await fixture.say("secret", in: room, by: alice)
            await expect(.unknown) { try await fixture.home.membership.forget(room, as: bob.userID) }
            try await fixture.leave(room, bob)
            _ = try await fixture.home.history.event(event, in: room, for: bob.userID)
            try await fixture.home.membership.forget(room, as: bob.userID)
            try await fixture.home.membership.forget(room, as: bob.userID)
            await expect(.notFound) { _ = try await fixture.home.history.event(event, in: room, for: bob.userID) }
            await expect(.forbidden) { _ = try await fixture.home.history.state(of: room, for: bob.userID) }
            // An invitation does not bring the history back, joining does.
            try await fixture.invite(bob, to: room, by: alice)
            await expect(.forbidden) { _ = try await fixture.home.history.state(of: room, for: bob.userID) }
            try await fixture.join(room, bob)
            _ = try await fixture.home.history.event(event, in: room, for: bob.userID)
        }
    }

    // MARK: Closing accounts, the home room

    @Test func aClosedAccountLeavesEverything() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let joined = try await fixture.room(by: alice, members: [bob])
            let invited = try await fixture.room(by: alice, preset: .privateChat)
            try await fixture.invite(bob, to: invited, by: alice)
            let banned = try await fixture.room(by: alice)
            try await fixture.home.membership.ban(bob.userID, from: banned, by: alice.userID, reason: nil)
            try await fixture.home.membership.leaveAll(as: bob.userID)
            #expect(try await fixture.membership(of: bob, in: joined) == "leave")
            #expect(try await fixture.membership(of: bob, in: invited) == "leave")
            #expect(try await fixture.membership(of: bob, in: banned) == "ban")
        }
    }

    private func homeRoom(_ fixture: HomeFixture) -> HomeRoom {
        HomeRoom(
            isEnabled: true, database: fixture.home.database, rooms: fixture.home.rooms, membership: fixture.home.membership,
            serverName: fixture.home.serverName)
    }

    @Test func everyoneComesIntoTheHomeRoomEvenAfterItsOwnerLeft() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol", "dave")
            let home = homeRoom(fixture)
            try await home.join(people[0].userID)
            try await home.join(people[1].userID)
            let room = try #require(try await fixture.home.membership.joinedRooms(of: people[1].userID).first)
            #expect(try await fixture.home.membership.joinedRooms(of: people[0].userID) == [room])
            try await fixture.leave(room, people[0])
            try await home.join(people[2].userID)
            #expect(try await fixture.home.membership.joinedRooms(of: people[2].userID) == [room])
            // When all have left, the next one starts anew, under the same address.
            try await fixture.leave(room, people[1])
            try await fixture.leave(room, people[2])
            try await home.join(people[3].userID)
            let fresh = try #require(try await fixture.home.membership.joinedRooms(of: people[3].userID).first)
            #expect(fresh != room)
            #expect(try await fixture.home.directory.roomID(of: RoomAlias(localpart: "home", server: HomeFixture.serverName)) == fresh)
            try await home.join(people[0].userID)
            #expect(try await fixture.home.membership.joinedRooms(of: people[0].userID) == [fresh])
        }
    }

    @Test func whoWasBannedFromTheHomeRoomStaysOut() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let home = homeRoom(fixture)
            try await home.join(people[0].userID)
            let room = try #require(try await fixture.home.membership.joinedRooms(of: people[0].userID).first)
            try await fixture.home.membership.ban(people[1].userID, from: room, by: people[0].userID, reason: nil)
            await expect(.forbidden) { try await home.join(people[1].userID) }
        }
    }
}
