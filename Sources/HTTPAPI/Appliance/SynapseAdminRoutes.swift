import Homeserver
import MatrixCore

/// The part of Synapse's administration API that dashboards and scripts use and that this box has services for.
///
/// Documented at element-hq.github.io/synapse/latest/usage/administration/admin_api.
enum SynapseAdminRoutes {
    // MARK: Accounts by a shared secret

    static func nonce(_ request: APIRequest) throws -> Reply {
        .json(["nonce": .string(try request.homeserver.sharedSecretRegistration.nonce())])
    }

    static func register(_ request: APIRequest) async throws -> Reply {
        let access = try await request.homeserver.sharedSecretRegistration.register(request.body(), address: request.remoteAddress)
        var body = access.json
        body["home_server"] = .string(request.homeserver.serverName)
        return .json(body)
    }

    // MARK: Accounts

    static func isAdministrator(_ request: APIRequest) async throws -> Reply {
        .json(["admin": .bool(try await summary(request).isAdministrator)])
    }

    private static let maxPageAccounts = 1_000
    private static let defaultPageAccounts = 100

    static func accounts(_ request: APIRequest) async throws -> Reply {
        let start = try request.queryInteger("from", range: 0...Int.max) ?? 0
        let limit = try request.queryInteger("limit", range: 1...maxPageAccounts) ?? defaultPageAccounts
        let showsDeactivated = try request.queryBool("deactivated") ?? false
        let wanted = (request.query("name") ?? request.query("user_id"))?.lowercased()
        var accounts = try await request.homeserver.accounts.list().filter { account in
            (showsDeactivated || !account.isDeactivated) && wanted.map { account.userID.rawValue.lowercased().contains($0) } ?? true
        }
        accounts.sort { $0.userID < $1.userID }
        if request.query("dir") == "b" { accounts.reverse() }
        let page = accounts.dropFirst(start).prefix(limit)
        var users: [JSONValue] = []
        for account in page { users.append(.object(try await json(account, request))) }
        var body: JSONObject = ["users": .array(users), "total": .integer(Int64(accounts.count))]
        if start + page.count < accounts.count, !page.isEmpty { body["next_token"] = .string(String(start + page.count)) }
        return .json(body)
    }

    static func account(_ request: APIRequest) async throws -> Reply {
        var body = try await json(summary(request), request)
        body["threepids"] = []
        body["external_ids"] = []
        return .json(body)
    }

    static func deactivate(_ request: APIRequest) async throws -> Reply {
        let erases = try await request.optionalBody().optionalBool("erase") ?? false
        try await request.homeserver.accounts.deactivate(summary(request).userID, erases: erases)
        return .json(["id_server_unbind_result": "success"])
    }

    static func resetPassword(_ request: APIRequest) async throws -> Reply {
        let body = try await request.body()
        let account = try await summary(request)
        guard !account.isDeactivated else { throw MatrixError(.notFound, "This account is closed.") }
        try await request.homeserver.accounts.setPassword(
            body.requiredString("new_password"), of: account.userID, endsSessions: body.optionalBool("logout_devices") ?? true)
        return .empty
    }

    // MARK: The box

    static func version(_ request: APIRequest) -> Reply { .json(["server_version": .string("Landline \(LandlineVersion.current)")]) }

    private static func summary(_ request: APIRequest) async throws -> AccountSummary {
        let user = try request.userID()
        guard let account = try await request.homeserver.accounts.summary(of: user) else {
            throw MatrixError(.notFound, "There is no account \(user).")
        }
        return account
    }

    /// What dashboards read of an account. What this box does not have is there as well, as they expect it.
    private static func json(_ account: AccountSummary, _ request: APIRequest) async throws -> JSONObject {
        let names = try await request.homeserver.profiles.names(of: account.userID)
        let lastSeen = try await request.homeserver.devices.list(of: account.userID).compactMap(\.lastSeenTimestamp).max()
        return [
            "name": .string(account.userID.rawValue), "displayname": names.displayName.map { .string($0) } ?? .null,
            "avatar_url": names.avatarURL.map { .string($0) } ?? .null, "admin": .bool(account.isAdministrator),
            "deactivated": .bool(account.isDeactivated), "erased": .bool(account.isErased), "locked": .bool(account.isLocked),
            "suspended": .bool(account.isSuspended), "creation_ts": .integer(account.createdTimestamp),
            "last_seen_ts": lastSeen.map { .integer($0) } ?? .null, "is_guest": false, "shadow_banned": false, "approved": true,
            "user_type": .null, "appservice_id": .null,
        ]
    }
}
