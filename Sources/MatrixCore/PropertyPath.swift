/// The dot-separated path of a property, such as `content.m\.relates_to.rel_type`.
///
/// spec: appendices/#dot-separated-property-paths
public struct PropertyPath: Sendable, Hashable {
    public let components: [String]

    public init(_ text: String) {
        var components: [String] = []
        var component: [UInt8] = []
        var isEscaped = false
        for byte in text.utf8 {
            if isEscaped {
                // Only a dot and a backslash can be escaped; before anything else the backslash is itself.
                if byte != UInt8(ascii: ".") && byte != UInt8(ascii: "\\") { component.append(UInt8(ascii: "\\")) }
                component.append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: ".") {
                components.append(String(decoding: component, as: UTF8.self))
                component = []
            } else {
                component.append(byte)
            }
        }
        if isEscaped { component.append(UInt8(ascii: "\\")) }
        components.append(String(decoding: component, as: UTF8.self))
        self.components = components
    }

    /// The value at the path without its first `count` components.
    public func value(in object: JSONObject, droppingFirst count: Int = 0) -> JSONValue? {
        var current: JSONValue = .object(object)
        for component in components.dropFirst(count) {
            guard case .object(let parent) = current, let child = parent[component] else { return nil }
            current = child
        }
        return current
    }
}

extension JSONObject {
    /// Only what lies on one of the paths. Nothing else of the event leaves the server.
    public func selecting(_ paths: [PropertyPath]) -> JSONObject {
        var selected = JSONObject()
        for path in paths { copy(path.components[...], into: &selected) }
        return selected
    }

    private func copy(_ components: ArraySlice<String>, into target: inout JSONObject) {
        guard let first = components.first, let value = self[first] else { return }
        if components.count == 1 {
            target[first] = value
        } else if case .object(let child) = value {
            let existing = target[first]
            var nested = existing?.objectValue ?? [:]
            child.copy(components.dropFirst(), into: &nested)
            if existing != nil || !nested.isEmpty { target[first] = .object(nested) }
        }
    }
}
