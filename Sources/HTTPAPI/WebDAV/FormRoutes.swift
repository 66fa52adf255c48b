import HTTPTypes
import Homeserver
import MatrixCore
import NIOCore

/// The forms of the page of a folder.
enum FormRoutes {
    private static let maxParts = 1_000
    private static let maxNamesTried = 200
    private static let maxFieldBytes = 1 << 10

    static func submit(_ request: APIRequest) async throws -> Reply {
        try request.homeserver.moderation.requireNotSuspended(request.session.userID)
        let dav = try await DAVRequest(request)
        do {
            try await take(dav)
        } catch let error as MatrixError {
            return FolderPage.reply(to: error, dav)
        }
        // A reload of the page then sends nothing again.
        return Reply(status: .seeOther, headers: [.location: DAVPath.href(dav.path, isFolder: true)])
    }

    private static func take(_ dav: DAVRequest) async throws {
        let body = dav.request.bodyStream
        guard let form = MultipartReader(contentType: dav.request.headers[.contentType], source: { try await body.next() }) else {
            throw MatrixError(.init("M_UNKNOWN", status: 415), "This is not the form of a folder's page.")
        }
        var count = 0
        while let part = try await form.nextPart() {
            count += 1
            guard count <= maxParts else { throw MatrixError(.tooLarge, "At most \(maxParts) files can be sent at once.") }
            // An input that nobody filled in is sent with an empty name.
            if let name = part.fileName, !name.isEmpty {
                try await store(form, named: name, contentType: part.contentType, dav)
            } else if part.name == "folder", part.fileName == nil {
                _ = try await dav.files.makeFolder(dav.path.appending(text(form)), by: dav.caller)
            }
        }
    }

    private static func text(_ form: MultipartReader) async throws -> String {
        var bytes: [UInt8] = []
        while let piece = try await form.nextPiece() {
            bytes += piece.readableBytesView
            guard bytes.count <= maxFieldBytes else { throw MatrixError(.tooLarge, "The name is too long.") }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Under its name or, so that nothing is ever replaced by a form, the next one that is free.
    private static func store(_ form: MultipartReader, named name: String, contentType: String?, _ dav: DAVRequest) async throws {
        let path = try await free(name, dav)
        let description = FileDescription(contentType: WebDAVRoutes.contentType(contentType, path))
        _ = try await dav.files.put(path, description, if: .isAbsent, by: dav.caller) {
            guard let buffer = try await form.nextPiece() else { return nil }
            return { take in try buffer.withUnsafeReadableBytes(take) }
        }
    }

    private static func free(_ name: String, _ dav: DAVRequest) async throws -> FilePath {
        for number in 1...maxNamesTried {
            let path = try dav.path.appending(number == 1 ? name : FileNaming.numbered(name, number))
            do {
                _ = try await dav.files.node(at: path, for: dav.caller)
            } catch let error as MatrixError where error.status == 404 {
                return path
            }
        }
        throw MatrixError(.init("LANDLINE_EXISTS", status: 409), "There are many files with this name already.")
    }
}
