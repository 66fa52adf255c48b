import CWebClient
import Cryptography
import NIOCore
import Synchronization

/// One embedded file.
final class WebFile: Sendable {
    let path: String
    let contentType: String
    /// Proof for `nonisolated(unsafe)`: points to constant data of the executable.
    nonisolated(unsafe) private let bytes: UnsafeRawBufferPointer
    private let hash = Mutex<String?>(nil)

    init(path: String, bytes: UnsafeRawBufferPointer) {
        self.path = path
        self.bytes = bytes
        contentType = Self.contentType(ofPath: path)
    }

    var contents: ByteBuffer { ByteBuffer(bytes: bytes) }

    /// Made when it is first needed, so that a box whose pages nobody opens does not read them from the disk.
    var entityTag: String {
        hash.withLock { hash in
            if let hash { return hash }
            let made = "\"\(Base64.encodeURLSafe(Digest.sha256(bytes)))\""
            hash = made
            return made
        }
    }

    private static func contentType(ofPath path: String) -> String {
        switch path.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "json": "application/json"
        case "webmanifest": "application/manifest+json"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "ico": "image/x-icon"
        case "woff2": "font/woff2"
        case "wasm": "application/wasm"
        case "txt": "text/plain; charset=utf-8"
        default: "application/octet-stream"
        }
    }
}

/// All embedded files by their path in web/.
enum WebFiles {
    static let all: [String: WebFile] = {
        let files = UnsafeBufferPointer(start: landline_web_files(), count: landline_web_file_count())
        var all: [String: WebFile] = [:]
        for file in files {
            let path = String(cString: file.path)
            all[path] = WebFile(path: path, bytes: UnsafeRawBufferPointer(start: file.bytes, count: file.length))
        }
        return all
    }()
}
