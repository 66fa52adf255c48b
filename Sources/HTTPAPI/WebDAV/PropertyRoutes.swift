import HTTPTypes
import Homeserver
import MatrixCore
import NIOCore

/// RFC 4918, sections 9.1 and 9.2.
enum PropertyRoutes {
    private static let entriesPerPage = 250
    private static let bytesPerEntry = 900

    // MARK: PROPFIND

    static func find(_ request: APIRequest) async throws -> Reply {
        let dav = try await DAVRequest(request)
        let depth = try dav.depth() ?? .infinity
        let wanted = try PropertyRequest.parse(await dav.xmlBody())
        let node = try await dav.files.node(at: dav.path, for: dav.caller)
        // A listing of everything would be as large as everything is.
        guard depth != .infinity || !node.isFolder else { return DAVError.reply(.forbidden, "propfind-finite-depth") }
        var writer = MultiStatusWriter()
        writer.begin()
        try await writeSelf(dav, node, wanted, &writer)
        var reply = Reply(status: .multi, headers: [.contentType: MultiStatusWriter.contentType])
        guard depth == .one, node.isFolder else {
            writer.end()
            reply.body = .buffer(writer.buffer)
            return reply
        }
        let start = writer.buffer
        reply.body = .stream(byteCount: nil) { write in try await writeMembers(dav, wanted, after: start, write) }
        return reply
    }

    private static func writeSelf(_ dav: DAVRequest, _ node: FileNode, _ wanted: PropertyRequest, _ writer: inout MultiStatusWriter) async throws {
        var entry = PropertyEntry(node: node)
        entry.locks = dav.locks.locks(at: dav.path, for: dav.caller.userID)
        if wanted.wantsQuota, node.isFolder { entry.quota = try await dav.files.quota(for: dav.caller.userID) }
        if wanted.wantsDead { entry.deadProperties = try await dav.files.properties(of: [node])[node.id] ?? [] }
        writer.entry(entry, in: DAVPath.href(dav.path, isFolder: node.isFolder), named: "", wanted)
    }

    /// Page by page, the next one while one is sent.
    private static func writeMembers(_ dav: DAVRequest, _ wanted: PropertyRequest, after start: ByteBuffer, _ write: Reply.BodyWriter) async throws {
        let folder = DAVPath.href(dav.path, isFolder: true)
        let quota = wanted.wantsQuota ? try await dav.files.quota(for: dav.caller.userID) : nil
        try await write(start)
        var page = try await members(dav, wanted, from: nil)
        while true {
            let token = page.next
            async let following = token == nil ? nil : members(dav, wanted, from: token)
            var writer = MultiStatusWriter(capacity: page.entries.count * bytesPerEntry)
            for entry in page.entries {
                var entry = entry
                entry.quota = quota
                writer.entry(entry, in: folder, named: entry.node.name, wanted)
            }
            let next = try await following
            if next == nil { writer.end() }
            try await write(writer.buffer)
            guard let next else { return }
            page = next
        }
    }

    private struct Page: Sendable {
        var entries: [PropertyEntry]
        let next: String?
    }

    private static func members(_ dav: DAVRequest, _ wanted: PropertyRequest, from token: String?) async throws -> Page {
        let page = try await dav.files.list(dav.path, FileListing(from: token, limit: entriesPerPage), for: dav.caller)
        var entries = page.nodes.map { PropertyEntry(node: $0) }
        if wanted.wantsDead {
            let properties = try await dav.files.properties(of: page.nodes)
            if !properties.isEmpty {
                for index in entries.indices { entries[index].deadProperties = properties[entries[index].node.id] ?? [] }
            }
        }
        if !dav.locks.isEmpty {
            for index in entries.indices {
                let path = try dav.path.appending(entries[index].node.name)
                entries[index].locks = dav.locks.locks(at: path, for: dav.caller.userID)
            }
        }
        return Page(entries: entries, next: page.next)
    }

    // MARK: PROPPATCH

    static func patch(_ request: APIRequest) async throws -> Reply {
        let dav = try await DAVRequest(request)
        let changes = try PropertyChanges(await dav.xmlBody())
        let node = try await dav.files.node(at: dav.path, for: dav.caller)
        var writer = MultiStatusWriter()
        writer.begin()
        let href = DAVPath.href(dav.path, isFolder: node.isFolder)
        if changes.refused.isEmpty {
            try await dav.files.change(changes.changes, modified: changes.modifiedTimestamp, of: dav.path, by: dav.caller)
            writer.response(href) { $0.addStatus("200 OK", of: changes.names) }
        } else {
            // All or nothing: the others fail because of these.
            writer.response(href) { writer in
                writer.addStatus("403 Forbidden", of: changes.refused, condition: "cannot-modify-protected-property")
                let others = changes.names.filter { !changes.refused.contains($0) }
                if !others.isEmpty { writer.addStatus("424 Failed Dependency", of: others) }
            }
        }
        writer.end()
        return Reply(status: .multi, headers: [.contentType: MultiStatusWriter.contentType], body: .buffer(writer.buffer))
    }
}
