import Cryptography
public import MatrixCore
import Storage
import Synchronization

/// Tokens with which users prove to another service, such as a server for calls, who they are. They are good for nothing else.
///
/// They are in memory: a service asks about one within seconds, and after a restart a client asks for a new one.
///
/// spec: client-server-api/#openid
public final class OpenID: Sendable {
    public static let lifetimeSeconds: Int64 = 3_600
    static let maxTokens = 2_000
    static let maxTokensOfUser = 20
    static let maxTokenBytes = 256

    private struct Token {
        let user: UserID
        let expiresAtMilliseconds: Int64
    }

    private let database: Database
    private let clock: MonotonicClock
    private let tokens = Mutex<[String: Token]>([:])

    init(database: Database, clock: MonotonicClock = .system) {
        self.database = database
        self.clock = clock
    }

    /// spec: client-server-api/#post_matrixclientv3useruseridopenidrequest_token
    public func token(for user: UserID) -> String {
        let token = SecureRandom.token(bytes: 24)
        let now = clock.nowMilliseconds
        tokens.withLock { tokens in
            tokens = tokens.filter { $0.value.expiresAtMilliseconds > now }
            let own = tokens.filter { $0.value.user == user }
            if own.count >= Self.maxTokensOfUser { Self.dropOldest(of: own, &tokens) }
            if tokens.count >= Self.maxTokens { Self.dropOldest(of: tokens, &tokens) }
            tokens[token] = Token(user: user, expiresAtMilliseconds: now + Self.lifetimeSeconds * 1_000)
        }
        return token
    }

    /// Whose token this is. Throws `unknownToken`, also if the account cannot be used any more.
    ///
    /// spec: server-server-api/#get_matrixfederationv1openiduserinfo
    public func owner(of token: String) async throws -> UserID {
        let now = clock.nowMilliseconds
        guard token.utf8.count <= Self.maxTokenBytes, let known = tokens.withLock({ $0[token] }), known.expiresAtMilliseconds > now,
            let account = try await database.read({ try $0.account(of: known.user) }), !account.isDeactivated, !account.isLocked
        else { throw MatrixError(.unknownToken, "This token is unknown or expired.") }
        return known.user
    }

    var tokenCount: Int { tokens.withLock { $0.count } }

    private static func dropOldest(of some: [String: Token], _ tokens: inout [String: Token]) {
        if let oldest = some.min(by: { $0.value.expiresAtMilliseconds < $1.value.expiresAtMilliseconds }) { tokens[oldest.key] = nil }
    }
}
