import Cryptography
import Logging
public import MatrixCore
import Storage

/// Makes accounts.
///
/// The first account of a box is its owner's. Where accounts need an invitation, the first one needs none;
/// where they are made on the command line only, so is the first.
public final class Registration: Sendable {
    private let database: Database
    private let sessions: Sessions
    private let passwords: Passwords
    private let authentication: UserInteractiveAuthentication
    private let invites: Invites
    private let limiter: RateLimiter
    private let namespaces: ServiceNamespaces
    private let serverName: String
    private let mode: HomeserverConfiguration.Registration
    private let clock: Clock
    private let joinHomeRoom: @Sendable (UserID) async throws -> Void
    private let logger: Logger

    /// - Parameter joinHomeRoom: called for each new account, before its owner hears of it.
    init(
        database: Database, sessions: Sessions, passwords: Passwords, authentication: UserInteractiveAuthentication, invites: Invites,
        limiter: RateLimiter, namespaces: ServiceNamespaces = .none, serverName: String, mode: HomeserverConfiguration.Registration, clock: Clock,
        logger: Logger,
        joinHomeRoom: @escaping @Sendable (UserID) async throws -> Void
    ) {
        self.database = database
        self.sessions = sessions
        self.passwords = passwords
        self.authentication = authentication
        self.invites = invites
        self.limiter = limiter
        self.namespaces = namespaces
        self.serverName = serverName
        self.mode = mode
        self.clock = clock
        self.joinHomeRoom = joinHomeRoom
        self.logger = logger
    }

    /// Whether the box has an owner. Until then, whoever comes first becomes it.
    public var ownerExists: Bool {
        get async throws { try await database.read { try $0.hasAnyAccount() } }
    }

    /// Throws what is wrong with a user name for a new account.
    ///
    /// spec: client-server-api/#get_matrixclientv3registeravailable
    public func checkAvailability(of username: String) async throws {
        let user = try newUserID(from: username)
        try namespaces.check(user)
        guard try await !database.read({ try $0.accountExists(user) }) else { throw Self.userInUse }
    }

    /// spec: client-server-api/#post_matrixclientv3register
    public func register(_ request: InteractiveRequest) async throws -> AccountAccess {
        guard mode != .closed else { throw MatrixError(.forbidden, "Accounts on this box are made by its owner.") }
        if let access = authentication.registered(by: request) { return try await registeredAgain(access) }
        let early = try Wish(authentication.parameters(of: request))
        if try await guestToUpgrade(by: early) == nil, let username = early.username { try await checkAvailability(of: username) }
        if let password = early.password { try Passwords.checkBounds(password) }

        let proof = try await authentication.authenticate(request, flows: [[try await stage()]])
        let wish = try Wish(proof.body)
        guard let password = wish.password else { throw MatrixError(.missingParameter, "password is missing.") }
        if let address = request.address { try limiter.take(.registrationsFromAddress(address)) }
        do {
            let access = try await create(wish, passwordHash: passwords.hash(password), isAdministrator: false) { [self] isFirst, transaction in
                guard mode == .invite, !isFirst else { return }
                guard let token = proof.registrationToken else { throw Self.tooLateToOwn }
                try invites.use(token, in: transaction)
            }
            authentication.end(proof, with: access)
            guard proof.registrationToken != nil else { return access }
            var answer = access
            answer.authentication = authentication.progress(of: proof)
            return answer
        } catch let error as MatrixError where error == Invites.notValid {
            throw authentication.refusal(proof, error)
        }
    }

    /// Whether a registration token can be used now. The server promises nothing for later.
    ///
    /// spec: client-server-api/#get_matrixclientv1registermloginregistration_tokenvalidity
    public func isInvitation(_ token: String, address: String?) async throws -> Bool {
        try await authentication.isInvitation(token, address: address)
    }

    /// Completes the token stage of a session from the fallback page. `false` if the token or the session is not valid.
    public func submitInvitation(_ token: String, session: String, address: String?) async throws -> Bool {
        try await authentication.submitRegistrationToken(token, session: session, address: address)
    }

    /// For the owner, who needs no invitation.
    public func createAccount(username: String, password: String, isAdministrator: Bool) async throws -> UserID {
        let wish = Wish(username: username, password: password)
        return try await create(wish, passwordHash: passwords.hash(password), isAdministrator: isAdministrator) { _, _ in }.userID
    }

    /// For a script that knows the secret of the configuration.
    ///
    /// - Parameter body: may wish for a device, as in `register`.
    func createAccount(
        _ body: JSONObject, username: String, password: String, isAdministrator: Bool, displayName: String?
    ) async throws -> AccountAccess {
        var wish = try Wish(body)
        wish.displayName = displayName
        _ = try Username.newUserID(from: username, serverName: serverName)
        return try await create(wish, passwordHash: passwords.hash(password), isAdministrator: isAdministrator) { _, _ in }
    }

    // MARK: Steps

    private struct Wish: Sendable {
        var username: String?
        var password: String?
        /// The user name, if nothing else is wished for.
        var displayName: String?
        var device: DeviceWish?
        /// Proves that the user name is that of a guest, who now makes a full account of it.
        var guestAccessToken: String?

