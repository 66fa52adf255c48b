import MatrixCore

/// What the registration file of an application service says.
///
/// spec: application-service-api/#registration
struct ApplicationServiceRegistration: Sendable {
    struct Namespace: Sendable {
        let isExclusive: Bool
        let expression: RegularExpression
    }

    let id: String
    /// `nil` for a service that wants no traffic.
    let url: String?
    let accessToken: String
    let homeserverToken: String
    let senderLocalpart: String
    var users: [Namespace] = []
    var aliases: [Namespace] = []
    var rooms: [Namespace] = []
    let isRateLimited: Bool
    let protocols: [String]
    let receivesEphemeral: Bool
    /// Whether the file uses the name from before v1.13: then the service looks for the data under its old name too.
    let usesUnstableEphemeral: Bool

    static let maxTokenBytes = 256
    static let maxNamespaces = 100
    static let maxProtocols = 100

    init(_ node: YAMLNode) throws(YAMLError) {
        let file = try Fields(node, "the file")
        id = try file.text("id")
        guard !id.isEmpty, id.utf8.count <= maxIdentifierBytes else { throw file.error("id", "has 1 to \(maxIdentifierBytes) bytes") }
        accessToken = try Self.token("as_token", file)
        homeserverToken = try Self.token("hs_token", file)
        guard accessToken != homeserverToken else { throw file.error("hs_token", "must differ from as_token") }
        url = try file.optionalText("url", mayBeMissing: false)
        senderLocalpart = try file.text("sender_localpart")
        guard UserID.isValidNewLocalpart(senderLocalpart) else {
            throw file.error("sender_localpart", "has only the letters a to z, digits and the characters . _ = - / + (no @ and no server)")
        }
        isRateLimited = try file.optionalBool("rate_limited") ?? true
        let unstable = try file.optionalBool("de.sorunome.msc2409.push_ephemeral") ?? false
        usesUnstableEphemeral = unstable
        receivesEphemeral = try file.optionalBool("receive_ephemeral") ?? unstable
        protocols = try file.texts("protocols", maxCount: Self.maxProtocols)
        guard let namespaces = file["namespaces"] else { throw file.missing("namespaces") }
        // Nothing below it is an empty one.
        if case .scalar("", isQuoted: false) = namespaces.value { return }
        let lists = try Fields(namespaces, "namespaces")
        users = try Self.namespaces("users", lists)
        aliases = try Self.namespaces("aliases", lists)
        rooms = try Self.namespaces("rooms", lists)
    }

    private static func token(_ name: String, _ file: Fields) throws(YAMLError) -> String {
        let token = try file.text(name)
        guard (1...maxTokenBytes).contains(token.utf8.count), token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw file.error(name, "has 1 to \(maxTokenBytes) ASCII characters without spaces")
        }
        return token
    }

    private static func namespaces(_ name: String, _ lists: Fields) throws(YAMLError) -> [Namespace] {
        var namespaces: [Namespace] = []
        for item in try lists.items(name, maxCount: maxNamespaces) {
            let fields = try Fields(item, "an entry of \(name)")
            let pattern = try fields.text("regex")
            do {
                namespaces.append(Namespace(isExclusive: try fields.optionalBool("exclusive") ?? false, expression: try RegularExpression(pattern)))
            } catch let error as RegularExpression.SyntaxError {
                throw fields.error("regex", "is no regular expression that can be used: \(error.message)")
            } catch let error as YAMLError {
                throw error
            } catch {
                throw fields.error("regex", "cannot be read")
            }
        }
        return namespaces
    }
}

/// The members of a mapping, with errors that name the line.
private struct Fields {
    private let entries: [YAMLNode.Entry]
    private let line: Int

    init(_ node: YAMLNode, _ name: String) throws(YAMLError) {
        guard case .mapping(let entries) = node.value else {
            throw YAMLError("\(name) should be a list of names with their values (name: value)", line: node.line)
        }
        self.entries = entries
        line = node.line
    }

    subscript(name: String) -> YAMLNode? { entries.first { $0.key == name }?.node }

    func missing(_ name: String) -> YAMLError { YAMLError("\(name) is missing", line: line) }

    func error(_ name: String, _ message: String) -> YAMLError { YAMLError("\(name) \(message)", line: self[name]?.line ?? line) }

    func text(_ name: String) throws(YAMLError) -> String {
        guard let text = try optionalText(name) else { throw missing(name) }
        return text
    }

    func optionalText(_ name: String, mayBeMissing: Bool = true) throws(YAMLError) -> String? {
        guard let node = self[name] else {
            guard mayBeMissing else { throw missing(name) }
            return nil
        }
        guard case .scalar(let text, let isQuoted) = node.value else { throw error(name, "should be a text") }
        if !isQuoted, Self.isNull(text) { return nil }
        // Other programs would read a number here.
        guard isQuoted || Int64(text) == nil else { throw error(name, "should be a text: put the number in quotes") }
        return text
    }

    func optionalBool(_ name: String) throws(YAMLError) -> Bool? {
        guard let node = self[name] else { return nil }
        guard case .scalar(let text, isQuoted: false) = node.value else { throw error(name, "should be true or false, without quotes") }
        switch text {
        case "true", "True", "TRUE": return true
        case "false", "False", "FALSE": return false
        case _ where Self.isNull(text): return nil
        default: throw error(name, "should be true or false")
        }
    }

    func items(_ name: String, maxCount: Int) throws(YAMLError) -> [YAMLNode] {
        guard let node = self[name] else { return [] }
        if case .scalar(let text, isQuoted: false) = node.value, Self.isNull(text) { return [] }
        guard case .sequence(let items) = node.value else { throw error(name, "should be a list, with a dash before each entry, or []") }
        guard items.count <= maxCount else { throw error(name, "has more than \(maxCount) entries") }
        return items
    }

    func texts(_ name: String, maxCount: Int) throws(YAMLError) -> [String] {
        var texts: [String] = []
        for item in try items(name, maxCount: maxCount) {
            guard case .scalar(let text, _) = item.value, !text.isEmpty, text.utf8.count <= maxIdentifierBytes else {
                throw YAMLError("\(name) lists texts", line: item.line)
            }
            texts.append(text)
        }
        return texts
    }

    private static func isNull(_ text: String) -> Bool { ["", "~", "null", "Null", "NULL"].contains(text) }
}
