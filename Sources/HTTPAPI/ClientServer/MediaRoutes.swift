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
        return FileReply.reply(file, named: file.name, request)
    }

    private static func open(_ request: APIRequest) async throws -> OpenFile {
        try await request.homeserver.media.open(request.parameter("serverName"), request.parameter("mediaId"))
    }
}
