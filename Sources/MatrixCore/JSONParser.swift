/// How large a JSON text may be before it is refused.
public struct JSONLimits: Sendable {
    public var maxDepth: Int
    public var maxBytes: Int

    public init(maxDepth: Int = 64, maxBytes: Int = 4 << 20) {
        self.maxDepth = maxDepth
        self.maxBytes = maxBytes
    }

    public static let `default` = JSONLimits()
}

extension JSONValue {
    /// Parses one JSON text, strictly: RFC 8259 and nothing more, well-formed UTF-8, no key twice in an object.
    ///
    /// `notJSON` where the text is not JSON; `badJSON` where it is, but beyond `limits` or without one clear meaning.
    public init(parsing bytes: UnsafeRawBufferPointer, limits: JSONLimits = .default) throws(MatrixError) {
        guard bytes.count <= limits.maxBytes else {
            throw MatrixError(.tooLarge, "The JSON text has \(bytes.count) bytes; at most \(limits.maxBytes) are allowed.")
        }
        var parser = JSONParser(bytes: bytes, maxDepth: limits.maxDepth)
        self = try parser.parseDocument()
    }

    public init(parsing bytes: [UInt8], limits: JSONLimits = .default) throws(MatrixError) {
        self = try bytes.withUnsafeBytes { raw in Result { () throws(MatrixError) in try JSONValue(parsing: raw, limits: limits) } }.get()
    }

    public init(parsing bytes: ArraySlice<UInt8>, limits: JSONLimits = .default) throws(MatrixError) {
        self = try bytes.withUnsafeBytes { raw in Result { () throws(MatrixError) in try JSONValue(parsing: raw, limits: limits) } }.get()
    }

    public init(parsing text: String, limits: JSONLimits = .default) throws(MatrixError) {
        try self.init(parsing: [UInt8](text.utf8), limits: limits)
    }
}

extension JSONObject {
    /// Parses one JSON text that has to be an object, as every body of the client-server API has to.
    public init(parsing bytes: UnsafeRawBufferPointer, limits: JSONLimits = .default) throws(MatrixError) {
        self = try Self.require(JSONValue(parsing: bytes, limits: limits))
    }

    public init(parsing bytes: [UInt8], limits: JSONLimits = .default) throws(MatrixError) {
        self = try Self.require(JSONValue(parsing: bytes, limits: limits))
    }

    public init(parsing bytes: ArraySlice<UInt8>, limits: JSONLimits = .default) throws(MatrixError) {
        self = try Self.require(JSONValue(parsing: bytes, limits: limits))
    }

    private static func require(_ value: JSONValue) throws(MatrixError) -> JSONObject {
        guard case .object(let object) = value else { throw MatrixError(.badJSON, "A JSON object is required here.") }
        return object
    }
}

/// A recursive descent over bytes that somebody else keeps alive.
private struct JSONParser {
    private let bytes: UnsafeRawBufferPointer
    private let maxDepth: Int
    private var position = 0
    private var depth = 0

    init(bytes: UnsafeRawBufferPointer, maxDepth: Int) {
        self.bytes = bytes
        self.maxDepth = maxDepth
    }

    mutating func parseDocument() throws(MatrixError) -> JSONValue {
        skipWhitespace()
        let value = try parseValue()
        skipWhitespace()
        guard position == bytes.count else { throw syntaxError("nothing may follow the value") }
        return value
    }

    private mutating func parseValue() throws(MatrixError) -> JSONValue {
        guard let first = peek() else { throw syntaxError("the text ends too early") }
        switch first {
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "{"): return .object(try parseObject())
        case UInt8(ascii: "["): return .array(try parseArray())
        case UInt8(ascii: "t"): return try parseLiteral("true", .bool(true))
        case UInt8(ascii: "f"): return try parseLiteral("false", .bool(false))
        case UInt8(ascii: "n"): return try parseLiteral("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        default: throw syntaxError("a value is expected")
        }
    }

    private mutating func parseObject() throws(MatrixError) -> JSONObject {
        try enter()
        var members: [JSONObject.Member] = []
        skipWhitespace()
        if !consume(UInt8(ascii: "}")) {
            repeat {
                skipWhitespace()
                guard peek() == UInt8(ascii: "\"") else { throw syntaxError("a key is expected") }
                let key = try parseString()
                skipWhitespace()
                guard consume(UInt8(ascii: ":")) else { throw syntaxError("':' is expected") }
                skipWhitespace()
                members.append(JSONObject.Member(key: key, value: try parseValue()))
                skipWhitespace()
            } while consume(UInt8(ascii: ","))
            guard consume(UInt8(ascii: "}")) else { throw syntaxError("',' or '}' is expected") }
        }
        depth -= 1
        guard let object = JSONObject(distinct: members) else {
            throw MatrixError(.badJSON, "An object that ends at byte \(position) has the same key twice.")
        }
        return object
    }

    private mutating func parseArray() throws(MatrixError) -> [JSONValue] {
        try enter()
        var elements: [JSONValue] = []
        skipWhitespace()
        if !consume(UInt8(ascii: "]")) {
            repeat {
                skipWhitespace()
                elements.append(try parseValue())
                skipWhitespace()
            } while consume(UInt8(ascii: ","))
            guard consume(UInt8(ascii: "]")) else { throw syntaxError("',' or ']' is expected") }
        }
        depth -= 1
        return elements
    }

