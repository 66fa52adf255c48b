import Cryptography
import MatrixCore
import Testing

/// Rule 4 of versions 10 and 11, rule 5 of version 12. Alice created the room; Bob is the one it is about.
struct MembershipRulesTests {
    private let alice = RoomFixture.alice
    private let bob = RoomFixture.bob
    private let carol = RoomFixture.carol
    private static let memberships: [String?] = [nil, "leave", "invite", "join", "knock", "ban"]

    // MARK: join

    /// Which current membership lets Bob join, for each join rule.
    @Test(
        arguments: [
            ("public", [nil, "leave", "invite", "join", "knock"]), ("invite", ["invite", "join"]), ("knock", ["invite", "join"]),
            ("restricted", ["invite", "join"]), ("knock_restricted", ["invite", "join"]), ("private", []), ("unheard-of", []),
        ] as [(String, [String?])])
    func join(rule: String, allowed: [String?]) throws {
        for version in RoomVersion.allCases {
            for membership in Self.memberships {
                let room = room(version, joinRule: rule, bob: membership)
                let expected: MatrixError.Code? = knows(version, rule) && allowed.contains(membership) ? nil : .forbidden
                #expect(try room.membership(bob, "join", by: bob) == expected, "\(version) \(rule) \(membership ?? "none")")
                #expect(try room.membership(bob, "join", by: alice) == .forbidden)
            }
        }
    }

    /// A join rule that a version does not know closes the room.
    private func knows(_ version: RoomVersion, _ rule: String?) -> Bool {
        switch rule {
        case "knock": version != .v6
        case "restricted": ![.v6, .v7].contains(version)
        case "knock_restricted": ![.v6, .v7, .v8, .v9].contains(version)
        default: true
        }
    }

    @Test(arguments: RoomVersion.allCases)
    func roomWithoutJoinRulesIsClosed(version: RoomVersion) throws {
        #expect(try room(version, joinRule: nil, bob: nil).membership(bob, "join", by: bob) == .forbidden)
        #expect(try room(version, joinRule: nil, bob: "invite").membership(bob, "join", by: bob) == nil)
    }

    @Test(arguments: RoomVersion.allCases)
    func creatorJoinsFirst(version: RoomVersion) throws {
        var room = RoomFixture(version, createContent: ["additional_creators": [.string(bob)]])
        room.remove("m.room.member", alice)
        func join(_ user: String, after prevEvents: [String]) throws -> MatrixError.Code? {
            try room.verdict(on: room.event("m.room.member", user, ["membership": "join"], sender: user, prevEvents: prevEvents))
        }
        #expect(try join(alice, after: ["$create"]) == nil)
        #expect(try join(alice, after: ["$create", "$x"]) == .forbidden)
        #expect(try join(alice, after: ["$x"]) == .forbidden)
        #expect(try join(bob, after: ["$create"]) == .forbidden)
    }

    @Test(arguments: RoomVersion.allCases)
    func restrictedJoinNeedsAnAuthoriser(version: RoomVersion) throws {
        for rule in ["restricted", "knock_restricted"] where knows(version, rule) {
            var room = room(version, joinRule: rule, bob: "leave")
            room.setMembership(carol, "join")
            func join(_ authoriser: JSONValue?) throws -> MatrixError.Code? {
                var content = JSONObject()
                content["join_authorised_via_users_server"] = authoriser
                return try room.membership(bob, "join", by: bob, content)
            }
            #expect(try join(nil) == .forbidden)
            #expect(try join(.string(alice)) == nil)
            #expect(try join(.string(carol)) == nil)
            #expect(try join("@stranger:box.local") == .forbidden)
            #expect(try join("not a user") == .forbidden)
            #expect(try join(17) == .forbidden)
            // Carol may no longer invite.
            room.setLevels([:], ["invite": 1])
            #expect(try join(.string(carol)) == .forbidden)
            #expect(try join(.string(alice)) == nil)
            room.setMembership(bob, "ban")
            #expect(try join(.string(alice)) == .forbidden)
        }
        // Other join rules do not ask.
        let invite = room(version, joinRule: "invite", bob: nil)
        #expect(try invite.membership(bob, "join", by: bob, ["join_authorised_via_users_server": .string(alice)]) == .forbidden)
    }

