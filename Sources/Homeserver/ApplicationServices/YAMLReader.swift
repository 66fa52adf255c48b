/// A piece of a YAML file, and the line that it begins in.
struct YAMLNode: Sendable, Hashable {
    enum Value: Sendable, Hashable {
        /// A text without quotes may stand for something else: a number, a truth value, nothing.
        case scalar(String, isQuoted: Bool)
        case sequence([YAMLNode])
        case mapping([Entry])
    }

    struct Entry: Sendable, Hashable {
        let key: String
        let node: YAMLNode
    }

    let value: Value
    /// From 1.
    let line: Int
}

struct YAMLError: Error, Sendable, Hashable {
    let message: String
    let line: Int

    init(_ message: String, line: Int) {
        self.message = message
        self.line = line
    }
}

/// Reads the part of YAML that registration files use: mappings and sequences in block and flow style, plain and quoted texts on one
/// line, comments. JSON is a part of that. Everything else is refused with the line that it is in, and nothing is guessed.
struct YAMLReader {
    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var lineStart = 0
    private var depth = 0
    private var flowDepth = 0

    static let maxDepth = 16

    /// The document of a file; an empty text if there is nothing in it.
    static func read(_ bytes: [UInt8]) throws(YAMLError) -> YAMLNode {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw YAMLError("this file is not UTF-8", line: 1) }
        var reader = YAMLReader(bytes)
        return try reader.document()
    }

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            index = 3
            lineStart = 3
        }
    }

    // MARK: The document

    private mutating func document() throws(YAMLError) -> YAMLNode {
        try skipBlank()
        while next == UInt8(ascii: "%"), column == 0 {
            skipLine()
            try skipBlank()
        }
        if isMarker("---") {
            index += 3
            try skipBlank()
        }
        let node = try block(after: -1)
        try skipBlank()
        if isMarker("---") { throw error("there must be one document in the file") }
        guard next == nil || isMarker("...") else { throw error("this does not fit what stands above; look at the spaces before it") }
        return node
    }

    private func isMarker(_ text: StaticString) -> Bool {
        column == 0 && bytes[index...].starts(with: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
            && isBlank(at: index + 3)
    }

    // MARK: Block style

    /// What stands further to the right than `indent`.
    private mutating func block(after indent: Int) throws(YAMLError) -> YAMLNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maxDepth else { throw error("this is nested too deep") }
        try skipBlank()
        guard next != nil, column > indent, !isMarker("---"), !isMarker("...") else {
            return YAMLNode(value: .scalar("", isQuoted: false), line: line)
        }
        if isDash { return try blockSequence() }
        if try isKeyAhead() { return try blockMapping() }
        let node = try inlineValue(inFlow: false)
        try endOfLine()
        return node
    }

    private var isDash: Bool { next == UInt8(ascii: "-") && isBlank(at: index + 1) }

    private mutating func blockSequence() throws(YAMLError) -> YAMLNode {
        let (start, indent) = (line, column)
        var items: [YAMLNode] = []
        while next != nil, column == indent, isDash {
            index += 1
            skipSpaces()
            items.append(isAtEndOfLine ? try block(after: indent) : try nested())
            try skipBlank()
        }
        return YAMLNode(value: .sequence(items), line: start)
    }

    /// After a dash, in the same line.
    private mutating func nested() throws(YAMLError) -> YAMLNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maxDepth else { throw error("this is nested too deep") }
        if isDash { return try blockSequence() }
        if try isKeyAhead() { return try blockMapping() }
        let node = try inlineValue(inFlow: false)
        try endOfLine()
        return node
    }

    private mutating func blockMapping() throws(YAMLError) -> YAMLNode {
        let (start, indent) = (line, column)
        var entries: [YAMLNode.Entry] = []
        while next != nil, column == indent, !isMarker("---"), !isMarker("...") {
            guard try isKeyAhead() else { throw error("a name and a colon should stand here") }
            let keyLine = line
            let key = try key(inFlow: false)
            guard !entries.contains(where: { $0.key == key }) else { throw YAMLError("\(key) stands here twice", line: keyLine) }
            skipSpaces()
            index += 1
            skipSpaces()
            entries.append(YAMLNode.Entry(key: key, node: try blockValue(in: indent, keyLine: keyLine)))
            try skipBlank()
            if next != nil, column > indent {
                throw error("this is further to the right than what stands above; a text has to be in one line, in quotes")
            }
        }
        return YAMLNode(value: .mapping(entries), line: start)
    }

    /// After the colon.
    private mutating func blockValue(in indent: Int, keyLine: Int) throws(YAMLError) -> YAMLNode {
        guard isAtEndOfLine else {
            let node = try inlineValue(inFlow: false)
            try endOfLine()
            return node
        }
        try skipBlank()
        // A sequence may stand right below its name.
        if next != nil, column == indent, isDash { return try blockSequence() }
        guard next != nil, column > indent else { return YAMLNode(value: .scalar("", isQuoted: false), line: keyLine) }
        return try block(after: indent)
    }

    /// Whether a name and a colon come next in this line.
    private mutating func isKeyAhead() throws(YAMLError) -> Bool {
        guard let first = next, first != UInt8(ascii: "{"), first != UInt8(ascii: "[") else { return false }
        let start = index
        defer { index = start }
        if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
            _ = try quoted()
            skipSpaces()
            return next == UInt8(ascii: ":") && isBlank(at: index + 1)
        }
        while let byte = next, byte != UInt8(ascii: "\n") {
            if byte == UInt8(ascii: ":"), isBlank(at: index + 1) { return true }
            if byte == UInt8(ascii: "#"), index > start, isBlank(at: index - 1) { return false }
            index += 1
        }
        return false
    }

    private mutating func key(inFlow: Bool) throws(YAMLError) -> String {
        if next == UInt8(ascii: "\"") || next == UInt8(ascii: "'") { return try quoted() }
        let text = try plain(inFlow: inFlow)
        guard !text.isEmpty else { throw error("a name should stand before the colon") }
        return text
    }

    // MARK: Values in a line

    private mutating func inlineValue(inFlow: Bool) throws(YAMLError) -> YAMLNode {
        let start = line
        switch next {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            flowDepth += 1
            defer { flowDepth -= 1 }
            guard depth + flowDepth <= Self.maxDepth else { throw error("this is nested too deep") }
            return next == UInt8(ascii: "{") ? try flowMapping() : try flowSequence()
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return YAMLNode(value: .scalar(try quoted(), isQuoted: true), line: start)
        default: return YAMLNode(value: .scalar(try plain(inFlow: inFlow), isQuoted: false), line: start)
        }
    }

    private mutating func flowSequence() throws(YAMLError) -> YAMLNode {
        let start = line
        index += 1
        var items: [YAMLNode] = []
        while true {
            try skipBlank()
            if take(UInt8(ascii: "]")) { return YAMLNode(value: .sequence(items), line: start) }
            items.append(try inlineValue(inFlow: true))
            try separator(before: UInt8(ascii: "]"), openedIn: start)
        }
    }

    private mutating func flowMapping() throws(YAMLError) -> YAMLNode {
        let start = line
        index += 1
        var entries: [YAMLNode.Entry] = []
        while true {
            try skipBlank()
            if take(UInt8(ascii: "}")) { return YAMLNode(value: .mapping(entries), line: start) }
            let keyLine = line
            let key = try key(inFlow: true)
            guard !entries.contains(where: { $0.key == key }) else { throw YAMLError("\(key) stands here twice", line: keyLine) }
            try skipBlank()
            guard take(UInt8(ascii: ":")) else { throw error("a colon should stand after \(key)") }
            try skipBlank()
            let isEmpty = next == UInt8(ascii: ",") || next == UInt8(ascii: "}")
            let node = isEmpty ? YAMLNode(value: .scalar("", isQuoted: false), line: line) : try inlineValue(inFlow: true)
            entries.append(YAMLNode.Entry(key: key, node: node))
            try separator(before: UInt8(ascii: "}"), openedIn: start)
        }
    }

    private mutating func separator(before end: UInt8, openedIn start: Int) throws(YAMLError) {
        try skipBlank()
        if take(UInt8(ascii: ",")) || next == end { return }
        guard next != nil else { throw YAMLError("the bracket that opens here is not closed", line: start) }
        throw error("a comma or the closing bracket should stand here")
    }

    private mutating func plain(inFlow: Bool) throws(YAMLError) -> String {
        guard let first = next else { return "" }
        switch first {
        case UInt8(ascii: "|"), UInt8(ascii: ">"): throw error("a text over several lines is not understood here; write it in one line, in quotes")
        case UInt8(ascii: "&"), UInt8(ascii: "*"), UInt8(ascii: "!"):
            throw error(
                "a text that begins with \(Character(Unicode.Scalar(first))) has to be in quotes (anchors, aliases and tags are not understood here)")
        case UInt8(ascii: "@"), UInt8(ascii: "`"), UInt8(ascii: "%"), UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"):
            throw error("a text that begins with \(Character(Unicode.Scalar(first))) has to be in quotes")
        default: break
        }
        let start = index
        while let byte = next, byte != UInt8(ascii: "\n") {
            if byte == UInt8(ascii: ":"), isBlank(at: index + 1) || (inFlow && isFlowEnd(at: index + 1)) { break }
            if byte == UInt8(ascii: "#"), index > start, isBlank(at: index - 1) { break }
            if inFlow, isFlowEnd(at: index) { break }
            index += 1
        }
        var end = index
        while end > start, isBlank(at: end - 1) { end -= 1 }
        index = end
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    private func isFlowEnd(at index: Int) -> Bool { index < bytes.count && ",[]{}".utf8.contains(bytes[index]) }

    private mutating func quoted() throws(YAMLError) -> String {
        let (quote, start) = (bytes[index], line)
        index += 1
        var text: [UInt8] = []
        while let byte = next, byte != UInt8(ascii: "\n") {
            index += 1
            if byte == quote {
                guard quote == UInt8(ascii: "'"), take(quote) else { return String(decoding: text, as: UTF8.self) }
                text.append(quote)
            } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                text += try escape()
            } else {
                text.append(byte)
            }
        }
        throw YAMLError("the text that opens with a quote is not closed in its line", line: start)
    }

    private static let simpleEscapes: [UInt8: UInt8] = [
        UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "e"): 27,
        UInt8(ascii: "0"): 0, UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"), UInt8(ascii: "/"): UInt8(ascii: "/"),
        UInt8(ascii: " "): UInt8(ascii: " "),
    ]

    /// After a backslash.
    private mutating func escape() throws(YAMLError) -> [UInt8] {
        guard let byte = next else { throw error("the file ends in a text") }
        index += 1
        if let simple = Self.simpleEscapes[byte] { return [simple] }
        let digits: Int
        switch byte {
        case UInt8(ascii: "x"): digits = 2
        case UInt8(ascii: "u"): digits = 4
        case UInt8(ascii: "U"): digits = 8
        default: throw error("\\\(Character(Unicode.Scalar(byte))) is not understood in a text; single quotes take everything as it is")
        }
        var value = try hexadecimal(digits)
        if (0xD800..<0xDC00).contains(value), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let low = try hexadecimal(4)
            guard (0xDC00..<0xE000).contains(low) else { throw error("half a character is escaped here") }
            value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(value) else { throw error("half a character is escaped here") }
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func hexadecimal(_ count: Int) throws(YAMLError) -> UInt32 {
        guard index + count <= bytes.count, let value = UInt32(String(decoding: bytes[index..<index + count], as: UTF8.self), radix: 16) else {
            throw error("\(count) hexadecimal digits should stand here")
        }
        index += count
        return value
    }

    // MARK: Bytes

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private var column: Int { index - lineStart }

    private func error(_ message: String) -> YAMLError { YAMLError(message, line: line) }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        index += 1
        return true
    }

    /// Whether a text ends before this place: by a space, the line's end or the file's.
    private func isBlank(at index: Int) -> Bool {
        guard index < bytes.count else { return true }
        return bytes[index] == UInt8(ascii: " ") || bytes[index] == UInt8(ascii: "\t") || bytes[index] == UInt8(ascii: "\n")
            || bytes[index] == UInt8(ascii: "\r")
    }

    private var isAtEndOfLine: Bool { next == nil || next == UInt8(ascii: "\n") || next == UInt8(ascii: "\r") || next == UInt8(ascii: "#") }

    private mutating func skipSpaces() {
        while next == UInt8(ascii: " ") || next == UInt8(ascii: "\t") { index += 1 }
    }

    private mutating func skipLine() {
        while let byte = next, byte != UInt8(ascii: "\n") { index += 1 }
    }

    private mutating func endOfLine() throws(YAMLError) {
        skipSpaces()
        guard isAtEndOfLine else { throw error("there is something behind the end of the value; is a quote missing?") }
    }

    /// Goes on to what comes next, over spaces, comments and ends of lines.
    private mutating func skipBlank() throws(YAMLError) {
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\n"):
                index += 1
                line += 1
                lineStart = index
            case UInt8(ascii: " "), UInt8(ascii: "\r"): index += 1
            case UInt8(ascii: "\t"):
                if flowDepth == 0, bytes[lineStart..<index].allSatisfy({ $0 == UInt8(ascii: " ") }), !isBlankLine(from: index) {
                    throw error("tabs cannot move a line to the right; use spaces")
                }
                index += 1
            case UInt8(ascii: "#"): skipLine()
            default: return
            }
        }
    }

    private func isBlankLine(from start: Int) -> Bool {
        for byte in bytes[start...] {
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "#") { return true }
            if byte != UInt8(ascii: " "), byte != UInt8(ascii: "\t"), byte != UInt8(ascii: "\r") { return false }
        }
        return true
    }
}
