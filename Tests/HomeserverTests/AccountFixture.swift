import Cryptography
import Logging
import MatrixCore
import Storage
import Synchronization

@testable import Homeserver

/// The services of accounts over a box of their own, with clocks and limits that a test sets.
struct AccountFixture: Sendable {
    let home: HomeFixture
    /// What durations are measured with.
    let time = SteppedTime()
    let limiter: RateLimiter
    let sessions: Sessions
    let passwords = Passwords()
    let invites: Invites
    let authentication: UserInteractiveAuthentication
    let login: Login

    var database: Database { home.home.database }

    init(_ home: HomeFixture, hasRateLimits: Bool = false) {
        self.home = home
        let (time, clock, database) = (time, home.clock, home.home.database)
        let monotonicClock = MonotonicClock { time.milliseconds }
        limiter = RateLimiter(isEnabled: hasRateLimits, clock: monotonicClock)
        sessions = Sessions(database: database, clock: Clock { clock.nowMilliseconds }, monotonicClock: monotonicClock)
        invites = Invites(database: database, clock: Clock { clock.nowMilliseconds }, monotonicClock: monotonicClock)
        let credentials = Credentials(database: database, passwords: passwords, limiter: limiter, serverName: HomeFixture.serverName)
        authentication = UserInteractiveAuthentication(credentials: credentials, invites: invites, limiter: limiter, clock: monotonicClock)
        login = Login(database: database, sessions: sessions, credentials: credentials, services: home.home.applicationServices)
    }

    static func with(hasRateLimits: Bool = false, _ body: @Sendable (AccountFixture) async throws -> Void) async throws {
        try await HomeFixture.with { try await body(AccountFixture($0, hasRateLimits: hasRateLimits)) }
    }

    func registration(_ mode: HomeserverConfiguration.Registration) -> Registration {
        let clock = home.clock
        return Registration(
            database: database, sessions: sessions, passwords: passwords, authentication: authentication, invites: invites, limiter: limiter,
            serverName: HomeFixture.serverName, mode: mode, clock: Clock { clock.nowMilliseconds },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, joinHomeRoom: { _ in })
    }

    func user(_ name: String) -> UserID { UserID(localpart: name, server: HomeFixture.serverName) }

    /// An account that is logged in once.
    func account(_ name: String, password: String? = nil) async throws -> (user: UserID, accessToken: String) {
        let user = user(name)
        var hash: String?
        if let password { hash = try await passwords.hash(password) }
        let stored = hash
        _ = try await database.write { try $0.insertAccount(user, passwordHash: stored, isAdministrator: false, timestamp: 0) }
        return (user, try await newLogin(of: user))
    }

    func newLogin(of user: UserID, device: String? = nil) async throws -> String {
        try await database.write { transaction in
            try sessions.begin(for: user, deviceID: device.map { DeviceID(trusted: $0) }, displayName: nil, in: transaction).accessToken
        }
    }
}

/// Time that passes when a test says so.
final class SteppedTime: Sendable {
    private let now = Mutex<Int64>(1_000_000)

    var milliseconds: Int64 { now.withLock { $0 } }

    func pass(milliseconds: Int64) { now.withLock { $0 += milliseconds } }
    func pass(seconds: Int64) { pass(milliseconds: seconds * 1_000) }
}
