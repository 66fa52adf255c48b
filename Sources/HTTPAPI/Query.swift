/// The part of a URL after `?`, read by name. Values that are not valid UTF-8 are passed over.
enum Query {
    static func first(_ name: String, in text: Substring) -> String? {
        for pair in pairs(text) where PercentEncoding.decode(pair.name, plusIsSpace: true) == name {
            return PercentEncoding.decode(pair.value, plusIsSpace: true)
        }
        return nil
    }

    static func all(_ name: String, in text: Substring) -> [String] {
        pairs(text).compactMap { pair in
            guard PercentEncoding.decode(pair.name, plusIsSpace: true) == name else { return nil }
            return PercentEncoding.decode(pair.value, plusIsSpace: true)
        }
    }

    /// All of them, in their order.
    static func parameters(in text: Substring) -> [(name: String, value: String)] {
        pairs(text).compactMap { pair in
            guard let name = PercentEncoding.decode(pair.name, plusIsSpace: true), let value = PercentEncoding.decode(pair.value, plusIsSpace: true)
            else { return nil }
            return name.isEmpty ? nil : (name, value)
        }
    }

    private static func pairs(_ text: Substring) -> [(name: Substring, value: Substring)] {
        text.utf8.split(separator: UInt8(ascii: "&")).map { pair in
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { return (Substring(pair), "") }
            return (Substring(pair[..<equals]), Substring(pair[pair.index(after: equals)...]))
        }
    }
}
