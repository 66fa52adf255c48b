import Cryptography
public import MatrixCore
import Synchronization

/// A request to an operation that asks for proof first.
public struct InteractiveRequest: Sendable {
    /// Method and path. What is proved for one operation counts for no other.
    let operation: String
    public let body: JSONObject
    let address: String?
    /// Whether an application service asks for one of its users, who have no password that they could give.
    var isVouchedFor: Bool

    public init(operation: String, body: JSONObject, address: String?, isVouchedFor: Bool = false) {
        self.operation = operation
        self.body = body
        self.address = address
        self.isVouchedFor = isVouchedFor
    }
}

/// Leads clients through the stages of an authentication. Sessions are in memory: after a restart a client begins again by itself.
///
/// spec: client-server-api/#user-interactive-authentication-api
public final class UserInteractiveAuthentication: Sendable {
    enum Stage: String, Sendable {
        case dummy = "m.login.dummy"
        case registrationToken = "m.login.registration_token"
        case password = "m.login.password"
    }

    /// A flow that was gone through.
    struct Proof: Sendable {
        let sessionID: String
        /// The request's parameters, which may have come with its first attempt only.
        let body: JSONObject
        let registrationToken: String?
    }

    private struct State {
        let operation: String
        let user: UserID?
        var body: JSONObject
        let flows: [[Stage]]
        var completed: [Stage] = []
        var registrationToken: String?
        /// What the operation gave, where a repetition is to give the same.
        var registered: AccountAccess?
        var usedAtMilliseconds: Int64
    }

    static let lifetimeMilliseconds: Int64 = 5 * 60 * 1_000
    static let maxSessions = 256
    /// A longer first body is not kept: the client then has to repeat it, as nearly all do.
    static let maxKeptBodyBytes = 4 << 10

    private let credentials: Credentials
    private let invites: Invites
    private let limiter: RateLimiter
    private let clock: MonotonicClock
    private let sessions = Mutex<[String: State]>([:])

    init(credentials: Credentials, invites: Invites, limiter: RateLimiter, clock: MonotonicClock = .system) {
        self.credentials = credentials
        self.invites = invites
        self.limiter = limiter
        self.clock = clock
    }

    /// The parameters of a request, without `auth`: those of the session's first request if this one brings none.
    func parameters(of request: InteractiveRequest) -> JSONObject {
        var body = request.body
        body["auth"] = nil
        guard body.isEmpty, let id = request.body.object("auth")?.string("session"), let kept = state(id), kept.operation == request.operation else {
            return body
        }
        return kept.body
    }

    /// Returns when a flow is complete; otherwise throws what the client needs for the next step.
    func authenticate(_ request: InteractiveRequest, as user: UserID? = nil, flows: [[Stage]]) async throws -> Proof {
        // spec: application-service-api/#deleting-devices, application-service-api/#cross-signing
        if request.isVouchedFor, user != nil { return Proof(sessionID: "", body: parameters(of: request), registrationToken: nil) }
        let auth = try request.body.optionalObject("auth")
        var (id, session) = try begun(auth?.string("session"), request, user, flows)
        guard let auth else { throw Self.challenge(id, session) }
        if let type = auth.string("type") {
            guard let stage = Stage(rawValue: type), Self.mayFollow(stage, session) else {
                throw Self.challenge(id, session, MatrixError(.unrecognized, "This is not the next stage."))
            }
            if !session.completed.contains(stage) { try await perform(stage, auth, request, id, &session) }
        }
        let (completed, token) = (session.completed, session.registrationToken)
        sessions.withLock { sessions in
            sessions[id]?.completed = completed
            sessions[id]?.registrationToken = token
        }
        guard session.flows.contains(session.completed) else { throw Self.challenge(id, session) }
        return Proof(sessionID: id, body: parameters(of: request), registrationToken: session.registrationToken)
    }

    /// The members of a challenge, as they are now.
    func progress(of proof: Proof) -> JSONObject {
        state(proof.sessionID).map { Self.progress(proof.sessionID, $0) } ?? [:]
    }

    /// The operation was carried out.
    func end(_ proof: Proof) { sessions.withLock { $0[proof.sessionID] = nil } }

    /// An account was made. Should the client not hear of it, it may ask again for a while.
    func end(_ proof: Proof, with access: AccountAccess) {
        sessions.withLock { sessions in
            sessions[proof.sessionID]?.registered = access
            // It has the password in it.
            sessions[proof.sessionID]?.body = [:]
        }
    }

    /// The account that was made in the session of this request before.
    func registered(by request: InteractiveRequest) -> AccountAccess? {
        guard let id = request.body.object("auth")?.string("session"), let session = state(id), session.operation == request.operation else {
            return nil
        }
        return session.registered
    }

