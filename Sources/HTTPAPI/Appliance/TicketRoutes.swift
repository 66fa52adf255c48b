import HTTPTypes
import Homeserver
import MatrixCore

/// Downloads by an address alone.
enum TicketRoutes {
    static func issue(_ request: APIRequest) async throws -> Reply {
        let body = try await request.body()
        let (target, name) = try await target(body, request)
        let token = try request.homeserver.tickets.issue(target, for: request.session)
        return .json([
            "url": .string("/d/\(token)/\(HTTPURL.encoded(name))"), "expires_in_seconds": .integer(Tickets.lifetimeSeconds),
        ])
    }

    private static func target(_ body: JSONObject, _ request: APIRequest) async throws -> (Tickets.Target, name: String) {
        let path = try body.optionalString("path")
        let uri = try body.optionalString("mxc")
        let paths = try body.optionalArray("paths")
        switch (path, uri, paths) {
        case (let path?, nil, nil):
            let path = try FilePath(path)
            let node = try await request.homeserver.files.node(at: path, for: FileCaller(request.session.userID))
            return node.isFolder ? (.archive([path]), archiveName(node.name)) : (.file(path), node.name)
        case (nil, let uri?, nil):
            let parts = uri.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 4, uri.hasPrefix("mxc://") else { throw MatrixError(.invalidParameter, "mxc is no mxc:// URI.") }
            let (serverName, mediaID) = (String(parts[2]), String(parts[3]))
            let file = try await request.homeserver.media.open(serverName, mediaID)
            return (.media(serverName: serverName, mediaID: mediaID), file.name ?? "file")
        case (nil, nil, let paths?):
            var checked: [FilePath] = []
            for path in paths {
                guard let path = path.stringValue else { throw MatrixError(.badJSON, "paths is a list of texts.") }
                checked.append(try FilePath(path))
            }
            let name = checked.count == 1 ? checked.first?.name : checked.first?.parent?.name
            return (.archive(checked), archiveName(name ?? ""))
        default:
            throw MatrixError(.missingParameter, "One of path, paths and mxc is needed.")
        }
    }

    private static func archiveName(_ name: String) -> String { (name.isEmpty ? "Files" : name) + ".zip" }

    static func fetch(_ request: APIRequest) async throws -> Reply {
        let ticket = try request.homeserver.tickets.use(request.parameter("ticket"))
        let showing: ContentDisposition.Showing = request.query("download") == "1" ? .nothing : .mediaTypesAndPDF
        let name = request.parameter("name")
        let caller = FileCaller(ticket.userID)
        var reply: Reply
        switch ticket.target {
        case .file(let path):
            let file = try await request.homeserver.files.open(path, for: caller).file
            reply = FileReply.reply(file, named: name, request, showing: showing)
        case .media(let serverName, let mediaID):
            let file = try await request.homeserver.media.open(serverName, mediaID)
            reply = FileReply.reply(file, named: name, request, showing: showing)
        case .archive(let paths):
            reply = try await ZipReply.reply(paths, for: caller, named: name, request)
        }
        // Whoever has the address has the file.
        reply.headers[.referrerPolicy] = "no-referrer"
        return reply
    }
}
