import Homeserver
import MatrixCore

/// Invitations, made in the web client.
enum InviteRoutes {
    static func create(_ request: APIRequest) async throws -> Reply {
        let body = try await request.optionalBody()
        let invitation = try await request.homeserver.invites.create(
            uses: body.optionalInteger("uses"), lifetimeSeconds: body.optionalInteger("expires_seconds"), by: request.session.userID)
        return .json(json(invitation, origin: request.origin))
    }

    static func list(_ request: APIRequest) async throws -> Reply {
        let invitations = try await request.homeserver.invites.list()
        return .json(["invites": .array(invitations.map { .object(json($0, origin: request.origin)) })])
    }

    static func revoke(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.invites.revoke(request.parameter("token"))
        return .empty
    }

    /// - Parameter origin: under which whoever asked reached the box, so that the link leads there too.
    static func json(_ invitation: Invitation, origin: String) -> JSONObject {
        var object: JSONObject = [
            "token": .string(invitation.token), "link": .string("\(origin)/j/\(invitation.token)"), "used": .integer(invitation.uses),
            "valid": .bool(invitation.isValid),
        ]
        if let uses = invitation.usesAllowed { object["uses"] = .integer(uses) }
        if let remaining = invitation.usesRemaining { object["uses_remaining"] = .integer(remaining) }
        if let expires = invitation.expiresTimestamp { object["expires_ts"] = .integer(expires) }
        return object
    }
}