    /// A completed stage turned out not to hold: its client may try again.
    func refusal(_ proof: Proof, _ error: MatrixError) -> MatrixError {
        let session = sessions.withLock { sessions -> State? in
            sessions[proof.sessionID]?.completed = []
            sessions[proof.sessionID]?.registrationToken = nil
            return sessions[proof.sessionID]
        }
        return session.map { Self.challenge(proof.sessionID, $0, error) } ?? error
    }

    /// Completes the token stage from the fallback page. `false` if the token or the session is not valid.
    func submitRegistrationToken(_ token: String, session id: String, address: String?) async throws -> Bool {
        guard let session = state(id), Self.mayFollow(.registrationToken, session), try await isInvitation(token, address: address) else {
            return false
        }
        return sessions.withLock { sessions in
            guard var session = sessions[id] else { return false }
            if !session.completed.contains(.registrationToken) { session.completed.append(.registrationToken) }
            session.registrationToken = token
            sessions[id] = session
            return true
        }
    }

    /// Wrong guesses count as failed logins of that address.
    func isInvitation(_ token: String, address: String?) async throws -> Bool {
        if let address { try limiter.take(.loginFailuresFromAddress(address)) }
        guard try await invites.isValid(token) else { return false }
        if let address { limiter.giveBack(.loginFailuresFromAddress(address)) }
        return true
    }

    // MARK: Stages

    private func perform(
        _ stage: Stage, _ auth: JSONObject, _ request: InteractiveRequest, _ id: String, _ session: inout State
    ) async throws {
        // Whoever stole a session must not prove to be themselves instead: that is no wrong attempt, but none at all.
        if stage == .password, try credentials.userNamed(in: auth) != session.user {
            throw MatrixError(.forbidden, "Only the owner of this session can confirm this.")
        }
        do {
            switch stage {
            case .dummy: break
            case .registrationToken:
                let token = try auth.requiredString("token")
                guard try await isInvitation(token, address: request.address) else { throw Invites.notValid }
                session.registrationToken = token
            case .password:
                _ = try await credentials.account(of: session.user, password: auth.requiredString("password"), address: request.address)
            }
        } catch let error as MatrixError where error.code == .forbidden || error.code == .missingParameter {
            throw Self.challenge(id, session, error)
        }
        session.completed.append(stage)
    }

    private static func mayFollow(_ stage: Stage, _ session: State) -> Bool {
        session.flows.contains { flow in
            flow.starts(with: session.completed) && (session.completed.contains(stage) || flow.dropFirst(session.completed.count).first == stage)
        }
    }

    // MARK: Sessions

    /// The session that the client names, or a new one: also for a session that is gone, so that nobody stands before a closed door.
    private func begun(_ id: String?, _ request: InteractiveRequest, _ user: UserID?, _ flows: [[Stage]]) throws(MatrixError) -> (String, State) {
        if let id, let known = state(id) {
            guard known.operation == request.operation, known.user == user else {
                throw MatrixError(.forbidden, "This authentication session was begun for something else.")
            }
            // What is asked for may have changed since, as when somebody else became the owner.
            if known.flows == flows { return (id, known) }
        }
        let newID = SecureRandom.token(bytes: 18)
        var body = request.body
        body["auth"] = nil
        var writer = JSONWriter()
        writer.object(body)
        let session = State(
            operation: request.operation, user: user, body: writer.bytes.count <= Self.maxKeptBodyBytes ? body : [:], flows: flows,
            usedAtMilliseconds: clock.nowMilliseconds)
        let oldestLivingMilliseconds = clock.nowMilliseconds - Self.lifetimeMilliseconds
        sessions.withLock { sessions in
            sessions = sessions.filter { $0.value.usedAtMilliseconds > oldestLivingMilliseconds }
            if sessions.count >= Self.maxSessions, let oldest = sessions.min(by: { $0.value.usedAtMilliseconds < $1.value.usedAtMilliseconds }) {
                sessions[oldest.key] = nil
            }
            sessions[newID] = session
        }
        return (newID, session)
    }

    private func state(_ id: String) -> State? {
        let now = clock.nowMilliseconds
        return sessions.withLock { sessions in
            guard var session = sessions[id] else { return nil }
            guard now - session.usedAtMilliseconds < Self.lifetimeMilliseconds else {
                sessions[id] = nil
                return nil
            }
            session.usedAtMilliseconds = now
            sessions[id] = session
            return session
        }
    }

    private static func challenge(_ id: String, _ session: State, _ error: MatrixError? = nil) -> MatrixError {
        var body = progress(id, session)
        guard let error, let code = error.code else { return .authenticationRequired(body) }
        for member in error.details.members { body[member.key] = member.value }
        return MatrixError(MatrixError.Code(code.name, status: 401), error.message, details: body)
    }

    private static func progress(_ id: String, _ session: State) -> JSONObject {
        [
            "session": .string(id),
            "flows": .array(session.flows.map { ["stages": .array($0.map { .string($0.rawValue) })] }),
            "params": [:],
            "completed": .array(session.completed.map { .string($0.rawValue) }),
        ]
    }
}
