import MatrixCore
import Storage
import Synchronization
import Testing

@testable import Homeserver

/// What the services of accounts do together, where HTTP cannot look.
struct AccountsTests {
    private func login(_ name: String, _ password: String) -> JSONObject {
        ["type": "m.login.password", "identifier": ["type": "m.id.user", "user": .string(name)], "password": .string(password)]
    }

    @Test func theNameIsShownAsItWasTyped() async throws {
        try await AccountFixture.with { fixture in
            let user = try await fixture.registration(.closed).createAccount(username: "GrandMa", password: "x", isAdministrator: false)
            #expect(user.rawValue == "@grandma:box.test")
            #expect(try await fixture.database.read { try $0.profileNames(of: user).displayName } == "GrandMa")
        }
    }

    @Test func theFirstAccountAdministersTheBoxHoweverItIsMade() async throws {
        try await AccountFixture.with { fixture in
            let registration = fixture.registration(.closed)
            #expect(try await !registration.ownerExists)
            for name in ["ann", "ben"] { _ = try await registration.createAccount(username: name, password: "x", isAdministrator: false) }
            _ = try await registration.createAccount(username: "cleo", password: "x", isAdministrator: true)
            #expect(try await registration.ownerExists)
            let accounts = try await fixture.database.read { try $0.accounts() }
            #expect(accounts.map { "\($0.userID.localpart) \($0.isAdministrator)" } == ["ann true", "ben false", "cleo true"])
            await expect(.userInUse) { _ = try await registration.createAccount(username: "Ben", password: "x", isAdministrator: false) }
        }
    }

    /// On a poor Wi-Fi the answer gets lost, and the client asks again.
    @Test func aRepeatedRegistrationGivesTheSameAccount() async throws {
        try await AccountFixture.with { fixture in
            let registration = fixture.registration(.open)
            func register(_ body: JSONObject, session: String?, operation: String = "POST /register") async throws -> AccountAccess {
                var body = body
                body["auth"] = ["type": "m.login.dummy"]
                if let session { body["auth"] = ["type": "m.login.dummy", "session": .string(session)] }
                return try await registration.register(InteractiveRequest(operation: operation, body: body, address: nil))
            }
            func newSession(_ body: JSONObject) async throws -> String {
                let request = InteractiveRequest(operation: "POST /register", body: body, address: nil)
                let error = await matrixError { _ = try await registration.register(request) }
                return try #require(error?.details.string("session"))
            }
            for body: JSONObject in [["username": "ann", "password": "x"], ["password": "x"]] {
                let session = try await newSession(body)
                let first = try await register(body, session: session)
                let second = try await register(body, session: session)
                #expect(second.userID == first.userID)
                #expect(second.deviceID == first.deviceID)
                let token = try #require(second.accessToken)
                #expect(try await fixture.sessions.session(for: token).userID == first.userID)
                let devices = try await fixture.database.read { try $0.devices(of: first.userID) }
                #expect(devices.count == 1)

                // Whoever logged out does not come back this way.
                try await fixture.sessions.logOut(fixture.sessions.session(for: token))
                await expect(.userInUse) { _ = try await register(body, session: session) }
            }
            #expect(try await fixture.database.read { try $0.accounts() }.count == 2)

            let body: JSONObject = ["username": "ben", "password": "x", "inhibit_login": true]
            let session = try await newSession(body)
            _ = try await register(body, session: session)
            #expect(try await register(body, session: session).accessToken == nil)
            // Only in the session in which it was made, and not for long.
            await expect(.userInUse) { _ = try await register(body, session: nil) }
            fixture.time.pass(milliseconds: UserInteractiveAuthentication.lifetimeMilliseconds)
            await expect(.userInUse) { _ = try await register(body, session: session) }
        }
    }

    @Test func failuresCountAndSuccessesDoNot() async throws {
        try await AccountFixture.with(hasRateLimits: true) { fixture in
            _ = try await fixture.account("ann", password: "apple")
            for _ in 0..<12 { _ = try await fixture.login.logIn(login("ann", "apple"), address: "192.168.1.5") }
            for _ in 0..<10 { await expect(.forbidden) { _ = try await fixture.login.logIn(login("ann", "pear"), address: "192.168.1.5") } }
            // From everywhere, and with the right password too: whoever guesses must not learn that it was right.
            await expect(.limitExceeded) { _ = try await fixture.login.logIn(login("Ann", "apple"), address: "192.168.1.6") }
            fixture.time.pass(seconds: 31)
            _ = try await fixture.login.logIn(login("ann", "apple"), address: "192.168.1.6")
        }
    }