        init(username: String, password: String) {
            self.username = username
            self.password = password
        }

        init(_ body: JSONObject) throws(MatrixError) {
            username = try body.optionalString("username")
            password = try body.optionalString("password")
            guestAccessToken = try body.optionalString("guest_access_token")
            if try body.optionalBool("inhibit_login") != true { device = try DeviceWish(body) }
        }
    }

    /// For a client whose answer was lost on the way: the same account and device, with a new token.
    private func registeredAgain(_ access: AccountAccess) async throws -> AccountAccess {
        guard let deviceID = access.deviceID else { return access }
        return try await database.write { [self] transaction in
            guard let account = try transaction.account(of: access.userID), !account.isDeactivated,
                let device = try transaction.device(deviceID, of: access.userID)
            else { throw Self.userInUse }
            let login = try sessions.begin(for: access.userID, deviceID: device.deviceID, displayName: nil, in: transaction)
            return AccountAccess(userID: access.userID, deviceID: login.deviceID, accessToken: login.accessToken)
        }
    }

    private func stage() async throws -> UserInteractiveAuthentication.Stage {
        guard mode == .invite else { return .dummy }
        return try await ownerExists ? .registrationToken : .dummy
    }

    /// - Parameter admit: decides in the same transaction whether the account may be made.
    private func create(
        _ wish: Wish, passwordHash: String, isAdministrator: Bool,
        admit: @escaping @Sendable (_ isFirst: Bool, WriteTransaction) throws -> Void
    ) async throws -> AccountAccess {
        let guest = try await guestToUpgrade(by: wish)
        let wished = try guest == nil ? wish.username.map { try newUserID(from: $0) } : nil
        if let wished { try namespaces.check(wished) }
        let access = try await database.write { [self] transaction in
            let isFirst = try !transaction.hasAnyAccount()
            try admit(isFirst, transaction)
            let user = try guest ?? wished ?? unusedUserID(in: transaction)
            if guest != nil {
                guard try transaction.upgradeGuest(user, passwordHash: passwordHash, isAdministrator: isAdministrator || isFirst) else {
                    throw Self.userInUse
                }
                // Its token has proven what it had to. A device that goes on under its name keeps its keys.
                let kept = try wish.device?.deviceID.flatMap { try transaction.device($0, of: user)?.key }
                try sessions.endAll(of: user, except: kept, in: transaction)
            } else {
                guard
                    try transaction.insertAccount(
                        user, passwordHash: passwordHash, isAdministrator: isAdministrator || isFirst, timestamp: clock.nowMilliseconds)
                else { throw Self.userInUse }
                // The name as it was typed, capitals and all, is what the others should see.
                var name = JSONWriter()
                name.string(wish.displayName ?? wish.username ?? user.localpart)
                try transaction.setProfileField("displayname", of: user, to: name.bytes)
            }
            guard let device = wish.device else { return AccountAccess(userID: user, deviceID: nil, accessToken: nil) }
            let login = try sessions.begin(for: user, deviceID: device.deviceID, displayName: device.displayName, in: transaction)
            return AccountAccess(userID: user, deviceID: login.deviceID, accessToken: login.accessToken)
        }
        do {
            try await joinHomeRoom(access.userID)
        } catch {
            // The account exists, and its user can join by hand.
            logger.warning("\(access.userID) was not taken into the home room: \(error)")
        }
        return access
    }

    private func newUserID(from username: String) throws(MatrixError) -> UserID {
        let user = try Username.newUserID(from: username, serverName: serverName)
        guard !user.localpart.hasPrefix(Guests.localpartPrefix) else {
            throw MatrixError(.invalidUsername, "Names that begin with \(Guests.localpartPrefix) are for guests.")
        }
        return user
    }

    /// The guest who wants a full account of the same name, if the wish is one of that kind.
    ///
    /// spec: client-server-api/#guest-access
    private func guestToUpgrade(by wish: Wish) async throws -> UserID? {
        guard let token = wish.guestAccessToken else { return nil }
        guard let username = wish.username else { throw MatrixError(.missingParameter, "username is missing: the guest's own.") }
        let refusal = MatrixError(.forbidden, "Only guests themselves can make a full account of their own name.")
        do {
            let session = try await sessions.session(for: token)
            guard session.isGuest, session.userID.localpart == Username.lowercasedASCII(username) else { throw refusal }
            return session.userID
        } catch let error as MatrixError where error == Sessions.unknownToken {
            throw refusal
        }
    }

    private func unusedUserID(in transaction: WriteTransaction) throws -> UserID {
        while true {
            let user = UserID(localpart: "user-" + SecureRandom.string(length: 6, alphabet: "abcdefghjkmnpqrstuvwxyz23456789"), server: serverName)
            if try !transaction.accountExists(user) { return user }
        }
    }

    private static let userInUse = MatrixError(.userInUse, "This user name is taken.")
    private static let tooLateToOwn = MatrixError(.forbidden, "Somebody else became the owner of this box a moment ago. Ask them for an invitation.")
}
