import MatrixCore
import NIOCore

/// The parts of a browser's form (RFC 7578), as they arrive: no more than a piece of one is in memory.
struct MultipartReader {
    struct Part {
        let name: String
        /// `nil` for a field that is no file.
        let fileName: String?
        let contentType: String?
    }

    static let maxHeaderBytes = 8 << 10
    private static let maxBoundaryBytes = 200

    private let delimiter: [UInt8]
    private let next: () async throws -> ByteBuffer?
    /// Begins with the end of the line before the first boundary, which may be missing.
    private var buffer = ByteBuffer(string: "\r\n")
    private var isInPart = true

    /// `nil` where the type is not that of a form with files.
    init?(contentType: String, next: @escaping () async throws -> ByteBuffer?) {
        let fields = contentType.split(separator: ";").map { $0.drop { $0 == " " } }
        guard fields.first?.lowercased() == "multipart/form-data",
            let boundary = fields.dropFirst().first(where: { $0.lowercased().hasPrefix("boundary=") })?.dropFirst(9)
        else { return nil }
        let text = boundary.hasPrefix("\"") ? boundary.dropFirst().prefix { $0 != "\"" } : boundary
        guard (1...Self.maxBoundaryBytes).contains(text.utf8.count) else { return nil }
        delimiter = Array("\r\n--\(text)".utf8)
        self.next = next
    }

    /// The next part, after what was not read of the one before; `nil` after the last.
    mutating func nextPart() async throws -> Part? {
        while try await nextPiece() != nil {}
        buffer.moveReaderIndex(forwardBy: delimiter.count)
        try await fill(2)
        if buffer.readableBytesView.starts(with: Array("--".utf8)) { return nil }
        return try await header()
    }

    private mutating func header() async throws -> Part? {
        while true {
            let bytes = buffer.readableBytesView.prefix(Self.maxHeaderBytes)
            if let end = Self.position(of: Array("\r\n\r\n".utf8), in: bytes) {
                let text = String(decoding: bytes.prefix(end), as: UTF8.self)
                buffer.moveReaderIndex(forwardBy: end + 4)
                isInPart = true
                return Self.part(text)
            }
            guard bytes.count < Self.maxHeaderBytes else { throw Self.malformed }
            try await fill(buffer.readableBytes + 1)
        }
    }

    /// The next bytes of the part, `nil` at its end.
    mutating func nextPiece() async throws -> ByteBuffer? {
        guard isInPart else { return nil }
        while true {
            if let end = Self.position(of: delimiter, in: buffer.readableBytesView) {
                if end > 0 { return buffer.readSlice(length: end) }
                isInPart = false
                return nil
            }
            // A boundary may have begun.
            let sure = buffer.readableBytes - (delimiter.count - 1)
            if sure > 0 { return buffer.readSlice(length: sure) }
            try await fill(buffer.readableBytes + 1)
        }
    }

    /// Reads until so many bytes are there.
    private mutating func fill(_ count: Int) async throws {
        while buffer.readableBytes < count {
            guard var piece = try await next() else { throw Self.malformed }
            if buffer.readableBytes == 0 {
                buffer = piece
            } else {
                var joined = ByteBufferAllocator().buffer(capacity: buffer.readableBytes + piece.readableBytes)
                joined.writeBuffer(&buffer)
                joined.writeBuffer(&piece)
                buffer = joined
            }
        }
    }

    private static func position(of pattern: [UInt8], in bytes: some Collection<UInt8>) -> Int? {
        let found = bytes.withContiguousStorageIfAvailable { bytes -> Int? in
            guard bytes.count >= pattern.count else { return nil }
            var start = 0
            while start <= bytes.count - pattern.count {
                guard let candidate = bytes[start...(bytes.count - pattern.count)].firstIndex(of: pattern[0]) else { return nil }
                var length = 1
                while length < pattern.count, bytes[candidate + length] == pattern[length] { length += 1 }
                if length == pattern.count { return candidate }
                start = candidate + 1
            }
            return nil
        }
        return found ?? nil
    }

    // MARK: Headers

    private static func part(_ header: String) -> Part {
        var name = ""
        var fileName: String?
        var contentType: String?
        for line in header.split(separator: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[colon...].dropFirst().drop { $0 == " " }
            switch line[..<colon].lowercased() {
            case "content-disposition":
                name = parameter("name", of: value) ?? ""
                fileName = parameter("filename", of: value)
            case "content-type": contentType = String(value)
            default: break
            }
        }
        return Part(name: name, fileName: fileName, contentType: contentType)
    }

    /// Browsers escape quotes and line breaks in names as in URLs, and nothing else.
    private static func parameter(_ name: String, of value: Substring) -> String? {
        guard let start = value.firstRange(of: "; \(name)=\"")?.upperBound else { return nil }
        let text = value[start...].prefix { $0 != "\"" }
        return String(text).replacing("%22", with: "\"").replacing("%0D", with: " ").replacing("%0A", with: " ")
    }

    private static let malformed = MatrixError(.unknown, "The form broke off, or is not valid.")
}