    private mutating func enter() throws(MatrixError) {
        position += 1
        depth += 1
        guard depth <= maxDepth else { throw MatrixError(.badJSON, "The JSON is nested deeper than \(maxDepth) levels.") }
    }

    // MARK: Strings

    private mutating func parseString() throws(MatrixError) -> String {
        position += 1
        let start = position
        let isASCII = scanPlainCharacters()
        if peek() == UInt8(ascii: "\"") {
            let text = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
            position += 1
            return try makeString(text, isASCII: isASCII)
        }
        return try parseStringWithEscapes(from: start)
    }

    /// Stops before a quote, a backslash, a control character or the end. Tells whether all before it was ASCII.
    private mutating func scanPlainCharacters() -> Bool {
        var all: UInt8 = 0
        var index = position
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            all |= byte
            index += 1
        }
        position = index
        return all < 0x80
    }

    private mutating func parseStringWithEscapes(from start: Int) throws(MatrixError) -> String {
        var text = [UInt8](bytes[start..<position])
        while true {
            switch peek() {
            case UInt8(ascii: "\""):
                position += 1
                return try text.withUnsafeBytes { raw in Result { () throws(MatrixError) in try makeString(raw, isASCII: false) } }.get()
            case UInt8(ascii: "\\"):
                position += 1
                try parseEscape(into: &text)
            case nil:
                throw syntaxError("a string has no end")
            default:
                throw syntaxError("a control character must be escaped in a string")
            }
            let plainStart = position
            _ = scanPlainCharacters()
            text.append(contentsOf: bytes[plainStart..<position])
        }
    }

    private mutating func parseEscape(into text: inout [UInt8]) throws(MatrixError) {
        guard let character = peek() else { throw syntaxError("a string has no end") }
        position += 1
        switch character {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(character)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: Array(String(Character(try parseUnicodeEscape())).utf8))
        default: throw syntaxError("an unknown escape stands in a string")
        }
    }

    private mutating func parseUnicodeEscape() throws(MatrixError) -> Unicode.Scalar {
        let first = try parseFourHexadecimalDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        // The grammar allows half a surrogate pair, but no UTF-8 can carry it on.
        guard first < 0xDC00, consume(UInt8(ascii: "\\")), consume(UInt8(ascii: "u")) else { throw loneSurrogate() }
        let second = try parseFourHexadecimalDigits()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw loneSurrogate() }
        return scalar
    }

    private mutating func parseFourHexadecimalDigits() throws(MatrixError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw syntaxError("a string has no end") }
        var value: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw syntaxError("four hexadecimal digits are expected after \\u")
            }
            value = value << 4 | UInt32(digit)
        }
        position += 4
        return value
    }

    private func makeString(_ text: UnsafeRawBufferPointer, isASCII: Bool) throws(MatrixError) -> String {
        if isASCII { return String(decoding: text, as: UTF8.self) }
        guard let string = String(validating: text, as: UTF8.self) else { throw syntaxError("a string is not valid UTF-8") }
        return string
    }

    // MARK: Numbers and literals

    private mutating func parseNumber() throws(MatrixError) -> JSONValue {
        let start = position
        let isNegative = consume(UInt8(ascii: "-"))
        let digitsStart = position
        var negated: Int64 = 0
        var fits = true
        while let byte = peek(), isDigit(byte) {
            // Counted below zero, where Int64 reaches one further.
            let (product, overflowed) = negated.multipliedReportingOverflow(by: 10)
            let (sum, alsoOverflowed) = product.subtractingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
            fits = fits && !overflowed && !alsoOverflowed
            negated = sum
            position += 1
        }
        guard position > digitsStart else { throw syntaxError("a digit is expected") }
        guard position == digitsStart + 1 || bytes[digitsStart] != UInt8(ascii: "0") else { throw syntaxError("a number begins with 0") }

        var isInteger = true
        if consume(UInt8(ascii: ".")) {
            isInteger = false
            try skipDigits()
        }
        if consume(UInt8(ascii: "e")) || consume(UInt8(ascii: "E")) {
            isInteger = false
            if !consume(UInt8(ascii: "+")) { _ = consume(UInt8(ascii: "-")) }
            try skipDigits()
        }
        if isInteger && fits && (isNegative || negated != .min) { return .integer(isNegative ? negated : -negated) }
        guard let double = Double(String(decoding: bytes[start..<position], as: UTF8.self)), double.isFinite else {
            throw MatrixError(.badJSON, "A number is too large.")
        }
        return .double(double)
    }

    private mutating func skipDigits() throws(MatrixError) {
        let start = position
        while let byte = peek(), isDigit(byte) { position += 1 }
        guard position > start else { throw syntaxError("a digit is expected") }
    }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private mutating func parseLiteral(_ text: StaticString, _ value: JSONValue) throws(MatrixError) -> JSONValue {
        let length = text.utf8CodeUnitCount
        guard position + length <= bytes.count,
            UnsafeRawBufferPointer(rebasing: bytes[position..<position + length])
                .elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: length))
        else { throw syntaxError("a value is expected") }
        position += length
        return value
    }

    // MARK: Bytes

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func consume(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private func syntaxError(_ reason: String) -> MatrixError {
        MatrixError(.notJSON, "This is not valid JSON: \(reason), at byte \(position).")
    }

    private func loneSurrogate() -> MatrixError {
        MatrixError(.badJSON, "A string has half of a surrogate pair before byte \(position).")
    }
}
