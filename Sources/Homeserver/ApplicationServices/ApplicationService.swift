import Cryptography
public import MatrixCore
import Synchronization

/// A bot or a bridge to another network: a program that the owner has given a registration file.
///
/// spec: application-service-api/#application-services
public final class ApplicationService: Sendable, Hashable {
    public var id: String { registration.id }
    /// The user that it acts as when it names no other.
    public let sender: UserID

    let registration: ApplicationServiceRegistration
    let tokenHash: [UInt8]
    private let serverName: String
    private let users: NamespaceMatcher
    private let aliases: NamespaceMatcher
    private let rooms: NamespaceMatcher

    init(_ registration: ApplicationServiceRegistration, serverName: String) {
        self.registration = registration
        self.serverName = serverName
        sender = UserID(localpart: registration.senderLocalpart, server: serverName)
        tokenHash = Self.hash(registration.accessToken)
        users = NamespaceMatcher(registration.users)
        aliases = NamespaceMatcher(registration.aliases)
        rooms = NamespaceMatcher(registration.rooms)
    }

    static func hash(_ token: String) -> [UInt8] { Digest.sha256([UInt8](token.utf8)) }

    // MARK: Namespaces

    /// Whether the user is one of the service's: its sender, or a local one in its namespaces.
    func includes(_ user: UserID) -> Bool { relation(to: user) != .none }

    /// Whether nobody else may have this user ID.
    func isExclusive(_ user: UserID) -> Bool { relation(to: user) == .exclusive }

    func includes(_ alias: RoomAlias) -> Bool { aliases.relation(to: alias.rawValue) != .none }

    func isExclusive(_ alias: RoomAlias) -> Bool { aliases.relation(to: alias.rawValue) == .exclusive }

    func includes(_ room: RoomID) -> Bool { rooms.relation(to: room.rawValue) != .none }

    var watchesAliases: Bool { !registration.aliases.isEmpty }

    private func relation(to user: UserID) -> NamespaceMatcher.Relation {
        if user == sender { return .exclusive }
        return user.serverName == serverName ? users.relation(to: user.rawValue) : .none
    }

    /// spec: application-service-api/#registration (`rate_limited`)
    func isRateLimited(as user: UserID) -> Bool { registration.isRateLimited && user != sender }

    public static func == (left: ApplicationService, right: ApplicationService) -> Bool { left === right }

    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// Which of the namespaces of one kind an identifier is in. The answers are remembered, since the same few are asked for with each event.
private final class NamespaceMatcher: Sendable {
    enum Relation: Sendable {
        case none, shared, exclusive
    }

    private let namespaces: [ApplicationServiceRegistration.Namespace]
    private let known = Mutex(BoundedCache<String, Relation>(capacity: 4_096))

    init(_ namespaces: [ApplicationServiceRegistration.Namespace]) { self.namespaces = namespaces }

    func relation(to identifier: String) -> Relation {
        if namespaces.isEmpty { return .none }
        if let known = known.withLock({ $0[identifier] }) { return known }
        var relation = Relation.none
        for namespace in namespaces where relation != .exclusive && (relation == .none || namespace.isExclusive) {
            if namespace.expression.matchesStart(of: identifier) { relation = namespace.isExclusive ? .exclusive : .shared }
        }
        let found = relation
        known.withLock { $0[identifier] = found }
        return found
    }
}
