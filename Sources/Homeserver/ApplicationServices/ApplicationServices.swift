import Logging
public import MatrixCore
import Storage
import Synchronization

/// What application services ask of the box: acting for the users of their namespaces, making them, logging them in.
///
/// spec: application-service-api/#client-server-api-extensions
public final class ApplicationServices: Sendable {
    let namespaces: ServiceNamespaces
    let database: Database
    private let feed: ChangeFeed
    private let sessions: Sessions
    private let serverName: String
    private let clock: Clock
    /// The key that stands for a device, by service and user.
    private let sessionKeys = CommittedCache<SessionOwner, Int64?>(capacity: 4_096)

    /// Those who want to hear of something.
    let connections: [ApplicationService: ServiceConnection]
    let senders: [ApplicationService: ServiceSender]
    public let networks: ThirdPartyNetworks
    private let running = Mutex<[Task<Void, Never>]>([])

    private struct SessionOwner: Hashable {
        let service: ApplicationService
        let user: UserID
    }

    init(
        namespaces: ServiceNamespaces, database: Database, feed: ChangeFeed, http: any HTTPClient, sessions: Sessions, typing: Typing,
        presence: Presence, serverName: String, clock: Clock, logger: Logger
    ) {
        let connections = namespaces.services.compactMap { ServiceConnection($0, http: http) }
        self.connections = Dictionary(uniqueKeysWithValues: connections.map { ($0.service, $0) })
        senders = Dictionary(
            uniqueKeysWithValues: connections.map {
                ($0.service, ServiceSender($0, database: database, feed: feed, typing: typing, presence: presence, logger: logger))
            })
        networks = ThirdPartyNetworks(connections)
        self.namespaces = namespaces
        self.database = database
        self.feed = feed
        self.sessions = sessions
        self.serverName = serverName
        self.clock = clock
    }

    /// Whether the box has any. Nothing else here costs anything without.
    public var isEmpty: Bool { namespaces.isEmpty }

    /// Makes the senders' accounts. Returns the services that can work; one whose sender is a person cannot.
    static func prepare(_ namespaces: ServiceNamespaces, in database: Database, clock: Clock, logger: Logger) async throws -> ServiceNamespaces {
        guard !namespaces.isEmpty else { return namespaces }
        let services = namespaces.services
        let usable = try await database.write { transaction in
            try services.filter { service in
                if try transaction.insertAccount(service.sender, ofService: service.id, timestamp: clock.nowMilliseconds) { return true }
                return try !transaction.isPerson(service.sender)
            }
        }
        for service in services where !usable.contains(service) {
            logger.error(
                """
                The application service \(service.id) wants to be \(service.sender), which is a person's account. It is left out: give it \
                another sender_localpart, then start the box again.
                """)
        }
        return usable.count == services.count ? namespaces : ServiceNamespaces(usable, isComplete: false)
    }

    // MARK: What they are told

    /// Begins to tell the services what happens.
    public func start() async throws {
        guard !isEmpty else { return }
        let ids = namespaces.services.map(\.id)
        try await database.write { [namespaces] transaction in
            // A file that cannot be read today may be good again tomorrow.
            if namespaces.isComplete { try transaction.deleteProgress(exceptOf: ids) }
            // Nobody wants to hear of years before they came.
            for id in ids where try transaction.progress(ofService: id) == nil {
                try transaction.setProgress(ServiceProgress(position: transaction.lastPosition), ofService: id)
            }
        }
        let start = feed.position
        let tasks = senders.values.map { sender in Task { await sender.run(from: start) } }
        running.withLock { $0 = tasks }
    }