    @Test func anAccountThatEndsLeavesNothingBehind() async throws {
        try await HomeFixture.with { fixture in
            let home = fixture.home
            let owner = try await fixture.person("owner")
            let ann = try await fixture.person("ann")
            let room = try await fixture.room(by: owner, members: [ann])
            try await home.accountData.set("a", of: ann.userID, room: nil, to: [:])
            try await home.pushRules.setEnabled(.override, ".m.rule.reaction", of: ann.userID, false)
            let filter = try await home.filters.create([:], of: ann.userID)
            try await home.accounts.deactivate(ann.userID, erases: true)

            #expect(try await fixture.membership(of: ann, in: room) == "leave")
            #expect(try await home.database.read { try $0.accountData(of: ann.userID) }.isEmpty)
            #expect(try await home.database.read { try $0.devices(of: ann.userID) }.isEmpty)
            #expect(try await home.database.read { try $0.profile(of: ann.userID) }.isEmpty)
            #expect(try await home.pushRules.rules(of: ann.userID).rule(.override, ".m.rule.reaction").enabled)
            await expect(.notFound) { _ = try await home.filters.definition(filter, of: ann.userID) }
            await expect(.notFound) { _ = try await home.accounts.existing("ann") }
            await expect(.userInUse) { try await home.registration.checkAvailability(of: "ann") }
            #expect(try await home.userDirectory.search("ann", limit: nil).people.isEmpty)
        }
    }

    @Test func roomsAreLeftBeforeAnAccountEnds() async throws {
        try await HomeFixture.with { fixture in
            let ann = try await fixture.person("ann")
            struct Failure: Error {}
            let passwords = Passwords()
            let database = fixture.home.database
            let limiter = RateLimiter(isEnabled: false)
            let credentials = Credentials(database: database, passwords: passwords, limiter: limiter, serverName: HomeFixture.serverName)
            let accounts = Accounts(
                database: database, sessions: fixture.home.sessions, passwords: passwords,
                authentication: UserInteractiveAuthentication(credentials: credentials, invites: fixture.home.invites, limiter: limiter),
                services: fixture.home.applicationServices, serverName: HomeFixture.serverName, leaveAllRooms: { _ in throw Failure() })
            await #expect(throws: Failure.self) { try await accounts.deactivate(ann.userID) }
            // It can be done again.
            #expect(try await database.read { try $0.account(of: ann.userID)?.isDeactivated } == false)
        }
    }

    @Test func aNewPasswordFromTheOwnerLogsOutEverywhere() async throws {
        try await AccountFixture.with { fixture in
            let (ann, token) = try await fixture.account("ann", password: "apple")
            let accounts = Accounts(
                database: fixture.database, sessions: fixture.sessions, passwords: fixture.passwords, authentication: fixture.authentication,
                services: fixture.home.home.applicationServices, serverName: HomeFixture.serverName, leaveAllRooms: { _ in })
            _ = try await fixture.sessions.session(for: token)
            try await accounts.setPassword("pear", of: accounts.existing("@Ann:box.test"))
            await expect(.unknownToken) { _ = try await fixture.sessions.session(for: token) }
            await expect(.forbidden) { _ = try await fixture.login.logIn(login("ann", "apple"), address: nil) }
            #expect(try await fixture.login.logIn(login("ann", "pear"), address: nil).userID == ann)
        }
    }

    @Test func aProfileHasAtMost64KiB() async throws {
        try await HomeFixture.with { fixture in
            let ann = try await fixture.person("ann").userID
            let profiles = fixture.home.profiles
            let half = JSONValue.string(String(repeating: "a", count: 30_000))
            try await profiles.setField("com.example.a", of: ann, body: ["com.example.a": half])
            try await profiles.setField("com.example.b", of: ann, body: ["com.example.b": half])
            let error = await matrixError { try await profiles.setField("com.example.c", of: ann, body: ["com.example.c": half]) }
            #expect(error?.code?.name == "M_PROFILE_TOO_LARGE")
            // Replacing is not adding.
            try await profiles.setField("com.example.b", of: ann, body: ["com.example.b": half])
            try await profiles.deleteField("com.example.a", of: ann)
            try await profiles.setField("com.example.c", of: ann, body: ["com.example.c": half])
        }
    }

    @Test func onlyANewNameIsAnnounced() async throws {
        try await HomeFixture.with { fixture in
            let ann = try await fixture.person("ann").userID
            let announced = Mutex<[String]>([])
            let profiles = Profiles(database: fixture.home.database, moderation: fixture.home.moderation) { _, name, picture in
                announced.withLock { $0.append("\(name ?? "-") \(picture ?? "-")") }
            }
            try await profiles.setField("displayname", of: ann, body: ["displayname": "Ann"])
            try await profiles.setField("displayname", of: ann, body: ["displayname": "Ann"])
            try await profiles.setField("m.tz", of: ann, body: ["m.tz": "Europe/Berlin"])
            try await profiles.setField("avatar_url", of: ann, body: ["avatar_url": "mxc://box.test/a"])
            try await profiles.setField("displayname", of: ann, body: ["displayname": ""])
            try await profiles.deleteField("avatar_url", of: ann)
            try await profiles.deleteField("avatar_url", of: ann)
            #expect(announced.withLock { $0 } == ["Ann -", "Ann mxc://box.test/a", "- mxc://box.test/a", "- -"])
        }
    }
}
