import Cryptography
import HTTPTypes
import Homeserver
import MatrixCore
import NIOCore

/// Uploads that can be continued, by the protocol tus 1.0 (tus.io/protocols/resumable-upload) with some of its extensions.
///
/// The IETF has a draft for the same purpose. It still changes, and what apps use today speaks tus: tus-js-client, tuspy, TUSKit, tus-android.
enum UploadRoutes {
    private static let version = "1.0.0"
    private static let extensions = "creation,creation-with-upload,creation-defer-length,termination,expiration,checksum"

    static func options(_ request: APIRequest) -> Reply {
        var reply = Reply(status: .noContent)
        reply.headers[.tusVersion] = version
        reply.headers[.tusExtension] = extensions
        reply.headers[.tusMaxSize] = String(request.homeserver.uploads.maxUploadBytes)
        reply.headers[.tusChecksumAlgorithm] = ChecksumDigest.Algorithm.allCases.map(\.rawValue).joined(separator: ",")
        // These stand beside what all routes allow.
        reply.headers[.accessControlAllowMethods] = "PATCH"
        reply.headers[.accessControlAllowHeaders] =
            "Tus-Resumable, Upload-Length, Upload-Offset, Upload-Defer-Length, Upload-Metadata, Upload-Checksum, X-HTTP-Method-Override"
        reply.headers[.accessControlMaxAge] = "86400"
        return withVersion(reply)
    }

    static func list(_ request: APIRequest) async throws -> Reply {
        let uploads = try await request.homeserver.uploads.list(of: request.session.userID)
        return .json([
            "uploads": .array(
                uploads.map { upload, fileName, path in
                    var object: JSONObject = [
                        "id": .string(upload.uploadID), "offset": .integer(upload.offset), "expires_ts": .integer(upload.expiresTimestamp),
                    ]
                    if let size = upload.byteCount { object["size"] = .integer(size) }
                    if let fileName { object["name"] = .string(fileName) }
                    if let path { object["path"] = .string(path) }
                    return .object(object)
                })
        ])
    }

    static func create(_ request: APIRequest) async throws -> Reply {
        try await answer(request) {
            let length = try number(.uploadLength, request)
            let isDeferred = request.headers[.uploadDeferLength] == "1"
            guard isDeferred != (length != nil) else {
                throw MatrixError(.missingParameter, "One of Upload-Length and Upload-Defer-Length: 1 is needed.")
            }
            let uploads = request.homeserver.uploads
            let hasBytes = request.headers[.contentType] == bytesType
            let checksum = try checksum(request)
            var upload = try await uploads.create(
                byteCount: length, metadata: request.headers[.uploadMetadata] ?? "", by: request.session.userID)
            let location = "/_landline/v1/uploads/\(upload.uploadID)"
            // An empty file is complete without any bytes.
            if hasBytes || length == 0 {
                do {
                    upload = try await append(request, to: upload.uploadID, at: 0, byteCount: nil, checksum)
                } catch let error where error is RequestBodyStream.Truncated || error is CancellationError {
                    // Nobody hears this. The upload is there, but its address is not known: it goes by itself, in time.
                    throw error
                } catch {
                    try? await uploads.delete(upload.uploadID, by: request.session.userID)
                    throw error
                }
            }
            var reply = reply(.created, upload)
            reply.headers[.location] = location
            return reply
        }
    }

    /// For a HEAD.
    static func status(_ request: APIRequest) async throws -> Reply {
        try await answer(request) {
            let upload = try await request.homeserver.uploads.status(of: request.parameter("uploadId"), for: request.session.userID)
            var reply = reply(.ok, upload)
            if !upload.metadata.isEmpty { reply.headers[.uploadMetadata] = upload.metadata }
            return reply
        }
    }

    static func append(_ request: APIRequest) async throws -> Reply {
        try await answer(request) {
            guard request.headers[.contentType] == bytesType else {
                throw MatrixError(wrongType, "The Content-Type has to be \(bytesType).")
            }
            guard let offset = try number(.uploadOffset, request) else { throw MatrixError(.missingParameter, "Upload-Offset is missing.") }
            let length = try number(.uploadLength, request)
            return reply(
                .noContent,
                try await append(request, to: request.parameter("uploadId"), at: offset, byteCount: length, checksum(request)))
        }
    }

    static func delete(_ request: APIRequest) async throws -> Reply {
        try await answer(request) {
            try await request.homeserver.uploads.delete(request.parameter("uploadId"), by: request.session.userID)
            return Reply(status: .noContent)
        }
    }

    /// Some networks let only GET and POST through.
    static func override(_ request: APIRequest) async throws -> Reply {
        switch request.headers[.methodOverride] {
        case "PATCH": try await append(request)
        case "DELETE": try await delete(request)
        case "HEAD": try await status(request)
        default: throw MatrixError(.methodNotAllowed, "POST is possible here only with X-HTTP-Method-Override.")
        }
    }

