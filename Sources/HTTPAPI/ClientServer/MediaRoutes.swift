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

    private static func nextPiece(_ request: APIRequest) async throws -> Media.Piece? {
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
        return reply(file, named: file.fileName, request)
    }

    // spec: client-server-api/#get_matrixclientv1mediadownloadservernamemediaidfilename
    static func downloadNamed(_ request: APIRequest) async throws -> Reply {
        reply(try await open(request), named: request.parameter("fileName"), request)
    }

    /// The original, whatever size is asked for: a thumbnail may be larger than that.
    ///
    /// spec: client-server-api/#get_matrixclientv1mediathumbnailservernamemediaid
    static func thumbnail(_ request: APIRequest) async throws -> Reply {
        for name in ["width", "height"] {
            guard try request.queryInteger(name, range: 1...Int(UInt16.max)) != nil else {
                throw MatrixError(.missingParameter, "\(name) is missing.")
            }
        }
        let file = try await open(request)
        guard let contentType = file.contentType?.lowercased(), contentType.hasPrefix("image/") else {
            throw MatrixError(.unknown, "There is no thumbnail of this file: it is no picture.")
        }
        return reply(file, named: file.fileName, request)
    }

    private static func open(_ request: APIRequest) async throws -> MediaFile {
        try await request.homeserver.media.open(request.parameter("serverName"), request.parameter("mediaId"))
    }

    private static func reply(_ file: MediaFile, named fileName: String?, _ request: APIRequest) -> Reply {
        let contentType = file.contentType ?? "application/octet-stream"
        let entityTag = "\"\(file.fingerprint)\""
        var reply = Reply()
        reply.headers = [
            .contentType: contentType,
            .contentDisposition: ContentDisposition.header(contentType: contentType, fileName: fileName),
            .contentSecurityPolicy: contentSecurityPolicy,
            .crossOriginResourcePolicy: "cross-origin",
            .xContentTypeOptions: "nosniff",
            .eTag: entityTag,
            // The bytes behind a URI never change.
            .cacheControl: "private, max-age=31536000, immutable",
            .acceptRanges: "bytes",
        ]
        if EntityTag.matches(request.headers[.ifNoneMatch], entityTag) {
            reply.status = .notModified
            return reply
        }
        let isPartWanted = request.headers[.ifRange].map { $0 == entityTag } ?? true
        switch ByteRange(isPartWanted ? request.headers[.range] : nil, byteCount: file.byteCount) {
        case .whole:
            reply.body = FileStream.body(file, 0..<file.byteCount)
        case .part(let range):
            reply.status = .partialContent
            reply.headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.byteCount)"
            reply.body = FileStream.body(file, range)
        case .unsatisfiable:
            reply = ErrorResponse.reply(MatrixError(rangeNotSatisfiable, "The file is not that long."))
            reply.headers[.contentRange] = "bytes */\(file.byteCount)"
        }
        return reply
    }

    private static let rangeNotSatisfiable = MatrixError.Code("M_UNKNOWN", status: 416)
    private static let contentSecurityPolicy =
        "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf; style-src 'unsafe-inline'; object-src 'self';"
}
