import HTTPTypes
import Homeserver
import MatrixCore
import NIOCore

/// spec: client-server-api/#content-repository
enum MediaRoutes {
    // MARK: Uploads

    // spec: client-server-api/#post_matrixmediav3upload
    static func upload(_ request: APIRequest) async throws -> Reply {
        let uri = try await request.homeserver.media.upload(description(request), by: request.session.userID) { try await nextPiece(request) }
        return .json(["content_uri": .string(uri)])
    }

    // spec: client-server-api/#post_matrixmediav1create
    static func create(_ request: APIRequest) throws -> Reply {
        .json(["content_uri": .string(try request.homeserver.media.reserve(for: request.session.userID))])
    }

    // spec: client-server-api/#put_matrixmediav3uploadservernamemediaid
    static func uploadCreated(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.media.upload(
            description(request), to: request.parameter("serverName"), request.parameter("mediaId"), by: request.session.userID
        ) { try await nextPiece(request) }
        return .empty
    }

    private static func description(_ request: APIRequest) -> Media.Description {
        Media.Description(
            contentType: request.headers[.contentType], fileName: request.query("filename"), byteCount: request.bodyStream.declaredBytes)
    }

    static func nextPiece(_ request: APIRequest) async throws -> Media.Piece? {
        guard let buffer = try await request.bodyStream.next() else { return nil }
        return { take in try buffer.withUnsafeReadableBytes(take) }
    }

    // spec: client-server-api/#get_matrixclientv1mediaconfig
    static func config(_ request: APIRequest) -> Reply {
        .json(["m.upload.size": .integer(request.homeserver.media.maxUploadBytes)])
    }

    // MARK: Downloads

    // spec: client-server-api/#get_matrixclientv1mediadownloadservernamemediaid
    static func download(_ request: APIRequest) async throws -> Reply {
        let file = try await open(request)
        return FileReply.reply(file, named: file.name, request)
    }

    // spec: client-server-api/#get_matrixclientv1mediadownloadservernamemediaidfilename
    static func downloadNamed(_ request: APIRequest) async throws -> Reply {
        FileReply.reply(try await open(request), named: request.parameter("fileName"), request)
    }

    /// `timeout_ms`, `allow_remote` and `allow_redirect` have no meaning where all files are here.
    ///
    /// spec: client-server-api/#get_matrixclientv1mediathumbnailservernamemediaid
    static func thumbnail(_ request: APIRequest) async throws -> Reply {
        let wish = try thumbnailWish(request)
        return try await thumbnailReply(open(request), wish, request)
    }

    static func thumbnailWish(_ request: APIRequest) throws -> ThumbnailWish {
        func side(_ name: String) throws -> Int {
            guard let value = try request.queryInteger(name, range: 1...Int(UInt16.max)) else {
                throw MatrixError(.missingParameter, "\(name) is missing.")
            }
            return value
        }
        guard let method = ThumbnailWish.Method(rawValue: request.query("method") ?? "scale") else {
            throw MatrixError(.invalidParameter, "method must be crop or scale.")
        }
        return try ThumbnailWish(width: side("width"), height: side("height"), method: method, takesAnimation: request.query("animated") == "true")
    }

    static func thumbnailReply(_ file: OpenFile, _ wish: ThumbnailWish, _ request: APIRequest) async throws -> Reply {
        let caller = request.optionalSession?.userID.rawValue ?? request.remoteAddress ?? ""
        let thumbnail = try await request.homeserver.thumbnails.thumbnail(of: file, wish, for: caller)
        return FileReply.reply(thumbnail, named: thumbnail.name, request)
    }

    private static func open(_ request: APIRequest) async throws -> OpenFile {
        try await request.homeserver.media.open(request.parameter("serverName"), request.parameter("mediaId"))
    }
}
