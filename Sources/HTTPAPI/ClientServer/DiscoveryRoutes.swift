import Homeserver
import MatrixCore

/// What a client asks before anything else.
enum DiscoveryRoutes {
    /// Clients test for single versions, so none is left out.
    private static let versions: [JSONValue] = ["r0.6.1"] + (1...19).map { .string("v1.\($0)") }

    /// What clients ask for by the names of proposals, one group for each.
    private static let unstableFeatures: JSONObject = [
        // Free-form profile fields; Element Web asks for them by these names.
        "uk.tcpip.msc4133": true, "uk.tcpip.msc4133.stable": true,
        // Mutual rooms.
        "uk.half-shot.msc2666.query_mutual_rooms": true, "uk.half-shot.msc2666.query_mutual_rooms.stable": true,
        // Deletion of account data.
        "org.matrix.msc3391": true,
        // Erasure when an account is closed.
        "org.matrix.msc4025": true,
        // Blocking of invitations.
        "org.matrix.msc4380.stable": true,
        // Receipts and unread counts by thread.
        "org.matrix.msc3771": true, "org.matrix.msc3773": true,
        // Relations of relations.
        "org.matrix.msc3981": true,
        // Sliding sync, without which Element X goes no further.
        "org.matrix.simplified_msc3575": true,
    ]

    private static let versionsReply = Reply.json(["versions": .array(versions), "unstable_features": .object(unstableFeatures)])

    // spec: client-server-api/#get_matrixclientversions
    static func versions(_ request: APIRequest) -> Reply { versionsReply }

    // spec: client-server-api/#getwell-knownmatrixclient
    static func wellKnown(_ request: APIRequest) -> Reply {
        // The same scheme and host, since that is what the client can reach for sure.
        .json(["m.homeserver": ["base_url": .string(request.origin)]])
    }

    // spec: client-server-api/#getwell-knownmatrixsupport
    static func noSupportPage(_ request: APIRequest) throws -> Reply {
        throw MatrixError(.notFound, "This box has no support page.")
    }

    // spec: client-server-api/#get_matrixclientv3capabilities
    static func capabilities(_ request: APIRequest) -> Reply {
        var available: JSONObject = [:]
        for version in RoomVersion.allCases { available[version.rawValue] = "stable" }
        var capabilities: JSONObject = [
            "m.room_versions": ["default": .string(RoomVersion.defaultVersion.rawValue), "available": .object(available)],
            "m.change_password": ["enabled": true],
            "m.set_displayname": ["enabled": true],
            "m.set_avatar_url": ["enabled": true],
            "m.profile_fields": ["enabled": true],
            "m.3pid_changes": ["enabled": false],
            "m.get_login_token": ["enabled": false],
            "m.forget_forced_upon_leave": ["enabled": false],
        ]
        if request.session.isAdministrator { capabilities["m.account_moderation"] = ["lock": true, "suspend": true] }
        return .json(["capabilities": .object(capabilities)])
    }

    // spec: server-server-api/#get_matrixfederationv1version
    static func serverVersion(_ request: APIRequest) -> Reply {
        .json(["server": ["name": "Landline", "version": .string(LandlineVersion.current)]])
    }
}