    @Test(arguments: RoomVersion.allCases.filter(\.restrictedJoins))
    func authorisersServerHasToSign(version: RoomVersion) throws {
        var room = room(version, joinRule: "restricted", bob: nil)
        room.setMembership(RoomFixture.remote, "join")
        let content: JSONObject = ["membership": "join", "join_authorised_via_users_server": .string(RoomFixture.remote)]
        let event = room.event("m.room.member", bob, content, sender: bob)
        #expect(try room.verdict(on: event) == .forbidden)
        #expect(try room.verdict(on: event, signedBy: ["far.example"]) == nil)
    }

    // MARK: invite

    @Test(arguments: RoomVersion.allCases)
    func invite(version: RoomVersion) throws {
        for membership in Self.memberships {
            let room = room(version, joinRule: "invite", bob: membership)
            let expected: MatrixError.Code? = membership == "join" || membership == "ban" ? .forbidden : nil
            #expect(try room.membership(bob, "invite", by: alice) == expected)
            // Carol is not in the room.
            #expect(try room.membership(bob, "invite", by: carol) == .forbidden)
        }
        var room = room(version, joinRule: "invite", bob: nil)
        room.setMembership(carol, "join")
        room.setLevels([carol: 49], ["invite": 50])
        #expect(try room.membership(bob, "invite", by: carol) == .forbidden)
        room.setLevels([carol: 50], ["invite": 50])
        #expect(try room.membership(bob, "invite", by: carol) == nil)
    }

    @Test(arguments: RoomVersion.allCases)
    func thirdPartyInvite(version: RoomVersion) throws {
        let key = Ed25519PrivateKey()
        let other = Ed25519PrivateKey()
        let stranger = Ed25519PrivateKey()
        var room = room(version, joinRule: "invite", bob: nil)
        room.set(
            "m.room.third_party_invite", "token",
            [
                "display_name": "b", "public_key": .string(Base64.encode(key.publicKey)),
                "public_keys": [["public_key": .string(Base64.encodeURLSafe(other.publicKey))], ["public_key": "not a key"], 1],
            ])
        func signed(_ object: JSONObject, by key: Ed25519PrivateKey) -> JSONValue {
            .object(Signing.sign(object, name: "identity.example", keyID: "ed25519:0", key: key))
        }
        let correct: JSONObject = ["mxid": .string(bob), "token": "token"]
        func verdict(_ invite: JSONValue, sender: String = RoomFixture.alice) throws -> MatrixError.Code? {
            try room.membership(bob, "invite", by: sender, ["third_party_invite": invite])
        }
        #expect(try verdict(["display_name": "b", "signed": signed(correct, by: key)]) == nil)
        #expect(try verdict(["signed": signed(correct, by: other)]) == nil)
        #expect(try verdict(["signed": signed(correct, by: stranger)]) == .forbidden)
        #expect(try verdict(["signed": .object(correct)]) == .forbidden)
        #expect(try verdict(["signed": signed(["mxid": .string(carol), "token": "token"], by: key)]) == .forbidden)
        #expect(try verdict(["signed": signed(["mxid": .string(bob), "token": "unknown"], by: key)]) == .forbidden)
        #expect(try verdict(["signed": signed(["mxid": .string(bob)], by: key)]) == .badJSON)
        #expect(try verdict(["signed": signed(["token": "token"], by: key)]) == .badJSON)
        #expect(try verdict([:]) == .badJSON)
        #expect(try verdict("x") == .badJSON)
        #expect(try verdict(["signed": signed(correct, by: key)], sender: carol) == .forbidden)
        var tampered = Signing.sign(correct, name: "identity.example", keyID: "ed25519:0", key: key)
        tampered["extra"] = 1
        #expect(try verdict(["signed": .object(tampered)]) == .forbidden)
        room.setMembership(bob, "ban")
        #expect(try verdict(["signed": signed(correct, by: key)]) == .forbidden)
    }

    // MARK: leave, kick, unban

    @Test(arguments: RoomVersion.allCases)
    func leaveOneself(version: RoomVersion) throws {
        for membership in Self.memberships {
            let expected: MatrixError.Code? = ["invite", "join", "knock"].contains(membership) ? nil : .forbidden
            #expect(try room(version, joinRule: "invite", bob: membership).membership(bob, "leave", by: bob) == expected)
        }
    }

