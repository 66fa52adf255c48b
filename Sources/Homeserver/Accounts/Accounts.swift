public import MatrixCore
import Storage

/// An account as the owner sees it.
public struct AccountSummary: Sendable {
    public let userID: UserID
    public let isAdministrator: Bool
    public let isDeactivated: Bool
    public let isErased: Bool
    public let isLocked: Bool
    public let isSuspended: Bool
    public let createdTimestamp: Int64
    /// The application service that the account belongs to; `nil` for a person's.
    public let applicationService: String?
}

/// What happens to accounts after they were made.
public final class Accounts: Sendable {
    private let database: Database
    private let sessions: Sessions
    private let passwords: Passwords
    private let authentication: UserInteractiveAuthentication
    private let services: ApplicationServices
    private let serverName: String
    private let forgetSettings: @Sendable (UserID) -> Void
    private let leaveAllRooms: @Sendable (UserID) async throws -> Void
    private let deleteFiles: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - leaveAllRooms: called before an account ends.
    ///   - deleteFiles: called after an account has ended, to delete what closed accounts have in folders of their own.
    ///   - forgetSettings: called after it has ended, to drop what is cached of it.
    init(
        database: Database, sessions: Sessions, passwords: Passwords, authentication: UserInteractiveAuthentication,
        services: ApplicationServices, serverName: String,
        leaveAllRooms: @escaping @Sendable (UserID) async throws -> Void, deleteFiles: @escaping @Sendable () async throws -> Void = {},
        forgetSettings: @escaping @Sendable (UserID) -> Void = { _ in }
    ) {
        self.database = database
        self.sessions = sessions
        self.passwords = passwords
        self.authentication = authentication
        self.services = services
        self.serverName = serverName
        self.leaveAllRooms = leaveAllRooms
        self.deleteFiles = deleteFiles
        self.forgetSettings = forgetSettings
    }

    /// spec: client-server-api/#post_matrixclientv3accountpassword
    public func changePassword(_ request: InteractiveRequest, session: Session) async throws {
        // spec: application-service-api/#identity-assertion (account management is not theirs)
        guard session.applicationService == nil else { throw MatrixError(.forbidden, "An application service sets no passwords.") }
        if let wished = try authentication.parameters(of: request).optionalString("new_password") { try Passwords.checkBounds(wished) }
        let proof = try await authentication.authenticate(request, as: session.userID, flows: [[.password]])
        let hash = try await passwords.hash(proof.body.requiredString("new_password"))
        let endsOthers = try proof.body.optionalBool("logout_devices") ?? true
        try await database.write { [self] transaction in
            try transaction.setPasswordHash(hash, of: session.userID)
            if endsOthers { try sessions.endAll(of: session.userID, except: session.deviceKey, in: transaction) }
        }
        authentication.end(proof)
    }

    /// spec: client-server-api/#post_matrixclientv3accountdeactivate
    public func deactivate(_ request: InteractiveRequest, session: Session) async throws {
        var request = request
        if let service = session.applicationService { request.isVouchedFor = try await services.mayDeactivate(session.userID, service) }
        let proof = try await authentication.authenticate(request, as: session.userID, flows: [[.password]])
        try await deactivate(session.userID, erases: try proof.body.optionalBool("erase") ?? false)
        authentication.end(proof)
    }

    // MARK: For the owner

    public func list() async throws -> [AccountSummary] {
        try await database.read { try $0.accounts() }.map(Self.summary)
    }

    private static func summary(_ account: AccountRecord) -> AccountSummary {
        AccountSummary(
            userID: account.userID, isAdministrator: account.isAdministrator, isDeactivated: account.isDeactivated,
            isErased: account.isErased, isLocked: account.isLocked, isSuspended: account.isSuspended, createdTimestamp: account.createdTimestamp,
            applicationService: account.applicationService)
    }

    /// Also of a closed account.
    public func summary(of user: UserID) async throws -> AccountSummary? {
        try await database.read { try $0.account(of: user) }.map(Self.summary)
    }

    /// Whether the user ID was ever given out.
    public func exists(_ user: UserID) async throws -> Bool { try await database.read { try $0.accountExists(user) } }

    /// The account that a user name or user ID means. Throws `notFound`.
    public func existing(_ name: String) async throws -> UserID {
        guard let user = Username.knownUserID(from: name, serverName: serverName),
            let account = try await database.read({ try $0.account(of: user) }), !account.isDeactivated
        else { throw MatrixError(.notFound, "There is no account \(name.prefix(maxIdentifierBytes)).") }
        return account.userID
    }

    /// Gives the account a new password and, unless told otherwise, logs it out everywhere.
    public func setPassword(_ password: String, of user: UserID, endsSessions: Bool = true) async throws {
        let hash = try await passwords.hash(password)
        try await database.write { [self] transaction in
            try transaction.setPasswordHash(hash, of: user)
            if endsSessions { try sessions.endAll(of: user, in: transaction) }
        }
    }

    /// Ends an account. The rooms are left first: if the power fails in between, it can be done again.
    public func deactivate(_ user: UserID, erases: Bool = false) async throws {
        try await leaveAllRooms(user)
        try await database.write { [self] transaction in
            try transaction.markDeactivated(user)
            try sessions.endAll(of: user, in: transaction)
            try transaction.deleteSecrets(of: user)
            try transaction.deleteAccountData(of: user)
            try transaction.deleteFilters(of: user)
            if erases {
                try transaction.deleteProfile(of: user)
                try transaction.markErased(user)
            }
            transaction.afterCommit { [self] in
                forgetSettings(user)
                services.forget(user)
            }
        }
        // What a power cut interrupts here goes on by itself.
        try await deleteFiles()
    }
}
