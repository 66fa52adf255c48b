import MatrixCore

/// Reads the XML of a request's body: well-formed XML 1.0 with namespaces, and nothing that makes a small text large.
///
/// There is no document type here, so there are no entities but the five predefined ones, and nothing is ever fetched.
///
/// RFC 4918, section 8.2 and 20.6.
struct XMLReader {
    static let maxBytes = 128 << 10
    static let maxDepth = 32
    static let maxElements = 2_048
    static let maxAttributes = 32

    private var bytes: ArraySlice<UInt8>
    private var elementCount = 0
    /// Prefixes and the namespaces that they stand for; the innermost is last.
    private var namespaces: [(prefix: String, namespace: String)] = [("xml", XMLElement.languageAttribute.namespace), ("", "")]

    /// The root element of a document. Throws `badXML`.
    static func parse(_ document: [UInt8]) throws(MatrixError) -> XMLElement {
        guard document.count <= maxBytes else { throw MatrixError(.tooLarge, "The XML is too long: at most \(maxBytes) bytes are read.") }
        var reader = XMLReader(bytes: try utf8(document)[...])
        return try reader.document()
    }

    private init(bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    static let badXML = MatrixError.Code("M_BAD_XML", status: 400)

    private static func wrong(_ message: String) -> MatrixError { MatrixError(badXML, "The request body is not valid XML: \(message).") }

    /// Documents are UTF-8, or UTF-16 with its mark at the beginning.
    private static func utf8(_ document: [UInt8]) throws(MatrixError) -> [UInt8] {
        if document.starts(with: [0xFE, 0xFF]) || document.starts(with: [0xFF, 0xFE]) {
            guard document.count.isMultiple(of: 2) else { throw wrong("half a character") }
            let isBigEndian = document[0] == 0xFE
            let units = stride(from: 2, to: document.count, by: 2).map { index -> UInt16 in
                let (first, second) = (UInt16(document[index]), UInt16(document[index + 1]))
                return isBigEndian ? first << 8 | second : second << 8 | first
            }
            guard let text = String(validating: units, as: UTF16.self) else { throw wrong("it is not UTF-16") }
            return Array(text.utf8)
        }
        guard String(validating: document, as: UTF8.self) != nil else { throw wrong("it is not UTF-8") }
        return document.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(document.dropFirst(3)) : document
    }

    // MARK: Structure

    private mutating func document() throws(MatrixError) -> XMLElement {
        if bytes.starts(with: Array("<?xml".utf8)) { try skip(through: "?>") }
        try skipBetweenElements()
        guard take("<") else { throw Self.wrong("there is no element") }
        let root = try element(depth: 1)
        try skipBetweenElements()
        guard bytes.isEmpty else { throw Self.wrong("something follows the last element") }
        return root
    }

    private mutating func skipBetweenElements() throws(MatrixError) {
        while true {
            skipSpace()
            if take("<!--") {
                try skip(through: "-->")
            } else if bytes.starts(with: Array("<!".utf8)) {
                throw Self.wrong("a document type is not taken")
            } else if take("<?") {
                try skip(through: "?>")
            } else {
                return
            }
        }
    }

    /// After its `<`.
    private mutating func element(depth: Int) throws(MatrixError) -> XMLElement {
        elementCount += 1
        guard depth <= Self.maxDepth, elementCount <= Self.maxElements else { throw Self.wrong("it has too many elements") }
        let scope = namespaces.count
        defer { namespaces.removeSubrange(scope...) }
        let written = try name()
        let (attributes, isEmpty) = try attributes()
        var element = XMLElement(name: try resolved(written, isAttribute: false))
        for attribute in attributes {
            let name = try resolved(attribute.name, isAttribute: true)
            guard !element.attributes.contains(where: { $0.name == name }) else { throw Self.wrong("an attribute is there twice") }
            element.attributes.append((name, attribute.value))
        }
        if isEmpty { return element }
        element.content = try content(depth: depth)
        guard try name() == written else { throw Self.wrong("an element is closed by another's end") }
        skipSpace()
        guard take(">") else { throw Self.wrong("an element's end is not complete") }
        return element
    }

    /// Declares the namespaces, and returns the other attributes.
    private mutating func attributes() throws(MatrixError) -> (attributes: [(name: Written, value: String)], isEmpty: Bool) {
        var found: [(name: Written, value: String)] = []
        var count = 0
        while true {
            let hasSpace = skipSpace()
            if take("/>") { return (found, true) }
            if take(">") { return (found, false) }
            count += 1
            guard hasSpace, count <= Self.maxAttributes else { throw Self.wrong("the attributes of an element are wrong or too many") }
            let written = try name()
            skipSpace()
            guard take("=") else { throw Self.wrong("an attribute has no value") }
            skipSpace()
            let value = try quoted()
            if written.prefix.isEmpty, written.local == "xmlns" {
                namespaces.append(("", value))
            } else if written.prefix == "xmlns" {
                // Only the default namespace can be taken back. Namespaces in XML 1.0, section 5.
                guard !value.isEmpty, written.local != "xmlns", written.local != "xml" else { throw Self.wrong("a namespace is empty") }
                namespaces.append((written.local, value))
            } else {
                found.append((written, value))
            }
        }
    }

    /// Up to the `</` of the end.
    private mutating func content(depth: Int) throws(MatrixError) -> [XMLElement.Content] {
        var content: [XMLElement.Content] = []
        var text: [UInt8] = []
        while true {
            guard let byte = bytes.first else { throw Self.wrong("it ends in the middle") }
            guard byte == UInt8(ascii: "<") else {
                if byte == UInt8(ascii: "&") { try reference(into: &text) } else { try character(into: &text) }
                continue
            }
            if take("<![CDATA[") {
                while !take("]]>") {
                    guard !bytes.isEmpty else { throw Self.wrong("it ends in the middle") }
                    try character(into: &text)
                }
                continue
            }
            if take("<!--") {
                try skip(through: "-->")
                continue
            }
            if take("<?") {
                try skip(through: "?>")
                continue
            }
            if !text.isEmpty {
                content.append(.text(String(decoding: text, as: UTF8.self)))
                text = []
            }
            if take("</") { return content }
            bytes.removeFirst()
            content.append(.element(try element(depth: depth + 1)))
        }
    }

    // MARK: Names

    /// A name with the prefix that it is written with.
    private struct Written: Equatable {
        let prefix: String
        let local: String
    }

    private mutating func name() throws(MatrixError) -> Written {
        let name = bytes.prefix(while: Self.isNameByte)
        bytes = bytes.dropFirst(name.count)
        let parts = name.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ $0.first.map(Self.isFirstNameByte) ?? false }) else {
            throw Self.wrong("a name is not allowed")
        }
        let local = String(decoding: parts[parts.count - 1], as: UTF8.self)
        return Written(prefix: parts.count == 2 ? String(decoding: parts[0], as: UTF8.self) : "", local: local)
    }

    private func resolved(_ written: Written, isAttribute: Bool) throws(MatrixError) -> XMLName {
        // An attribute without a prefix is in no namespace.
        if isAttribute, written.prefix.isEmpty { return XMLName("", written.local) }
        guard let declared = namespaces.last(where: { $0.prefix == written.prefix }) else {
            throw Self.wrong("the prefix \(written.prefix.prefix(50)) is not declared")
        }
        return XMLName(declared.namespace, written.local)
    }

    private static func isFirstNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), 0x80...: true
        default: false
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"): true
        default: isFirstNameByte(byte)
        }
    }

    // MARK: Text

    private mutating func quoted() throws(MatrixError) -> String {
        guard let quote = bytes.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            throw Self.wrong("an attribute's value has no quotes")
        }
        bytes.removeFirst()
        var text: [UInt8] = []
        while let byte = bytes.first, byte != quote {
            guard byte != UInt8(ascii: "<") else { throw Self.wrong("an attribute's value has a <") }
            if byte == UInt8(ascii: "&") { try reference(into: &text) } else { try character(into: &text) }
        }
        guard !bytes.isEmpty else { throw Self.wrong("it ends in the middle") }
        bytes.removeFirst()
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func character(into text: inout [UInt8]) throws(MatrixError) {
        let byte = bytes.removeFirst()
        switch byte {
        case UInt8(ascii: "\r"):
            // All ends of lines are one. XML 1.0, section 2.11.
            if bytes.first != UInt8(ascii: "\n") { text.append(UInt8(ascii: "\n")) }
        case UInt8(ascii: "\t"), UInt8(ascii: "\n"), 0x20...: text.append(byte)
        default: throw Self.wrong("it has a control character")
        }
    }

    private mutating func reference(into text: inout [UInt8]) throws(MatrixError) {
        let reference = bytes.dropFirst().prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "<") }
        guard reference.count <= 8, bytes.dropFirst(1 + reference.count).first == UInt8(ascii: ";") else {
            throw Self.wrong("a reference is not complete")
        }
        bytes = bytes.dropFirst(reference.count + 2)
        let name = String(decoding: reference, as: UTF8.self)
        switch name {
        case "lt": text.append(UInt8(ascii: "<"))
        case "gt": text.append(UInt8(ascii: ">"))
        case "amp": text.append(UInt8(ascii: "&"))
        case "quot": text.append(UInt8(ascii: "\""))
        case "apos": text.append(UInt8(ascii: "'"))
        default:
            let digits = name.dropFirst(name.hasPrefix("#x") ? 2 : 1)
            guard name.hasPrefix("#"), digits.first?.isHexDigit ?? false, let value = UInt32(digits, radix: name.hasPrefix("#x") ? 16 : 10),
                let scalar = Unicode.Scalar(value), XMLElement.isAllowed(scalar)
            else { throw Self.wrong("the entity \(name) is not known") }
            text.append(contentsOf: String(Character(scalar)).utf8)
        }
    }

    // MARK: Bytes

    private mutating func take(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count >= count, bytes.starts(with: UnsafeBufferPointer(start: text.utf8Start, count: count)) else { return false }
        bytes = bytes.dropFirst(count)
        return true
    }

    private mutating func skip(through end: StaticString) throws(MatrixError) {
        while !take(end) {
            guard !bytes.isEmpty else { throw Self.wrong("it ends in the middle") }
            bytes.removeFirst()
        }
    }

    @discardableResult
    private mutating func skipSpace() -> Bool {
        let space = bytes.prefix { $0 == 0x20 || $0 == 0x9 || $0 == 0xA || $0 == 0xD }
        bytes = bytes.dropFirst(space.count)
        return !space.isEmpty
    }
}