    // MARK: Requests

    private static let bytesType = "application/offset+octet-stream"
    private static let wrongType = MatrixError.Code("M_UNKNOWN", status: 415)
    private static let wrongVersion = MatrixError.Code("M_UNKNOWN", status: 412)

    private static func append(
        _ request: APIRequest, to uploadID: String, at offset: Int64, byteCount: Int64?, _ checksum: UploadChecksum?
    ) async throws -> Upload {
        try await request.homeserver.uploads.append(
            to: uploadID, at: offset, byteCount: byteCount, announcedBytes: request.bodyStream.declaredBytes, checksum: checksum,
            by: request.session.userID
        ) {
            guard let buffer = try await request.bodyStream.next() else { return nil }
            return UploadPiece(byteCount: buffer.readableBytes) { take in try buffer.withUnsafeReadableBytes(take) }
        }
    }

    /// Not negative; `nil` where the header is missing.
    private static func number(_ name: HTTPField.Name, _ request: APIRequest) throws(MatrixError) -> Int64? {
        guard let text = request.headers[name] else { return nil }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let value = Int64(text) else {
            throw MatrixError(.invalidParameter, "\(name) is not a number of bytes.")
        }
        return value
    }

    private static func checksum(_ request: APIRequest) throws(MatrixError) -> UploadChecksum? {
        guard let header = request.headers[.uploadChecksum] else { return nil }
        let parts = header.split(separator: " ")
        guard parts.count == 2, let algorithm = ChecksumDigest.Algorithm(rawValue: String(parts[0])), let value = Base64.decode(String(parts[1]))
        else {
            throw MatrixError(.invalidParameter, "Upload-Checksum is the name of an algorithm (sha1, sha256) and Base64.")
        }
        return UploadChecksum(algorithm, value)
    }

    // MARK: Answers

    private static func answer(_ request: APIRequest, _ body: () async throws -> Reply) async throws -> Reply {
        do {
            guard request.headers[.tusResumable] == version else {
                throw MatrixError(wrongVersion, "This needs the header Tus-Resumable: \(version).")
            }
            return withVersion(try await body())
        } catch {
            var reply = ErrorResponse.reply(to: error, request.head, logger: request.server.logger)
            if reply.status == .preconditionFailed { reply.headers[.tusVersion] = version }
            return withVersion(reply)
        }
    }

    private static func reply(_ status: HTTPResponse.Status, _ upload: Upload) -> Reply {
        var reply = Reply(status: status)
        reply.headers[.uploadOffset] = String(upload.offset)
        if let size = upload.byteCount { reply.headers[.uploadLength] = String(size) } else { reply.headers[.uploadDeferLength] = "1" }
        reply.headers[.uploadExpires] = HTTPDate.text(upload.expiresTimestamp)
        if let uri = upload.contentURI { reply.headers[.landlineContentURI] = uri }
        if let path = upload.path { reply.headers[.landlinePath] = path.split(separator: "/").map { "/" + HTTPURL.encoded(String($0)) }.joined() }
        return reply
    }

    private static func withVersion(_ reply: Reply) -> Reply {
        var reply = reply
        reply.headers[.tusResumable] = version
        reply.headers[.cacheControl] = "no-store"
        reply.headers[.accessControlExposeHeaders] = exposedHeaders
        return reply
    }

    private static let exposedHeaders =
        "Location, Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm, Upload-Offset, Upload-Length, "
        + "Upload-Defer-Length, Upload-Metadata, Upload-Expires, Landline-Content-URI, Landline-Path"
}

extension HTTPField.Name {
    fileprivate static let tusResumable = Self("Tus-Resumable")!
    fileprivate static let tusVersion = Self("Tus-Version")!
    fileprivate static let tusExtension = Self("Tus-Extension")!
    fileprivate static let tusMaxSize = Self("Tus-Max-Size")!
    fileprivate static let tusChecksumAlgorithm = Self("Tus-Checksum-Algorithm")!
    fileprivate static let uploadOffset = Self("Upload-Offset")!
    fileprivate static let uploadLength = Self("Upload-Length")!
    fileprivate static let uploadDeferLength = Self("Upload-Defer-Length")!
    fileprivate static let uploadMetadata = Self("Upload-Metadata")!
    fileprivate static let uploadExpires = Self("Upload-Expires")!
    fileprivate static let uploadChecksum = Self("Upload-Checksum")!
    fileprivate static let methodOverride = Self("X-HTTP-Method-Override")!
    fileprivate static let landlineContentURI = Self("Landline-Content-URI")!
    fileprivate static let landlinePath = Self("Landline-Path")!
}
