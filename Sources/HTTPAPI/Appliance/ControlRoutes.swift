import Homeserver
import MatrixCore

/// What the command line asks of the box over the control socket. Whoever can open that socket owns the box, so nobody logs in.
enum ControlRoutes {
    static func addAccount(_ request: APIRequest) async throws -> Reply {
        let body = try await request.body()
        let user = try await request.homeserver.registration.createAccount(
            username: body.requiredString("name"), password: body.requiredString("password"),
            isAdministrator: body.optionalBool("admin") ?? false)
        return .json(["user_id": .string(user.rawValue)])
    }

    static func accounts(_ request: APIRequest) async throws -> Reply {
        let accounts = try await request.homeserver.accounts.list()
        return .json([
            "accounts": .array(
                accounts.map { account in
                    [
                        "user_id": .string(account.userID.rawValue), "admin": .bool(account.isAdministrator),
                        "deactivated": .bool(account.isDeactivated), "locked": .bool(account.isLocked),
                        "application_service": account.applicationService.map { .string($0) } ?? .null,
                    ]
                })
        ])
    }

    static func setPassword(_ request: APIRequest) async throws -> Reply {
        let accounts = request.homeserver.accounts
        let user = try await accounts.existing(request.parameter("name"))
        try await accounts.setPassword(request.body().requiredString("password"), of: user)
        return .json(["user_id": .string(user.rawValue)])
    }

    /// `bytes` is a number, or `null` for any number; without it the account has what all have.
    static func setQuota(_ request: APIRequest) async throws -> Reply {
        let user = try await request.homeserver.accounts.existing(request.parameter("name"))
        let body = try await request.body()
        let bytes = try body.optionalInteger("bytes")
        try await request.homeserver.quotas.set(bytes.map { .bytes($0) } ?? (body["bytes"] == nil ? .standard : .unlimited), of: user)
        return .json(["user_id": .string(user.rawValue)])
    }

    static func deactivate(_ request: APIRequest) async throws -> Reply {
        let accounts = request.homeserver.accounts
        let user = try await accounts.existing(request.parameter("name"))
        try await accounts.deactivate(user)
        return .json(["user_id": .string(user.rawValue)])
    }

    static func lock(_ request: APIRequest) async throws -> Reply { try await setLocked(true, request) }

    static func unlock(_ request: APIRequest) async throws -> Reply { try await setLocked(false, request) }

    private static func setLocked(_ isLocked: Bool, _ request: APIRequest) async throws -> Reply {
        let user = try await request.homeserver.accounts.existing(request.parameter("name"))
        try await request.homeserver.moderation.set(.lock, isLocked, on: user, by: nil)
        return .json(["user_id": .string(user.rawValue)])
    }

    static func invite(_ request: APIRequest) async throws -> Reply {
        let body = try await request.optionalBody()
        let invitation = try await request.homeserver.invites.create(
            uses: body.optionalInteger("uses"), lifetimeSeconds: body.optionalInteger("expires_seconds"), by: nil)
        var reply: JSONObject = ["token": .string(invitation.token)]
        if let port = request.server.networkPort { reply["port"] = .integer(Int64(port)) }
        return .json(reply)
    }
}
