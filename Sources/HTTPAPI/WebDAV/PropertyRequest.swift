import MatrixCore

/// Which properties a PROPFIND wants.
///
/// RFC 4918, section 9.1.
struct PropertyRequest: Sendable {
    /// Of those that the box knows itself, in the order of the answer.
    var live: [LiveProperty] = []
    /// Of those that clients have set.
    var dead: [XMLName] = []
    var wantsAllDead = false
    /// The names alone.
    var wantsNamesOnly = false
    /// What was asked for by name, and so is also told to be missing.
    var askedLive: Set<LiveProperty> = []

    private static let maxNames = 100

    static let all = PropertyRequest(live: LiveProperty.all, wantsAllDead: true)

    /// - Parameter body: nothing at all is a wish for everything.
    static func parse(_ body: [UInt8]) throws(MatrixError) -> PropertyRequest {
        if body.isEmpty { return all }
        let root = try XMLReader.parse(body)
        guard root.name == .dav("propfind") else { throw malformed }
        let kinds = root.children.filter { [.dav("prop"), .dav("allprop"), .dav("propname")].contains($0.name) }
        guard kinds.count == 1, let kind = kinds.first else { throw malformed }
        var request = PropertyRequest()
        switch kind.name.local {
        case "propname":
            request = all
            request.live = LiveProperty.allCases
            request.wantsNamesOnly = true
        case "allprop":
            request = all
            if let included = root.child(.dav("include")) { try request.add(included.children) }
        default: try request.add(kind.children)
        }
        return request
    }

    private mutating func add(_ elements: [XMLElement]) throws(MatrixError) {
        guard elements.count <= Self.maxNames else { throw MatrixError(.tooLarge, "At most \(Self.maxNames) properties can be asked for at once.") }
        for element in elements {
            if let property = LiveProperty(element.name) {
                if !live.contains(property) { live.append(property) }
                askedLive.insert(property)
            } else if !dead.contains(element.name) {
                dead.append(element.name)
            }
        }
    }

    var wantsDead: Bool { wantsAllDead || !dead.isEmpty }

    var wantsQuota: Bool { !wantsNamesOnly && live.contains { $0.isOfQuota } }

    private static let malformed = MatrixError(XMLReader.badXML, "This is no propfind element as RFC 4918 wants it.")
}
