import Homeserver
import MatrixCore
import NIOCore

/// Paths of the file store in URLs: `/dav/Shared/Photos%202024/`.
enum DAVPath {
    static let prefix = "/dav"

    /// A path that is still percent-encoded, without `prefix`. It is decoded by component, so that no encoded slash makes a folder.
    static func parse(_ encoded: Substring) throws(MatrixError) -> FilePath {
        var components: [String] = []
        for component in encoded.utf8.split(separator: UInt8(ascii: "/")) {
            guard let text = PercentEncoding.decode(Substring(component), plusIsSpace: false) else {
                throw MatrixError(.invalidParameter, "The path is not valid percent-encoded UTF-8.")
            }
            components.append(text)
        }
        return try FilePath(components)
    }

    /// The path that a URL in a header means: of this very box, or a path alone.
    ///
    /// - Parameter host: what the request says of where it goes.
    static func ofURL(_ url: String, host: String?) throws(MatrixError) -> FilePath {
        var path = url[...]
        if !url.hasPrefix("/") {
            guard let scheme = url.firstRange(of: "://"), ["http", "https"].contains(url[..<scheme.lowerBound].lowercased()) else {
                throw MatrixError(.invalidParameter, "This is no URL that files can have.")
            }
            let rest = url[scheme.upperBound...]
            let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            // A name and password may stand before the host.
            let named = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
            guard let host, named.lowercased() == host.lowercased() else {
                throw MatrixError(elsewhere, "The target is on another server.")
            }
            path = rest[authority.endIndex...]
        }
        guard path == prefix || path.hasPrefix(prefix + "/") else { throw MatrixError(elsewhere, "The target is not among the files.") }
        guard !path.contains("?"), !path.contains("#") else { throw MatrixError(.invalidParameter, "The URL of a file has no query.") }
        return try parse(path.dropFirst(prefix.count))
    }

    /// RFC 4918, section 9.8.5.
    private static let elsewhere = MatrixError.Code("LANDLINE_ELSEWHERE", status: 502)

    /// The URL's path of a file, or of a folder with a slash at the end.
    static func href(_ path: FilePath, isFolder: Bool = false) -> String {
        var buffer = ByteBufferAllocator().buffer(capacity: 128)
        buffer.writeString(prefix)
        for component in path.components {
            buffer.writeStaticString("/")
            writePercentEncoded(component, into: &buffer)
        }
        if isFolder || path.isRoot { buffer.writeStaticString("/") }
        return String(buffer: buffer)
    }

    /// The same for the text of a path.
    static func encoded(_ path: String) throws(MatrixError) -> String { href(try FilePath(path)) }

    static func writePercentEncoded(_ text: String, into buffer: inout ByteBuffer) {
        var text = text
        text.withUTF8 { bytes in
            _ = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count * 3) { output in
                var count = 0
                for byte in bytes {
                    if isUnreserved(byte) {
                        output[count] = byte
                        count += 1
                    } else {
                        output[count] = UInt8(ascii: "%")
                        output[count + 1] = hexadecimal(byte >> 4)
                        output[count + 2] = hexadecimal(byte & 15)
                        count += 3
                    }
                }
                return count
            }
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func hexadecimal(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10 }
}
