import MatrixCore
import Storage
import Testing

@testable import Homeserver

struct InvitesTests {
    @Test func aTokenCanBeReadOut() async throws {
        try await AccountFixture.with { fixture in
            let tokens = try await (0..<20).asyncMap { _ in try await fixture.invites.create(uses: 1, lifetimeSeconds: nil, by: nil).token }
            #expect(Set(tokens).count == 20)
            for token in tokens {
                #expect(token.count == Invites.tokenLength)
                #expect(token.allSatisfy { Invites.alphabet.contains($0) })
            }
            #expect(Set("01OIl").isDisjoint(with: Set(Invites.alphabet)))
        }
    }

    @Test func usesAreCounted() async throws {
        try await AccountFixture.with { fixture in
            let invitation = try await fixture.invites.create(uses: 2, lifetimeSeconds: nil, by: nil)
            #expect(invitation.usesRemaining == 2)
            for _ in 0..<2 {
                #expect(try await fixture.invites.isValid(invitation.token))
                try await fixture.database.write { try fixture.invites.use(invitation.token, in: $0) }
            }
            #expect(try await !fixture.invites.isValid(invitation.token))
            await expect(.forbidden) { try await fixture.database.write { try fixture.invites.use(invitation.token, in: $0) } }
            let listed = try #require(try await fixture.invites.list().first)
            #expect(listed.uses == 2)
            #expect(listed.usesRemaining == 0)
            #expect(!listed.isValid)
        }
    }

    @Test func aUseThatComesToNothingIsNone() async throws {
        try await AccountFixture.with { fixture in
            let invitation = try await fixture.invites.create(uses: 1, lifetimeSeconds: nil, by: nil)
            await expect(.userInUse) {
                try await fixture.database.write { transaction in
                    try fixture.invites.use(invitation.token, in: transaction)
                    throw MatrixError(.userInUse, "")
                }
            }
            #expect(try await fixture.invites.isValid(invitation.token))
        }
    }

    @Test func oneUseIsForOneOfMany() async throws {
        try await AccountFixture.with { fixture in
            let invitation = try await fixture.invites.create(uses: 3, lifetimeSeconds: nil, by: nil)
            let admitted = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<40 {
                    group.addTask { (try? await fixture.database.write { try fixture.invites.use(invitation.token, in: $0) }) != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(admitted == 3)
        }
    }

    @Test func timeRunsOut() async throws {
        try await AccountFixture.with { fixture in
            let brief = try await fixture.invites.create(uses: nil, lifetimeSeconds: 60, by: nil)
            let eternal = try await fixture.invites.create(uses: nil, lifetimeSeconds: nil, by: nil)
            fixture.time.pass(milliseconds: 59_999)
            #expect(try await fixture.invites.isValid(brief.token))
            fixture.time.pass(milliseconds: 1)
            #expect(try await !fixture.invites.isValid(brief.token))
            await expect(.forbidden) { try await fixture.database.write { try fixture.invites.use(brief.token, in: $0) } }
            #expect(try await fixture.invites.isValid(eternal.token))
        }
    }

    @Test(arguments: [-1, 1])
    func aClockThatIsSetEndsNoInvitation(_ direction: Int64) async throws {
        try await AccountFixture.with { fixture in
            let invitation = try await fixture.invites.create(uses: nil, lifetimeSeconds: 60, by: nil)
            fixture.home.clock.jump(milliseconds: direction * 10 * 365 * 24 * 3_600_000)
            #expect(try await fixture.invites.isValid(invitation.token))
            fixture.time.pass(seconds: 61)
            #expect(try await !fixture.invites.isValid(invitation.token))
        }
    }

    @Test func afterARestartTheTimeOfDayCounts() async throws {
        try await AccountFixture.with { fixture in
            let invitation = try await fixture.invites.create(uses: nil, lifetimeSeconds: 60, by: nil)
            let restarted = AccountFixture(fixture.home)
            #expect(try await restarted.invites.isValid(invitation.token))
            fixture.home.clock.jump(milliseconds: 61_000)
            #expect(try await !restarted.invites.isValid(invitation.token))
        }
    }

    @Test func whatIsRevokedIsGone() async throws {
        try await AccountFixture.with { fixture in
            let invitation = try await fixture.invites.create(uses: nil, lifetimeSeconds: nil, by: nil)
            try await fixture.invites.revoke(invitation.token)
            #expect(try await !fixture.invites.isValid(invitation.token))
            #expect(try await fixture.invites.list().isEmpty)
            await expect(.notFound) { try await fixture.invites.revoke(invitation.token) }
        }
    }

    @Test func wishesHaveBounds() async throws {
        try await AccountFixture.with { fixture in
            for uses in [0, -1, Invites.maxUses + 1, .max, .min] {
                await expect(.invalidParameter) { _ = try await fixture.invites.create(uses: uses, lifetimeSeconds: nil, by: nil) }
            }
            for seconds in [0, -1, Invites.maxLifetimeSeconds + 1, .max, .min] {
                await expect(.invalidParameter) { _ = try await fixture.invites.create(uses: nil, lifetimeSeconds: seconds, by: nil) }
            }
            let isValid = try await fixture.invites.isValid(String(repeating: "A", count: 100_000))
            #expect(!isValid)
        }
    }

    @Test func uselessOnesMakeRoom() async throws {
        try await AccountFixture.with { fixture in
            func fill(_ count: Int, _ prefix: String, uses: Int64) async throws {
                try await fixture.database.write { transaction in
                    for number in 0..<count {
                        try transaction.insertRegistrationToken(
                            RegistrationToken(
                                token: "\(prefix)\(number)", usesAllowed: 1, uses: uses, expiresTimestamp: nil, createdBy: nil, createdTimestamp: 0))
                    }
                }
            }
            try await fill(10, "used", uses: 1)
            try await fill(Invites.maxInvitations - 10, "free", uses: 0)
            _ = try await fixture.invites.create(uses: 1, lifetimeSeconds: nil, by: nil)
            let left = try await fixture.invites.list()
            #expect(left.count == Invites.maxInvitations - 9)
            #expect(!left.contains { $0.token.hasPrefix("used") })

            try await fill(9, "more", uses: 0)
            await expect(.tooLarge) { _ = try await fixture.invites.create(uses: 1, lifetimeSeconds: nil, by: nil) }
        }
    }
}

extension Sequence {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
