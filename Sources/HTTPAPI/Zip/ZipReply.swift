import HTTPTypes
import Homeserver
import MatrixCore

/// A selection of files and folders as one zip file.
enum ZipReply {
    static func reply(_ paths: [FilePath], for caller: FileCaller, named name: String, _ request: APIRequest) async throws -> Reply {
        let archives = request.homeserver.archives
        let entries = try await archives.entries(of: paths, for: caller)
        var reply = Reply()
        reply.headers = [
            .contentType: "application/zip",
            .contentDisposition: ContentDisposition.header(contentType: "application/zip", fileName: name, showing: .nothing),
            .contentSecurityPolicy: "sandbox; default-src 'none'",
            .xContentTypeOptions: "nosniff",
            .cacheControl: "private, no-store",
        ]
        reply.body = ZipStream.body(entries) { try await archives.open($0) }
        return reply
    }
}
