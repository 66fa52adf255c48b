import HTTPTypes

/// Finds the route of a request: a tree of path segments over the table in `Routes`, built once.
struct Router: Sendable {
    enum Match {
        case found(Route, parameters: [String])
        /// The path is known, but not with this method.
        case wrongMethod(allowed: [HTTPRequest.Method])
        case unknown
        /// A segment is not percent-encoded UTF-8.
        case malformed
    }

    private struct Node {
        var literals: [(text: [UInt8], node: Int)] = []
        var parameter: Int?
        /// Only a state key may be empty: `/state/m.room.name/` is the one with the empty key.
        var parameterMayBeEmpty = false
        /// The node of a parameter that takes all that follows.
        var rest: Int?
        var routes: [Route] = []
    }

    private var nodes = [Node()]

    init(_ routes: [Route]) {
        for route in routes { insert(route) }
    }

    private mutating func insert(_ route: Route) {
        var node = 0
        for segment in route.path.split(separator: "/") {
            node =
                if Route.isRest(segment) {
                    restChild(of: node)
                } else if let name = Route.parameterName(ofSegment: segment) {
                    parameterChild(of: node, name)
                } else {
                    literalChild(of: node, segment)
                }
        }
        precondition(!nodes[node].routes.contains { $0.method == route.method }, "two rows for \(route.method) \(route.path)")
        nodes[node].routes.append(route)
    }

    private mutating func parameterChild(of node: Int, _ name: String) -> Int {
        if name == "stateKey" { nodes[node].parameterMayBeEmpty = true }
        if let child = nodes[node].parameter { return child }
        nodes.append(Node())
        nodes[node].parameter = nodes.count - 1
        return nodes.count - 1
    }

    private mutating func restChild(of node: Int) -> Int {
        if let child = nodes[node].rest { return child }
        nodes.append(Node())
        nodes[node].rest = nodes.count - 1
        return nodes.count - 1
    }

    private mutating func literalChild(of node: Int, _ segment: Substring) -> Int {
        let text = Array(segment.utf8)
        if let child = nodes[node].literals.first(where: { $0.text == text }) { return child.node }
        nodes.append(Node())
        nodes[node].literals.append((text, nodes.count - 1))
        return nodes.count - 1
    }

    /// - Parameter path: as it was sent, without the query.
    func match(_ method: HTTPRequest.Method, _ path: Substring) -> Match {
        var path = path
        return path.withUTF8 { bytes in
            guard bytes.first == UInt8(ascii: "/") else { return .unknown }
            var search = Search(method: method, bytes: bytes)
            guard let route = find(0, from: 1, &search) else { return search.allowed.isEmpty ? .unknown : .wrongMethod(allowed: search.allowed) }
            var parameters: [String] = []
            for range in search.parameters {
                if range == search.rest {
                    guard let text = String(validating: bytes[range], as: UTF8.self) else { return .malformed }
                    parameters.append(text)
                    continue
                }
                guard let text = PercentEncoding.decode(UnsafeBufferPointer(rebasing: bytes[range]), plusIsSpace: false) else { return .malformed }
                parameters.append(text)
            }
            return .found(route, parameters: parameters)
        }
    }

    private struct Search {
        let method: HTTPRequest.Method
        let bytes: UnsafeBufferPointer<UInt8>
        var parameters: [Range<Int>] = []
        /// The last of the parameters, where it takes all that follows.
        var rest: Range<Int>?
        var allowed: [HTTPRequest.Method] = []
        var depth = 0
    }

    /// Looks for the segment that begins at `start`. One past the end means that the path is used up.
    private func find(_ index: Int, from start: Int, _ search: inout Search) -> Route? {
        let node = nodes[index]
        let isTrailingSlash = start == search.bytes.count
        if start > search.bytes.count || (isTrailingSlash && !node.parameterMayBeEmpty) { return end(node, &search) }

        var stop = start
        while stop < search.bytes.count, search.bytes[stop] != UInt8(ascii: "/") { stop += 1 }
        search.depth += 1
        defer { search.depth -= 1 }
        for literal in node.literals where isEqual(search.bytes, start, stop, literal.text) {
            if let route = find(literal.node, from: stop + 1, &search) { return route }
        }
        if search.depth == 3, let alias = versionAlias(node, search.bytes, start, stop), let route = find(alias, from: stop + 1, &search) {
            return route
        }
        if let child = node.parameter, stop > start || node.parameterMayBeEmpty {
            search.parameters.append(start..<stop)
            if let route = find(child, from: stop + 1, &search) { return route }
            search.parameters.removeLast()
        }
        if let child = node.rest {
            let range = start..<search.bytes.count
            search.parameters.append(range)
            search.rest = range
            if let route = end(nodes[child], &search) { return route }
            search.parameters.removeLast()
            search.rest = nil
        }
        return nil
    }

    private func end(_ node: Node, _ search: inout Search) -> Route? {
        if let route = node.routes.first(where: { $0.method == search.method }) { return route }
        // A HEAD is answered as its GET is, without the body.
        if search.method == .head, let route = node.routes.first(where: { $0.method == .get }) { return route }
        search.allowed += node.routes.map(\.method)
        return nil
    }

    /// The specification renamed `r0` to `v3`, and for media `v1` and `r0`; older clients still use the first names.
    private func versionAlias(_ node: Node, _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ stop: Int) -> Int? {
        let isMedia = start >= 7 && isEqual(bytes, start - 6, start - 1, Array("media".utf8))
        guard isEqual(bytes, start, stop, Array("r0".utf8)) || (isMedia && isEqual(bytes, start, stop, Array("v1".utf8))) else { return nil }
        return node.literals.first { $0.text == Array("v3".utf8) }?.node
    }

    private func isEqual(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ stop: Int, _ text: [UInt8]) -> Bool {
        guard stop - start == text.count else { return false }
        for offset in text.indices where bytes[start + offset] != text[offset] { return false }
        return true
    }
}
