/// The name of an element or attribute, with its namespace.
struct XMLName: Hashable, Sendable {
    /// Empty for a name in no namespace.
    let namespace: String
    let local: String

    init(_ namespace: String, _ local: String) {
        self.namespace = namespace
        self.local = local
    }

    /// A name of WebDAV itself.
    static func dav(_ local: String) -> XMLName { XMLName("DAV:", local) }

    var isDAV: Bool { namespace == "DAV:" }
}

/// An element of a parsed document.
struct XMLElement: Sendable, Equatable {
    enum Content: Sendable, Equatable {
        case element(XMLElement)
        case text(String)
    }

    var name: XMLName
    /// Without the declarations of namespaces.
    var attributes: [(name: XMLName, value: String)] = []
    var content: [Content] = []

    static func == (one: XMLElement, other: XMLElement) -> Bool {
        one.name == other.name && one.content == other.content
            && one.attributes.elementsEqual(other.attributes) { $0.name == $1.name && $0.value == $1.value }
    }

    /// The elements directly inside.
    var children: [XMLElement] {
        content.compactMap { item in
            if case .element(let child) = item { child } else { nil }
        }
    }

    func child(_ name: XMLName) -> XMLElement? { children.first { $0.name == name } }

    /// All text inside, without that of elements inside.
    var text: String {
        content.reduce(into: "") { text, item in
            if case .text(let piece) = item { text += piece }
        }
    }

    static let languageAttribute = XMLName("http://www.w3.org/XML/1998/namespace", "lang")

    /// The element as XML that means the same wherever it is put: it declares every namespace that it uses.
    ///
    /// - Parameter inherited: the default namespace of the place.
    func write(into xml: inout String, inherited: String? = nil) {
        xml += "<\(name.local)"
        if name.namespace != inherited { xml += " xmlns=\"\(Self.escaped(name.namespace))\"" }
        for (index, attribute) in attributes.enumerated() {
            let value = Self.escaped(attribute.value)
            switch attribute.name.namespace {
            case "": xml += " \(attribute.name.local)=\"\(value)\""
            case Self.languageAttribute.namespace: xml += " xml:\(attribute.name.local)=\"\(value)\""
            default: xml += " xmlns:a\(index)=\"\(Self.escaped(attribute.name.namespace))\" a\(index):\(attribute.name.local)=\"\(value)\""
            }
        }
        guard !content.isEmpty else {
            xml += "/>"
            return
        }
        xml += ">"
        for item in content {
            switch item {
            case .element(let child): child.write(into: &xml, inherited: name.namespace)
            case .text(let text): xml += Self.escaped(text)
            }
        }
        xml += "</\(name.local)>"
    }

    static func escaped(_ text: String) -> String {
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            // A reader would make spaces or line feeds of them.
            case "\r": escaped += "&#13;"
            case "\t": escaped += "&#9;"
            case "\n": escaped += "&#10;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// Whether XML can have the character at all.
    static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...: true
        default: false
        }
    }
}