    /// Carol with her level removes Bob with his, in a room where kicking needs 50 and banning 60.
    @Test(
        arguments: [
            (50, 49, "join", true), (50, 50, "join", false), (49, 0, "join", false), (50, 0, "invite", true), (50, 0, "knock", true),
            (50, 0, "leave", true), (50, 0, nil, true), (50, 0, "ban", false), (60, 0, "ban", true), (60, 60, "ban", false), (59, 0, "ban", false),
        ] as [(Int64, Int64, String?, Bool)])
    func kickAndUnban(carolLevel: Int64, bobLevel: Int64, membership: String?, isAllowed: Bool) throws {
        for version in RoomVersion.allCases {
            var room = room(version, joinRule: "invite", bob: membership)
            room.setMembership(carol, "join")
            room.setLevels([carol: carolLevel, bob: bobLevel], ["kick": 50, "ban": 60])
            #expect(try room.membership(bob, "leave", by: carol) == (isAllowed ? nil : .forbidden))
            room.setMembership(carol, "leave")
            #expect(try room.membership(bob, "leave", by: carol) == .forbidden)
        }
    }

    @Test func unbanNeedsTheKickLevelToo() throws {
        for version in RoomVersion.allCases {
            var room = room(version, joinRule: "invite", bob: "ban")
            room.setMembership(carol, "join")
            room.setLevels([carol: 60], ["kick": 70, "ban": 60])
            #expect(try room.membership(bob, "leave", by: carol) == .forbidden)
        }
    }

    // MARK: ban

    @Test(arguments: [(60, 59, true), (60, 60, false), (59, 0, false)] as [(Int64, Int64, Bool)])
    func ban(carolLevel: Int64, bobLevel: Int64, isAllowed: Bool) throws {
        for version in RoomVersion.allCases {
            for membership in Self.memberships {
                var room = room(version, joinRule: "invite", bob: membership)
                room.setMembership(carol, "join")
                room.setLevels([carol: carolLevel, bob: bobLevel], ["ban": 60])
                #expect(try room.membership(bob, "ban", by: carol) == (isAllowed ? nil : .forbidden))
                room.setMembership(carol, "invite")
                #expect(try room.membership(bob, "ban", by: carol) == .forbidden)
            }
        }
    }

    @Test func creatorsOfVersion12CannotBeRemoved() throws {
        for version in RoomVersion.allCases {
            var room = RoomFixture(version, createContent: ["additional_creators": [.string(bob)]])
            room.setMembership(bob, "join")
            room.setMembership(carol, "join")
            room.setLevels([carol: 1_000_000])
            let removes: MatrixError.Code? = version == .v12 ? .forbidden : nil
            #expect(try room.membership(alice, "leave", by: carol) == removes)
            #expect(try room.membership(alice, "ban", by: carol) == removes)
            #expect(try room.membership(bob, "ban", by: carol) == removes)
            // Not even by each other.
            #expect(try room.membership(bob, "ban", by: alice) == removes)
            #expect(try room.membership(carol, "ban", by: alice) == (version == .v12 ? nil : .forbidden))
        }
    }

    // MARK: knock

    @Test(
        arguments: [
            ("knock", true), ("knock_restricted", true), ("public", false), ("invite", false), ("restricted", false), (nil, false),
        ] as [(String?, Bool)])
    func knock(rule: String?, isAllowed: Bool) throws {
        for version in RoomVersion.allCases {
            for membership in Self.memberships {
                let room = room(version, joinRule: rule, bob: membership)
                let canKnock = isAllowed && knows(version, rule) && [nil, "leave", "knock"].contains(membership)
                #expect(try room.membership(bob, "knock", by: bob) == (canKnock ? nil : .forbidden))
                #expect(try room.membership(bob, "knock", by: alice) == .forbidden)
            }
        }
    }

    // MARK: malformed

    @Test(arguments: RoomVersion.allCases)
    func malformed(version: RoomVersion) throws {
        let room = room(version, joinRule: "public", bob: nil)
        #expect(try room.verdict("m.room.member", nil, ["membership": "join"], by: bob) == .badJSON)
        #expect(try room.verdict("m.room.member", bob, [:], by: bob) == .badJSON)
        #expect(try room.verdict("m.room.member", bob, ["membership": 1], by: bob) == .badJSON)
        #expect(try room.verdict("m.room.member", bob, ["membership": "present"], by: bob) == .badJSON)
        #expect(try room.verdict("m.room.member", "bob", ["membership": "join"], by: bob) == .badJSON)
    }

    private func room(_ version: RoomVersion, joinRule: String?, bob membership: String?) -> RoomFixture {
        var room = RoomFixture(version)
        if let joinRule { room.setJoinRule(joinRule) }
        if let membership { room.setMembership(bob, membership) }
        return room
    }
}
