import MatrixCore
import Storage

/// Checks a user name and its password, wherever one is asked for.
struct Credentials: Sendable {
    let database: Database
    let passwords: Passwords
    let limiter: RateLimiter
    let serverName: String

    /// The user whom the body of a login or of an authentication stage names; `nil` for one who cannot be from here.
    ///
    /// spec: client-server-api/#identifier-types
    func userNamed(in body: JSONObject) throws(MatrixError) -> UserID? {
        guard let identifier = try body.optionalObject("identifier") else {
            // Clients from before identifiers send the name alone.
            guard let user = try body.optionalString("user") else {
                guard body["medium"] == nil, body["address"] == nil else { throw Self.noThirdParties }
                throw MatrixError(.missingParameter, "identifier is missing.")
            }
            return Username.knownUserID(from: user, serverName: serverName)
        }
        switch try identifier.requiredString("type") {
        case "m.id.user": return Username.knownUserID(from: try identifier.requiredString("user"), serverName: serverName)
        case "m.id.thirdparty", "m.id.phone": throw Self.noThirdParties
        default: throw MatrixError(.unknown, "This type of identifier is not known.")
        }
    }

    /// The account, if the password is right. An unknown user and a wrong password look and take the same.
    func account(of user: UserID?, password: String, address: String?) async throws -> AccountRecord {
        var subjects: [RateLimiter.Subject] = []
        if let user { subjects.append(.loginFailuresOfAccount(user)) }
        if let address { subjects.append(.loginFailuresFromAddress(address)) }
        for subject in subjects { try limiter.take(subject) }
        var account: AccountRecord?
        if let user { account = try await database.read { try $0.account(of: user) } }
        let isRight = try await passwords.verify(password, against: account?.passwordHash)
        guard isRight, let account else { throw MatrixError(.forbidden, "The user name or the password is wrong.") }
        for subject in subjects { limiter.giveBack(subject) }
        guard !account.isDeactivated else { throw MatrixError(.userDeactivated, "This account was deactivated.") }
        guard !account.isLocked else { throw Moderation.locked }
        return account
    }

    private static let noThirdParties = MatrixError(.forbidden, "This box knows no e-mail addresses or phone numbers; log in with your user name.")
}
