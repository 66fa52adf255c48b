import MatrixCore

/// The `If` header: what must be true of the resources of a request, and the lock tokens that the client holds.
///
/// RFC 4918, section 10.4.
struct IfHeader: Equatable, Sendable {
    enum State: Equatable, Sendable {
        /// A lock token, or another URI that no resource is ever in the state of.
        case token(String)
        /// With its quotes, and `W/` where it is weak.
        case entityTag(String)
    }

    struct Condition: Equatable, Sendable {
        var isNegated: Bool
        var state: State
    }

    struct List: Equatable, Sendable {
        /// As it is written; `nil` for the resource of the request.
        var resource: String?
        /// All have to be true.
        var conditions: [Condition]
    }

    /// One has to be true.
    let lists: [List]

    private static let maxConditions = 128

    /// Throws `invalidParameter` for a header that is not as the grammar wants it.
    init(_ text: String) throws(MatrixError) {
        var rest = text.utf8[...]
        var lists: [List] = []
        var count = 0
        var resource: String?
        var isTagged = false
        Self.skipSpace(&rest)
        while let byte = rest.first {
            switch byte {
            case UInt8(ascii: "<"):
                // A tag has at least one list, and lists with and without a tag do not mix.
                guard lists.isEmpty || (isTagged && lists.last?.resource != nil), resource == nil || lists.last?.resource == resource else {
                    throw Self.malformed
                }
                resource = try Self.delimited(&rest, by: UInt8(ascii: ">"))
                isTagged = true
            case UInt8(ascii: "("):
                rest.removeFirst()
                let conditions = try Self.conditions(&rest)
                count += conditions.count
                guard !conditions.isEmpty, count <= Self.maxConditions else { throw Self.malformed }
                lists.append(List(resource: resource, conditions: conditions))
            default: throw Self.malformed
            }
            Self.skipSpace(&rest)
        }
        guard let last = lists.last, last.resource == resource else { throw Self.malformed }
        self.lists = lists
    }

    /// Every lock token that the client names, and so proves that it knows.
    var tokens: Set<String> {
        var tokens: Set<String> = []
        for list in lists {
            for case .token(let token) in list.conditions.map(\.state) { tokens.insert(token) }
        }
        return tokens
    }

    /// Whether one of the lists holds.
    ///
    /// - Parameter isTrue: whether the resource (`nil` for that of the request) is in the state.
    func holds(_ isTrue: (_ resource: String?, _ state: State) async throws -> Bool) async throws -> Bool {
        for list in lists {
            var holds = true
            for condition in list.conditions where holds {
                holds = try await isTrue(list.resource, condition.state) != condition.isNegated
            }
            if holds { return true }
        }
        return false
    }

    // MARK: Grammar

    private static let malformed = MatrixError(.invalidParameter, "The If header is not as RFC 4918 wants it.")

    private static func conditions(_ rest: inout Substring.UTF8View) throws(MatrixError) -> [Condition] {
        var conditions: [Condition] = []
        while true {
            skipSpace(&rest)
            if rest.first == UInt8(ascii: ")") {
                rest.removeFirst()
                return conditions
            }
            let isNegated = takeNot(&rest)
            if isNegated { skipSpace(&rest) }
            switch rest.first {
            case UInt8(ascii: "<"): conditions.append(Condition(isNegated: isNegated, state: .token(try delimited(&rest, by: UInt8(ascii: ">")))))
            case UInt8(ascii: "["): conditions.append(Condition(isNegated: isNegated, state: .entityTag(try entityTag(&rest))))
            default: throw malformed
            }
        }
    }

    private static func takeNot(_ rest: inout Substring.UTF8View) -> Bool {
        guard rest.prefix(3).elementsEqual("not".utf8, by: { $0 | 0x20 == $1 }) else { return false }
        rest = rest.dropFirst(3)
        return true
    }

    /// What stands between the next byte and `end`, which is taken too.
    private static func delimited(_ rest: inout Substring.UTF8View, by end: UInt8) throws(MatrixError) -> String {
        rest.removeFirst()
        let inside = rest.prefix { $0 != end }
        rest = rest.dropFirst(inside.count)
        guard !inside.isEmpty, rest.first == end, !inside.contains(where: { $0 <= 0x20 }) else { throw malformed }
        rest.removeFirst()
        return String(Substring(inside))
    }

    private static func entityTag(_ rest: inout Substring.UTF8View) throws(MatrixError) -> String {
        rest.removeFirst()
        let isWeak = rest.prefix(2).elementsEqual("W/".utf8)
        if isWeak { rest = rest.dropFirst(2) }
        guard rest.first == UInt8(ascii: "\"") else { throw malformed }
        let opaque = rest.dropFirst().prefix { $0 != UInt8(ascii: "\"") }
        rest = rest.dropFirst(1 + opaque.count)
        guard rest.starts(with: "\"]".utf8) else { throw malformed }
        rest = rest.dropFirst(2)
        return "\(isWeak ? "W/" : "")\"\(Substring(opaque))\""
    }

    private static func skipSpace(_ rest: inout Substring.UTF8View) {
        rest = rest.drop { $0 == 0x20 || $0 == 0x9 }
    }
}
