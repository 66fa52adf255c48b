import Cryptography
import MatrixCore
import Storage
import Testing

@testable import Homeserver

struct SessionsTests {
    @Test func aTokenIsItsDevices() async throws {
        try await AccountFixture.with { fixture in
            let (ann, token) = try await fixture.account("ann")
            let session = try await fixture.sessions.session(for: token)
            #expect(session.userID == ann)
            #expect(try await fixture.sessions.session(for: token) == session)
            let device = try await fixture.database.read { try $0.device(session.deviceID, of: ann) }
            #expect(device?.key == session.deviceKey)
        }
    }

    @Test func whatIsNoToken() async throws {
        try await AccountFixture.with { fixture in
            let (_, token) = try await fixture.account("ann")
            for wrong in ["", "x", token + "x", String(token.dropLast()), String(repeating: "a", count: 100_000)] {
                let error = await matrixError { _ = try await fixture.sessions.session(for: wrong) }
                #expect(error?.code == .unknownToken)
                #expect(error?.details.bool("soft_logout") == false)
            }
        }
    }

    @Test func onlyTheDigestOfATokenIsKept() async throws {
        try await AccountFixture.with { fixture in
            let (_, token) = try await fixture.account("ann")
            let stored = try await fixture.database.read { try $0.connection.all("SELECT token_hash FROM access_tokens") { $0.blob(0) } }
            #expect(stored == [Digest.sha256(Array(token.utf8))])
        }
    }

    @Test func aSessionInUseNeedsNoDisk() async throws {
        try await AccountFixture.with { fixture in
            let (_, token) = try await fixture.account("ann")
            let session = try await fixture.sessions.session(for: token)
            // Behind the back of the service, which therefore cannot know.
            _ = try await fixture.database.write { try $0.connection.run("DELETE FROM access_tokens") }
            #expect(try await fixture.sessions.session(for: token) == session)
        }
    }

    @Test func whoIsLoggedOutIsOutAtOnce() async throws {
        try await AccountFixture.with { fixture in
            let (ann, token) = try await fixture.account("ann")
            let other = try await fixture.newLogin(of: ann)
            try await fixture.sessions.logOut(fixture.sessions.session(for: token))
            await expect(.unknownToken) { _ = try await fixture.sessions.session(for: token) }
            #expect(try await fixture.sessions.session(for: other).userID == ann)

            let (ben, benToken) = try await fixture.account("ben")
            try await fixture.sessions.logOutEverywhere(ann)
            await expect(.unknownToken) { _ = try await fixture.sessions.session(for: other) }
            #expect(try await fixture.sessions.session(for: benToken).userID == ben)
            #expect(try await fixture.database.read { try $0.devices(of: ann) }.isEmpty)
        }
    }

    @Test func aDeviceThatComesAgainHasOneToken() async throws {
        try await AccountFixture.with { fixture in
            let (ann, _) = try await fixture.account("ann")
            let first = try await fixture.newLogin(of: ann, device: "PHONE")
            let firstSession = try await fixture.sessions.session(for: first)
            let second = try await fixture.newLogin(of: ann, device: "PHONE")
            await expect(.unknownToken) { _ = try await fixture.sessions.session(for: first) }
            #expect(try await fixture.sessions.session(for: second) == firstSession)
        }
    }

    /// A request that reads the token before the logout must not put it back into the cache after it.
    @Test func aLogoutWinsAgainstRequestsUnderWay() async throws {
        try await AccountFixture.with { fixture in
            let (ann, _) = try await fixture.account("ann")
            for _ in 0..<60 {
                let token = try await fixture.newLogin(of: ann)
                let device = try #require(try await fixture.database.read { try $0.owner(ofTokenHash: Digest.sha256(Array(token.utf8))) })
                let session = Session(userID: ann, deviceID: device.deviceID, deviceKey: device.deviceKey, isAdministrator: false)
                try await withThrowingTaskGroup { group in
                    for _ in 0..<4 { group.addTask { _ = try? await fixture.sessions.session(for: token) } }
                    group.addTask { try await fixture.sessions.logOut(session) }
                    try await group.waitForAll()
                }
                await expect(.unknownToken) { _ = try await fixture.sessions.session(for: token) }
            }
        }
    }

    @Test func aDeviceWasSeenWhenItAsked() async throws {
        try await AccountFixture.with { fixture in
            let (ann, token) = try await fixture.account("ann")
            let session = try await fixture.sessions.session(for: token, address: "192.168.1.5")
            func stored() async throws -> (Int64?, String?) {
                let device = try await fixture.database.read { try $0.device(session.deviceID, of: ann) }
                return (device?.lastSeenTimestamp, device?.lastSeenAddress)
            }
            let seen = try #require(fixture.sessions.sighting(ofDevice: session.deviceKey))
            #expect(seen.address == "192.168.1.5")
            #expect(try await stored() == (nil, nil))

            // Whoever writes next takes it along.
            _ = try await fixture.newLogin(of: ann)
            #expect(try await stored() == (seen.timestamp, "192.168.1.5"))
            #expect(fixture.sessions.sighting(ofDevice: session.deviceKey) == nil)

            fixture.time.pass(milliseconds: Sessions.sightingIntervalMilliseconds - 1)
            _ = try await fixture.sessions.session(for: token, address: "192.168.1.6")
            #expect(fixture.sessions.sighting(ofDevice: session.deviceKey) == nil)
            fixture.time.pass(milliseconds: 1)
            _ = try await fixture.sessions.session(for: token, address: "192.168.1.6")
            try await fixture.sessions.saveSightings()
            #expect(try await stored().1 == "192.168.1.6")
        }
    }

    @Test func anEndingBoxRemembersWhoWasSeen() async throws {
        try await HomeFixture.with { fixture in
            let ann = try await fixture.person("ann")
            let token = try await fixture.home.database.write { transaction in
                try fixture.home.sessions.begin(for: ann.userID, deviceID: ann.deviceID, displayName: nil, in: transaction).accessToken
            }
            _ = try await fixture.home.sessions.session(for: token, address: "192.168.1.5")
            try await fixture.restart()
            #expect(try await fixture.home.devices.get(ann.deviceID, of: ann.userID).lastSeenAddress == "192.168.1.5")
        }
    }

    @Test func theDeviceThatIsUnusedForLongestMakesRoom() async throws {
        try await AccountFixture.with { fixture in
            let (ann, _) = try await fixture.account("ann")
            try await fixture.database.write { transaction in
                for number in 1..<Sessions.maxDevicesOfUser {
                    let key = try transaction.insertDevice(DeviceID(trusted: "D\(number)"), of: ann, displayName: nil)
                    try transaction.setLastSeen(timestamp: Int64(number == 5 ? 1 : 1_000 + number), address: nil, ofDevice: key)
                }
                // Only the device of the account's first login was never seen.
                let first = try #require(try transaction.leastRecentlySeenDevice(of: ann))
                try transaction.setLastSeen(timestamp: 2_000, address: nil, ofDevice: first.key)
            }
            _ = try await fixture.newLogin(of: ann)
            let devices = try await fixture.database.read { try $0.devices(of: ann) }
            #expect(devices.count == Sessions.maxDevicesOfUser)
            #expect(!devices.contains { $0.deviceID.rawValue == "D5" })
            #expect(devices.contains { $0.deviceID.rawValue == "D4" })
        }
    }
}
