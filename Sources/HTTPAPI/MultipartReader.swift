import MatrixCore
import NIOCore

/// Reads a `multipart/form-data` body as it arrives (RFC 7578): part by part, and each part piece by piece.
final class MultipartReader {
    struct Part: Equatable {
        /// Of the form's field.
        let name: String
        /// `nil` for what is no file.
        let fileName: String?
        let contentType: String?
    }

    private static let maxHeaderBytes = 8 << 10
    private static let maxBoundaryBytes = 70
    private static let lineEnd = Array("\r\n".utf8)

    private let delimiter: [UInt8]
    private let source: () async throws -> ByteBuffer?
    /// What has arrived and was not given out. Each part begins after a line's end, the first one too.
    private var pending = ByteBuffer(bytes: lineEnd)
    private var isInPart = false

    /// `nil` where the type is another one.
    init?(contentType: String?, source: @escaping () async throws -> ByteBuffer?) {
        guard let contentType, ContentDisposition.essence(contentType) == "multipart/form-data",
            let boundary = Self.parameter("boundary", of: contentType), (1...Self.maxBoundaryBytes).contains(boundary.utf8.count)
        else { return nil }
        delimiter = Self.lineEnd + Array("--\(boundary)".utf8)
        self.source = source
    }

    /// The next part that has a name, `nil` after the last one. What was not read of the part before is skipped.
    func nextPart() async throws -> Part? {
        while true {
            // Also skips what may stand before the first part.
            while try await piece() != nil {}
            pending.moveReaderIndex(forwardBy: delimiter.count)
            guard try await arrived(2) else { throw Self.malformed }
            if pending.readableBytesView.starts(with: Array("--".utf8)) { return nil }
            let header = try await header()
            isInPart = true
            if let part = Self.part(header) { return part }
        }
    }

    /// The next bytes of the part, `nil` at its end.
    func nextPiece() async throws -> ByteBuffer? {
        guard isInPart else { return nil }
        let piece = try await piece()
        if piece == nil { isInPart = false }
        return piece
    }

    /// What stands before the next delimiter, `nil` right at it.
    private func piece() async throws -> ByteBuffer? {
        while true {
            let bytes = pending.readableBytesView
            if let found = Self.position(of: delimiter, in: bytes) {
                return found == 0 ? nil : pending.readSlice(length: found)
            }
            // The last bytes may be the beginning of a delimiter.
            let certain = bytes.count - (delimiter.count - 1)
            if certain > 0 { return pending.readSlice(length: certain) }
            guard try await more() else { throw Self.malformed }
        }
    }

    /// The lines after a delimiter.
    private func header() async throws -> String {
        let end = Array("\r\n\r\n".utf8)
        while true {
            let bytes = pending.readableBytesView
            if let found = Self.position(of: end, in: bytes) {
                guard found <= Self.maxHeaderBytes, let text = pending.readString(length: found) else { throw Self.malformed }
                pending.moveReaderIndex(forwardBy: end.count)
                return text
            }
            guard bytes.count <= Self.maxHeaderBytes, try await more() else { throw Self.malformed }
        }
    }

    private func arrived(_ count: Int) async throws -> Bool {
        while pending.readableBytes < count {
            guard try await more() else { return false }
        }
        return true
    }

    private func more() async throws -> Bool {
        guard var arrived = try await source() else { return false }
        pending.discardReadBytes()
        pending.writeBuffer(&arrived)
        return true
    }

    private static func position(of wanted: [UInt8], in bytes: ByteBufferView) -> Int? {
        bytes.withUnsafeBytes { bytes in
            var start = 0
            while start + wanted.count <= bytes.count {
                guard let candidate = bytes[start...(bytes.count - wanted.count)].firstIndex(of: wanted[0]) else { return nil }
                if bytes[candidate..<(candidate + wanted.count)].elementsEqual(wanted) { return candidate }
                start = candidate + 1
            }
            return nil
        }
    }

    // MARK: Headers

    private static func part(_ header: String) -> Part? {
        var name: String?
        var fileName: String?
        var contentType: String?
        for line in header.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            switch line[..<colon].lowercased() {
            case "content-disposition":
                name = parameter("name", of: String(value))
                fileName = parameter("filename", of: String(value))
            case "content-type": contentType = String(value)
            default: break
            }
        }
        guard let name else { return nil }
        return Part(name: name, fileName: fileName.map(plainName), contentType: contentType)
    }

    /// A parameter of a header, with or without quotes.
    static func parameter(_ name: String, of header: String) -> String? {
        var rest = header.utf8[...]
        while let semicolon = rest.firstIndex(of: UInt8(ascii: ";")) {
            rest = rest[rest.index(after: semicolon)...].drop { $0 == 0x20 || $0 == 0x9 }
            guard let equals = rest.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            let key = String(Substring(rest[..<equals])).lowercased()
            rest = rest[rest.index(after: equals)...]
            let value: Substring.UTF8View
            if rest.first == UInt8(ascii: "\"") {
                value = rest.dropFirst().prefix { $0 != UInt8(ascii: "\"") }
                rest = rest.dropFirst(value.count + 1)
            } else {
                value = rest.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 }
            }
            if key == name { return String(Substring(value)) }
        }
        return nil
    }

    /// Some programs send the whole path of the sender's disk, and browsers write quotes in this one way.
    private static func plainName(_ fileName: String) -> String {
        let last = fileName.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? ""
        return last.replacing("%22", with: "\"")
    }

    private static let malformed = MatrixError(.unknown, "The form was not sent completely.")
}
