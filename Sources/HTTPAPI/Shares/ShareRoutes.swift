import HTTPTypes
import Homeserver
import MatrixCore

/// Links for guests, for those who make them.
enum ShareRoutes {
    static func create(_ request: APIRequest) async throws -> Reply {
        let body = try await request.body()
        let share = try await request.homeserver.shares.create(
            FilePath(body.requiredString("path")), lifetimeSeconds: body.optionalInteger("expires_seconds"), pin: body.optionalString("pin"),
            takesUploads: body.optionalBool("upload") ?? false, maxBytes: body.optionalInteger("max_bytes"), by: request.session.userID)
        return .json(json(share, request))
    }

    static func list(_ request: APIRequest) async throws -> Reply {
        let shares = try await request.homeserver.shares.list(of: request.session.userID)
        return .json(["shares": .array(shares.map { .object(json($0, request)) })])
    }

    static func revoke(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.shares.revoke(request.parameter("token"), by: request.session.userID)
        return .empty
    }

    private static func json(_ share: Share, _ request: APIRequest) -> JSONObject {
        let link = "\(request.origin)/s/\(share.token)"
        return [
            "token": .string(share.token), "link": .string(link), "qr": .string("/_landline/v1/qr.svg?text=\(HTTPURL.encoded(link))"),
            "path": .string(share.path.description), "name": .string(share.path.name ?? ""), "kind": share.isFolder ? "folder" : "file",
            "created_ts": .integer(share.createdTimestamp), "expires_ts": .integer(share.expiresTimestamp), "has_pin": .bool(share.hasPIN),
            "upload": .bool(share.takesUploads), "max_bytes": .integer(share.maxBytes), "uploaded_files": .integer(share.uploadedFiles),
            "uploaded_bytes": .integer(share.uploadedBytes),
        ]
    }
}