    func stop() async {
        let tasks = running.withLock { tasks in
            defer { tasks = [] }
            return tasks
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    // MARK: Identity assertion

    /// The service whose token this is.
    public func service(withToken token: String) -> ApplicationService? { namespaces.service(withToken: token) }

    /// Who is asking, when a service asks with its own token.
    ///
    /// - Parameters:
    ///   - userID: from the query; its sender if it names none.
    ///   - deviceID: from the query.
    ///
    /// spec: application-service-api/#identity-assertion
    public func session(of service: ApplicationService, actingAs userID: String?, device deviceID: String?) async throws -> Session {
        senders[service]?.serviceIsThere()
        var user = service.sender
        if let userID {
            guard let named = UserID(userID), service.includes(named) else {
                throw MatrixError(.forbidden, "\(userID.prefix(maxIdentifierBytes)) is outside of the application service's namespaces.")
            }
            user = named
        }
        let key = try await sessionKey(of: service, for: user)
        guard let deviceID else {
            return .withoutDevice(user, key: key, of: service)
        }
        guard let id = DeviceID(deviceID), let device = try await database.read({ [user] in try $0.device(id, of: user) }) else {
            throw MatrixError(Self.unknownDevice, "\(user) has no device with this ID.")
        }
        return Session(userID: user, deviceID: id, deviceKey: device.key, isAdministrator: false, applicationService: service)
    }

    private func sessionKey(of service: ApplicationService, for user: UserID) async throws -> Int64 {
        let owner = SessionOwner(service: service, user: user)
        let known = try await sessionKeys.value(for: owner, in: database) { transaction in
            try Self.checkAccount(user, in: transaction)
            return try transaction.sessionKey(ofService: service.id, for: user)
        }
        if let known { return known }
        return try await database.write { [self] transaction in
            try Self.checkAccount(user, in: transaction)
            let key = try transaction.sessionKey(ofService: service.id, for: user) ?? transaction.insertSession(ofService: service.id, for: user)
            sessionKeys.set(key, for: owner, after: transaction)
            return key
        }
    }

    private static func checkAccount(_ user: UserID, in transaction: ReadTransaction) throws {
        guard let account = try transaction.account(of: user) else {
            throw MatrixError(.forbidden, "The application service has not registered \(user).")
        }
        guard !account.isDeactivated else { throw MatrixError(.userDeactivated, "The account \(user) was deactivated.") }
    }

    /// Call it when an account has ended.
    func forget(_ user: UserID) {
        for service in namespaces.services { sessionKeys.forget(SessionOwner(service: service, user: user)) }
    }

    // MARK: Accounts

    public static let loginType = "m.login.application_service"

    /// Whether a request to register or to log in is one of a service. Such requests come with its token.
    public static func isMeant(by body: JSONObject) -> Bool { body.string("type") == loginType }

    /// Makes a user without a password.
    ///
    /// spec: application-service-api/#server-admin-style-permissions
    public func register(_ body: JSONObject, token: String?) async throws -> AccountAccess {
        let service = try authenticated(token)
        // The old name of the member is still what some bridges send.
        guard let username = try body.optionalString("username") ?? body.optionalString("user") else {
            throw MatrixError(.missingParameter, "username is missing.")
        }
        let user = try Username.newUserID(from: username, serverName: serverName)
        try checkNamespace(of: user, for: service)
        let device = try body.optionalBool("inhibit_login") == true ? nil : DeviceWish(body)
        return try await database.write { [self] transaction in
            guard try transaction.insertAccount(user, ofService: service.id, timestamp: clock.nowMilliseconds) else {
                throw MatrixError(.userInUse, "This user name is taken.")
            }
            var name = JSONWriter()
            name.string(user.localpart)
            try transaction.setProfileField("displayname", of: user, to: name.bytes)
            for service in namespaces.services { sessionKeys.set(nil, for: SessionOwner(service: service, user: user), after: transaction) }
            guard let device else { return AccountAccess(userID: user, deviceID: nil, accessToken: nil) }
            return try begin(user, device, in: transaction)
        }
    }

    /// Logs a user of the service in.
    func logIn(_ user: UserID?, _ device: DeviceWish, token: String?) async throws -> AccountAccess {
        let service = try authenticated(token)
        guard let user else { throw MatrixError(.forbidden, "There is no such user on this box.") }
        try checkNamespace(of: user, for: service)
        return try await database.write { [self] transaction in
            try Self.checkAccount(user, in: transaction)
            return try begin(user, device, in: transaction)
        }
    }

    private func begin(_ user: UserID, _ device: DeviceWish, in transaction: WriteTransaction) throws -> AccountAccess {
        let login = try sessions.begin(for: user, deviceID: device.deviceID, displayName: device.displayName, in: transaction)
        return AccountAccess(userID: user, deviceID: login.deviceID, accessToken: login.accessToken)
    }

    private func authenticated(_ token: String?) throws(MatrixError) -> ApplicationService {
        guard let token else { throw MatrixError(.missingToken, "This needs the token of an application service.") }
        guard let service = namespaces.service(withToken: token) else {
            throw MatrixError(.unknownToken, "This is no token of an application service.", details: ["soft_logout": false])
        }
        return service
    }

    private func checkNamespace(of user: UserID, for service: ApplicationService) throws(MatrixError) {
        guard service.includes(user) else { throw MatrixError(.exclusive, "\(user) is outside of the application service's namespaces.") }
        try namespaces.check(user, for: service)
    }

    // MARK: Full control over what is the service's own

    /// Whether the service may end this account without anybody's password: it made it, or nobody else could have.
    func mayDeactivate(_ user: UserID, _ service: ApplicationService) async throws -> Bool {
        if service.isExclusive(user) { return true }
        return try await database.read { try $0.account(of: user)?.applicationService } == service.id
    }

    /// Whether the address that a new room is to have may be had by the one who asks.
    public func check(_ creation: RoomCreation, by session: Session) throws(MatrixError) {
        guard let localpart = creation.aliasLocalpart else { return }
        try namespaces.check(RoomAlias(localpart: localpart, server: serverName), for: session.applicationService)
    }

    /// The timestamp that a service wishes for an event.
    ///
    /// spec: application-service-api/#timestamp-massaging
    public static func timestamp(_ text: String?, session: Session) throws(MatrixError) -> Int64? {
        guard let text, session.applicationService != nil else { return nil }
        guard let timestamp = Int64(text), (0...maxTimestamp).contains(timestamp) else {
            throw MatrixError(.invalidParameter, "ts is a number of milliseconds since 1970.")
        }
        return timestamp
    }

    /// The largest integer that an event may have. spec: appendices/#canonical-json
    private static let maxTimestamp: Int64 = 1 << 53 - 1
    private static let unknownDevice = MatrixError.Code("M_UNKNOWN_DEVICE", status: 400)
}
