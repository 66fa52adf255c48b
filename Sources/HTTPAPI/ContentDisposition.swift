import Homeserver

/// The `Content-Disposition` of a download (RFC 6266).
///
/// spec: client-server-api/#serving-inline-content
enum ContentDisposition {
    /// What a browser may show by itself. Everything else, first of all HTML and SVG, is only ever saved.
    private static let inlineTypes: Set<String> = [
        "text/css", "text/plain", "text/csv", "application/json", "application/ld+json",
        "image/jpeg", "image/gif", "image/png", "image/apng", "image/webp", "image/avif",
        "video/mp4", "video/webm", "video/ogg", "video/quicktime",
        "audio/mp4", "audio/webm", "audio/aac", "audio/mpeg", "audio/ogg", "audio/wave", "audio/wav", "audio/x-wav", "audio/x-pn-wav",
        "audio/flac", "audio/x-flac",
    ]

    /// What a browser may show without being asked to.
    enum Showing {
        case nothing
        /// What the specification allows.
        case mediaTypes
        /// PDF too, which browsers show in a viewer that runs nothing on this origin.
        case mediaTypesAndPDF
    }

    static func header(contentType: String, fileName: String?, showing: Showing = .mediaTypes) -> String {
        let essence = essence(contentType)
        let isShown =
            switch showing {
            case .nothing: false
            case .mediaTypes: inlineTypes.contains(essence)
            case .mediaTypesAndPDF: inlineTypes.contains(essence) || essence == "application/pdf"
            }
        let kind = isShown ? "inline" : "attachment"
        guard let fileName, !fileName.isEmpty else { return kind }
        let isPlain = fileName.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        // RFC 5987 for all other names: no control character and no quote ever stands in the header.
        return isPlain ? "\(kind); filename=\"\(fileName)\"" : "\(kind); filename*=utf-8''\(HTTPURL.encoded(fileName))"
    }

    /// The type without its parameters.
    static func essence(_ contentType: String) -> String { contentType.prefix { $0 != ";" }.filter { $0 != " " }.lowercased() }
}
