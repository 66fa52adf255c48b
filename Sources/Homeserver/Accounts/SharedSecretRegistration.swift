import Cryptography
public import MatrixCore
import Storage
import Synchronization

/// Makes accounts, also for administrators, for scripts that know a secret of the box's configuration. Off unless there is one.
///
/// As Synapse documents it: element-hq.github.io/synapse/latest/admin_api/register_api.html
public final class SharedSecretRegistration: Sendable {
    static let nonceLifetimeMilliseconds: Int64 = 60_000
    static let maxNonces = 256

    private let secret: String?
    private let registration: Registration
    private let limiter: RateLimiter
    private let clock: MonotonicClock
    /// With the time at which each ends.
    private let nonces = Mutex<[String: Int64]>([:])

    init(secret: String?, registration: Registration, limiter: RateLimiter, clock: MonotonicClock = .system) {
        self.secret = secret
        self.registration = registration
        self.limiter = limiter
        self.clock = clock
    }

    /// What the next request has to contain, once.
    public func nonce() throws(MatrixError) -> String {
        _ = try enabledSecret()
        let nonce = Digest.hexadecimal(SecureRandom.bytes(32))
        let now = clock.nowMilliseconds
        nonces.withLock { nonces in
            nonces = nonces.filter { $0.value > now }
            if nonces.count >= Self.maxNonces, let oldest = nonces.min(by: { $0.value < $1.value }) { nonces[oldest.key] = nil }
            nonces[nonce] = now + Self.nonceLifetimeMilliseconds
        }
        return nonce
    }

    /// Takes the account that the body asks for, if whoever wrote it knows the secret.
    public func register(_ body: JSONObject, address: String?) async throws -> AccountAccess {
        let secret = try enabledSecret()
        let nonce = try body.requiredString("nonce")
        let username = try body.requiredString("username")
        let password = try body.requiredString("password")
        let isAdministrator = try body.optionalBool("admin") ?? false
        let code = try body.requiredString("mac")
        let userType = try body.optionalString("user_type")
        try Passwords.checkBounds(password)
        let expires = nonces.withLock { $0.removeValue(forKey: nonce) }
        guard let expires, expires > clock.nowMilliseconds else { throw MatrixError(.unknown, "This nonce is unknown or expired.") }
        if let address { try limiter.take(.loginFailuresFromAddress(address)) }
        var message = [nonce, username, password, isAdministrator ? "admin" : "notadmin"]
        if let userType { message.append(userType) }
        let expected = Digest.hexadecimal(Digest.hmacSHA1(key: Array(secret.utf8), Array(message.joined(separator: "\0").utf8)))
        guard constantTimeEqual(expected, code.lowercased()) else { throw MatrixError(.forbidden, "The mac is wrong.") }
        if let address { limiter.giveBack(.loginFailuresFromAddress(address)) }
        return try await registration.createAccount(
            body, username: username, password: password, isAdministrator: isAdministrator, displayName: body.optionalString("displayname"))
    }

    private func enabledSecret() throws(MatrixError) -> String {
        guard let secret else { throw MatrixError(.unknown, "Registration by a shared secret is not enabled.") }
        return secret
    }
}
