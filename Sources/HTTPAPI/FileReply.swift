import HTTPTypes
import Homeserver
import MatrixCore

/// How bytes that somebody uploaded are given out, by whatever path: never so that they could run as script on the box's own origin.
enum FileReply {
    /// - Parameters:
    ///   - fileName: under which a browser saves it.
    ///   - showing: what a browser may show by itself.
    static func reply(
        _ file: OpenFile, named fileName: String?, _ request: APIRequest, showing: ContentDisposition.Showing = .mediaTypes
    ) -> Reply {
        let contentType = file.contentType ?? "application/octet-stream"
        let entityTag = "\"\(file.fingerprint)\""
        var reply = Reply()
        reply.headers = [
            .contentType: contentType,
            .contentDisposition: ContentDisposition.header(contentType: contentType, fileName: fileName, showing: showing),
            .contentSecurityPolicy: contentSecurityPolicy(contentType),
            .crossOriginResourcePolicy: "cross-origin",
            .xContentTypeOptions: "nosniff",
            .eTag: entityTag,
            // The bytes behind an mxc:// URI never change; those of a file in a folder do.
            .cacheControl: file.modifiedTimestamp == nil ? "private, max-age=31536000, immutable" : "private, no-cache",
            .acceptRanges: "bytes",
        ]
        if let modified = file.modifiedTimestamp { reply.headers[.lastModified] = HTTPDate.text(modified) }
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

    /// A browser's own viewer for PDF, which runs no script on this origin, does not open in a sandbox.
    private static func contentSecurityPolicy(_ contentType: String) -> String {
        (ContentDisposition.essence(contentType) == "application/pdf" ? "" : "sandbox; ")
            + "default-src 'none'; script-src 'none'; style-src 'unsafe-inline'; object-src 'self';"
    }
}
