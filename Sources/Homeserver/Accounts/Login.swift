public import MatrixCore
import Storage

/// Lets people in with their password.
///
/// spec: client-server-api/#post_matrixclientv3login
public struct Login: Sendable {
    let database: Database
    let sessions: Sessions
    let credentials: Credentials
    let services: ApplicationServices

    private static let password = "m.login.password"

    public var flows: [String] { services.isEmpty ? [Self.password] : [Self.password, ApplicationServices.loginType] }

    /// - Parameter token: what an application service proves itself with.
    public func logIn(_ body: JSONObject, address: String?, token: String? = nil) async throws -> AccountAccess {
        guard flows.contains(try body.requiredString("type")) else {
            throw MatrixError(.unknown, "This box lets people in with their password only.")
        }
        let wish = try DeviceWish(body)
        if ApplicationServices.isMeant(by: body) { return try await services.logIn(try credentials.userNamed(in: body), wish, token: token) }
        let user = try credentials.userNamed(in: body)
        let account = try await credentials.account(of: user, password: body.requiredString("password"), address: address)
        return try await database.write { transaction in
            // The password may have been changed, or the account closed, since it was checked.
            guard try transaction.account(of: account.userID)?.passwordHash == account.passwordHash else {
                throw MatrixError(.forbidden, "The password was changed a moment ago. Log in with the new one.")
            }
            let login = try sessions.begin(for: account.userID, deviceID: wish.deviceID, displayName: wish.displayName, in: transaction)
            return AccountAccess(userID: account.userID, deviceID: login.deviceID, accessToken: login.accessToken)
        }
    }
}
