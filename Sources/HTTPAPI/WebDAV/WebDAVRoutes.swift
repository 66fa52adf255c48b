import HTTPTypes
import Homeserver
import MatrixCore
import NIOCore

/// The methods of HTTP and WebDAV on files and folders.
///
/// RFC 4918, section 9. PROPFIND and PROPPATCH are in `PropertyRoutes`, LOCK and UNLOCK in `LockRoutes`.
enum WebDAVRoutes {
    // MARK: OPTIONS

    static func options(_ request: APIRequest) -> Reply { capabilities }

    /// Windows asks for them at the root of the server too.
    static let capabilities: Reply = {
        var reply = Reply()
        reply.headers = [
            .dav: "1, 2, 3", .msAuthorVia: "DAV", .acceptRanges: "bytes",
            .allow: "OPTIONS, GET, HEAD, POST, PUT, DELETE, MKCOL, COPY, MOVE, PROPFIND, PROPPATCH, LOCK, UNLOCK",
        ]
        return reply
    }()

    // MARK: Files

    /// A file, or the page of a folder.
    static func get(_ request: APIRequest) async throws -> Reply {
        let dav = try await DAVRequest(request)
        do {
            let (node, file) = try await dav.files.open(dav.path, for: dav.caller)
            // A browser that remembers the password sends it along for any page: no other one may show what it gets.
            return FileReply.reply(file, named: node.name, request).header(.crossOriginResourcePolicy, "same-origin")
        } catch let error as MatrixError where error.status == 405 {
            return try await FolderPage.reply(dav)
        }
    }

    static func put(_ request: APIRequest) async throws -> Reply {
        try await changing(request) { dav in
            // A part alone is nothing that a server may take for the whole. RFC 9110, section 14.4.
            guard request.headers[.contentRange] == nil else {
                throw MatrixError(.invalidParameter, "A part of a file cannot be put. Send the whole file, or use a resumable upload.")
            }
            let modified = modifiedTimestamp(request)
            let description = FileDescription(
                contentType: contentType(request.headers[.contentType], dav.path), byteCount: request.bodyStream.declaredBytes,
                modifiedTimestamp: modified)
            let (node, isNew) = try await dav.files.put(dav.path, description, if: dav.precondition(), by: dav.caller) {
                try await MediaRoutes.nextPiece(request)
            }
            var reply = Reply(status: isNew ? .created : .noContent)
            reply.headers[.eTag] = node.entityTag
            if modified != nil { reply.headers[.ownCloudModified] = "accepted" }
            return reply
        }
    }

    /// What the client says; where that says nothing, what the name does.
    static func contentType(_ type: String?, _ path: FilePath) -> String? {
        if let type, type.contains("/"), !type.hasPrefix("application/octet-stream"),
            type.utf8.count <= maxContentTypeBytes
        {
            return type
        }
        return path.name.flatMap { ContentTypes.type(ofName: $0) }
    }

    private static let maxContentTypeBytes = 255

    /// Clients of ownCloud, and others since, say in seconds when the file was changed.
    private static func modifiedTimestamp(_ request: APIRequest) -> Int64? {
        guard let text = request.headers[.ownCloudModified], let seconds = Double(text),
            seconds > 0, seconds <= Double(HTTPDate.secondsRange.upperBound)
        else { return nil }
        return Int64(seconds * 1_000)
    }

    static func delete(_ request: APIRequest) async throws -> Reply {
        try await changing(request) { dav in
            guard [nil, .infinity].contains(try dav.depth()) else {
                throw MatrixError(.invalidParameter, "A folder is deleted with what is in it.")
            }
            try await dav.files.delete(dav.path, by: dav.caller)
            return Reply(status: .noContent)
        }
    }

    // MARK: Folders

    static func makeFolder(_ request: APIRequest) async throws -> Reply {
        try await changing(request) { dav in
            guard try await !dav.hasBody() else { throw MatrixError(unsupportedType, "A folder is made without a body.") }
            _ = try await dav.files.makeFolder(dav.path, by: dav.caller)
            return Reply(status: .created)
        }
    }

    private static let unsupportedType = MatrixError.Code("M_UNKNOWN", status: 415)

    // MARK: Copies and moves

    static func copy(_ request: APIRequest) async throws -> Reply {
        try await changing(request) { dav in
            let depth = try dav.depth() ?? .infinity
            guard depth != .one else { throw MatrixError(.invalidParameter, "A copy has the depth 0 or infinity.") }
            let isNew = try await dav.files.copy(
                dav.path, to: try dav.destination(), overwrites: dav.overwrites(), isDeep: depth == .infinity, by: dav.caller)
            return Reply(status: isNew ? .created : .noContent)
        }
    }

    static func move(_ request: APIRequest) async throws -> Reply {
        try await changing(request) { dav in
            guard [nil, .infinity].contains(try dav.depth()) else {
                throw MatrixError(.invalidParameter, "A folder is moved with what is in it.")
            }
            let isNew = try await dav.files.move(dav.path, to: try dav.destination(), overwrites: dav.overwrites(), by: dav.caller)
            return Reply(status: isNew ? .created : .noContent)
        }
    }

    /// Runs something that changes files, and gives its errors the form of WebDAV.
    static func changing(_ request: APIRequest, _ change: (DAVRequest) async throws -> Reply) async throws -> Reply {
        try request.homeserver.moderation.requireNotSuspended(request.session.userID)
        do {
            return try await change(DAVRequest(request))
        } catch let error as MatrixError {
            guard let reply = DAVError.reply(to: error, request) else { throw error }
            return reply
        }
    }
}
