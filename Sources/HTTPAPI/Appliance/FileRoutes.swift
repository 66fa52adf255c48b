import HTTPTypes
import Homeserver
import MatrixCore

/// The files of the box, for its own web client. What changes them goes by WebDAV's methods to `/dav/`.
enum FileRoutes {
    private static let defaultPage = 200
    private static let defaultResults = 50

    // MARK: Folders

    static func list(_ request: APIRequest) async throws -> Reply {
        let path = try path(request)
        let caller = FileCaller(request.session.userID)
        let isDescending: Bool
        switch request.query("dir") {
        case nil, "f": isDescending = false
        case "b": isDescending = true
        default: throw MatrixError(.invalidParameter, "dir must be f or b.")
        }
        let limit = try request.queryInteger("limit", range: 1...FileListing.maxLimit) ?? defaultPage
        let listing = try FileListing(
            order: request.query("sort") ?? "name", isDescending: isDescending, from: request.query("from"), limit: limit)
        let folder = try await request.homeserver.files.node(at: path, for: caller)
        guard folder.isFolder else { throw MatrixError(.notFound, "This is no folder.") }
        let page = try await request.homeserver.files.list(path, listing, for: caller)
        var body: JSONObject = [
            "folder": .object(json(folder, at: path, request)),
            "files": .array(try page.nodes.map { .object(json($0, at: try path.appending($0.name), request)) }),
        ]
        if let next = page.next { body["next_batch"] = .string(next) }
        return .json(body)
    }

    static func search(_ request: APIRequest) async throws -> Reply {
        guard let text = request.query("q") else { throw MatrixError(.missingParameter, "q is missing.") }
        let limit = try request.queryInteger("limit", range: 1...FileSearch.maxResults) ?? defaultResults
        let found = try await request.homeserver.files.search.search(text, for: request.session.userID, limit: limit)
        return .json(["results": .array(found.map { .object(json($0.node, at: $0.path, request)) })])
    }

    static func size(_ request: APIRequest) async throws -> Reply {
        let total = try await request.homeserver.files.total(of: path(request), for: FileCaller(request.session.userID))
        return .json(["size": .integer(total.byteCount), "files": .integer(total.files), "folders": .integer(total.folders)])
    }

    static func usage(_ request: APIRequest) async throws -> Reply {
        let files = request.homeserver.files
        let disk = try await files.diskSpace()
        var body: JSONObject = [
            "used": .integer(try await files.usage(of: request.session.userID)), "disk_free": .integer(disk.freeBytes),
            "disk_size": .integer(disk.totalBytes),
        ]
        if let quota = try await request.homeserver.quotas.limit(of: request.session.userID) { body["quota"] = .integer(quota) }
        return .json(body)
    }

    // MARK: The bin

    static func bin(_ request: APIRequest) async throws -> Reply {
        let binned = try await request.homeserver.files.bin.list(for: request.session.userID)
        return .json([
            "files": .array(
                binned.map { file in
                    var object = json(file.node, at: nil, request)
                    object["deleted_ts"] = .integer(file.deletedTimestamp)
                    if let path = file.originalPath { object["original_path"] = .string(path.description) }
                    return .object(object)
                })
        ])
    }

    static func restore(_ request: APIRequest) async throws -> Reply {
        let restored = try await request.homeserver.files.bin.restore(request.parameter("id"), by: request.session.userID)
        return .json(json(restored.node, at: restored.path, request))
    }

    static func purge(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.files.bin.purge(request.parameter("id"), by: request.session.userID)
        return .empty
    }

    static func emptyBin(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.files.bin.empty(for: request.session.userID)
        return .empty
    }

    // MARK: App passwords

    static func createAppPassword(_ request: APIRequest) async throws -> Reply {
        let name = try await request.body().requiredString("name")
        let made = try await request.homeserver.appPasswords.create(name, for: request.session.userID)
        return .json(["id": .string(String(made.id)), "name": .string(made.name), "password": .string(made.password)])
    }

    static func appPasswords(_ request: APIRequest) async throws -> Reply {
        let passwords = try await request.homeserver.appPasswords.list(of: request.session.userID)
        return .json([
            "app_passwords": .array(
                passwords.map { password in
                    var object: JSONObject = [
                        "id": .string(String(password.id)), "name": .string(password.name), "created_ts": .integer(password.createdTimestamp),
                    ]
                    if let used = password.lastUsedTimestamp { object["last_used_ts"] = .integer(used) }
                    return .object(object)
                })
        ])
    }

    static func revokeAppPassword(_ request: APIRequest) async throws -> Reply {
        guard let id = Int64(request.parameter("id")) else { throw MatrixError(.notFound, "There is no such app password.") }
        try await request.homeserver.appPasswords.revoke(id, of: request.session.userID)
        return .empty
    }

    // MARK: Form

    private static func path(_ request: APIRequest) throws -> FilePath { try FilePath(request.query("path") ?? "/") }

    /// - Parameter path: `nil` for what has none, in the bin.
    static func json(_ node: FileNode, at path: FilePath?, _ request: APIRequest) -> JSONObject {
        var object: JSONObject = [
            "id": .string(node.id), "name": .string(node.name), "kind": node.isFolder ? "folder" : "file", "etag": .string(node.entityTag),
            "can": .array(abilities(node)),
        ]
        if let path { object["path"] = .string(path.description) }
        if !node.isFolder { object["size"] = .integer(node.byteCount) }
        if node.modifiedTimestamp > 0 { object["modified_ts"] = .integer(node.modifiedTimestamp) }
        if node.createdTimestamp > 0 { object["created_ts"] = .integer(node.createdTimestamp) }
        if let contentType = node.contentType { object["content_type"] = .string(contentType) }
        if let user = node.userID { object["user_id"] = .string(user.rawValue) }
        if let room = node.roomID { object["room_id"] = .string(room.rawValue) }
        if let event = node.eventID { object["event_id"] = .string(event.rawValue) }
        if let mediaID = node.mediaID { object["mxc"] = .string("mxc://\(request.homeserver.serverName)/\(mediaID)") }
        if node.isEncrypted { object["encrypted"] = true }
        return object
    }

    private static func abilities(_ node: FileNode) -> [JSONValue] {
        var abilities: [JSONValue] = []
        if node.abilities.contains(.write) { abilities.append("write") }
        if node.abilities.contains(.rename) { abilities.append("rename") }
        if node.abilities.contains(.delete) { abilities.append("delete") }
        return abilities
    }
}
