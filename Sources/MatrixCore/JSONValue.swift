/// A JSON value as Matrix uses it.
///
/// Numbers without fraction or exponent that fit are `integer`; all others are `double` and never valid in an event.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

extension JSONValue {
    public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var integerValue: Int64? { if case .integer(let value) = self { value } else { nil } }
    public var stringValue: String? { if case .string(let value) = self { value } else { nil } }
    public var arrayValue: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    public var objectValue: JSONObject? { if case .object(let value) = self { value } else { nil } }
    public var isNull: Bool { self == .null }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
}

/// A JSON object whose members are kept in the order of canonical JSON: by the bytes of their keys' UTF-8.
///
/// Keys are compared by bytes. Swift's own string equality would take two different keys for one
/// where they are canonically equivalent Unicode.
public struct JSONObject: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    public struct Member: Hashable, Sendable {
        public let key: String
        public var value: JSONValue

        public init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    public private(set) var members: [Member]

    public init() { members = [] }

    public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }

    /// A later value of the same key replaces an earlier one.
    public init(_ elements: some Sequence<(String, JSONValue)>) {
        members = []
        for (key, value) in elements { self[key] = value }
    }

    /// For the parser: members in any order; `nil` if a key stands twice.
    public init?(distinct unsorted: consuming [Member]) {
        unsorted.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        for index in unsorted.indices.dropFirst() where unsorted[index - 1].key.utf8.elementsEqual(unsorted[index].key.utf8) {
            return nil
        }
        members = unsorted
    }

    public var isEmpty: Bool { members.isEmpty }
    public var count: Int { members.count }
    public var keys: some Sequence<String> { members.lazy.map(\.key) }

    public subscript(key: String) -> JSONValue? {
        get {
            let index = insertionIndex(of: key)
            guard index < members.count, members[index].key.utf8.elementsEqual(key.utf8) else { return nil }
            return members[index].value
        }
        set {
            let index = insertionIndex(of: key)
            let exists = index < members.count && members[index].key.utf8.elementsEqual(key.utf8)
            switch (newValue, exists) {
            case (let value?, true): members[index].value = value
            case (let value?, false): members.insert(Member(key: key, value: value), at: index)
            case (nil, true): members.remove(at: index)
            case (nil, false): break
            }
        }
    }

    public func string(_ key: String) -> String? { self[key]?.stringValue }
    public func integer(_ key: String) -> Int64? { self[key]?.integerValue }
    public func bool(_ key: String) -> Bool? { self[key]?.boolValue }
    public func array(_ key: String) -> [JSONValue]? { self[key]?.arrayValue }
    public func object(_ key: String) -> JSONObject? { self[key]?.objectValue }

    private func insertionIndex(of key: String) -> Int {
        var low = 0
        var high = members.count
        while low < high {
            let middle = (low + high) / 2
            if members[middle].key.utf8.lexicographicallyPrecedes(key.utf8) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
