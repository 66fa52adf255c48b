/// What is in a file, by its name, where nobody has said it.
enum FileTypes {
    static let unknown = "application/octet-stream"

    /// - Parameter given: what the client said; programs that know nothing say so in the one or the other way.
    static func contentType(of name: String, given: String?) -> String {
        let given = given.flatMap(Media.checkedContentType)
        if let given, !given.isEmpty, given.prefix(while: { $0 != ";" }).lowercased() != unknown { return given }
        guard let dot = name.lastIndex(of: ".") else { return unknown }
        return byEnding[name[name.index(after: dot)...].lowercased()] ?? unknown
    }

    /// The `msgtype` of a message that brings it.
    ///
    /// spec: client-server-api/#mroommessage-msgtypes
    static func messageType(of contentType: String) -> String {
        let type = contentType.prefix { $0 != ";" }.lowercased()
        // No client shows these as pictures.
        if type.hasPrefix("image/svg") || type == "image/x-icon" || type == "image/vnd.adobe.photoshop" { return "m.file" }
        switch type.prefix(while: { $0 != "/" }) {
        case "image": return "m.image"
        case "video": return "m.video"
        case "audio": return "m.audio"
        default: return "m.file"
        }
    }

    private static let byEnding = [
        "jpg": "image/jpeg", "jpeg": "image/jpeg", "jpe": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
        "avif": "image/avif", "heic": "image/heic", "heif": "image/heif", "bmp": "image/bmp", "tif": "image/tiff", "tiff": "image/tiff",
        "svg": "image/svg+xml", "ico": "image/x-icon", "psd": "image/vnd.adobe.photoshop", "apng": "image/apng", "jxl": "image/jxl",
        "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mkv": "video/x-matroska",
        "avi": "video/x-msvideo", "mpg": "video/mpeg", "mpeg": "video/mpeg", "ogv": "video/ogg", "3gp": "video/3gpp", "wmv": "video/x-ms-wmv",
        "mp3": "audio/mpeg", "m4a": "audio/mp4", "aac": "audio/aac", "ogg": "audio/ogg", "oga": "audio/ogg", "opus": "audio/ogg",
        "flac": "audio/flac", "wav": "audio/wav", "wma": "audio/x-ms-wma", "mid": "audio/midi", "weba": "audio/webm",
        "txt": "text/plain", "log": "text/plain", "md": "text/markdown", "csv": "text/csv", "html": "text/html", "htm": "text/html",
        "css": "text/css", "js": "text/javascript", "json": "application/json", "xml": "application/xml", "yaml": "application/yaml",
        "yml": "application/yaml", "ics": "text/calendar", "vcf": "text/vcard", "rtf": "application/rtf", "pdf": "application/pdf",
        "epub": "application/epub+zip", "zip": "application/zip", "gz": "application/gzip", "tgz": "application/gzip", "tar": "application/x-tar",
        "7z": "application/x-7z-compressed", "rar": "application/vnd.rar", "xz": "application/x-xz", "zst": "application/zstd",
        "doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "odt": "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet",
        "odp": "application/vnd.oasis.opendocument.presentation", "apk": "application/vnd.android.package-archive",
        "torrent": "application/x-bittorrent",
    ]
}
