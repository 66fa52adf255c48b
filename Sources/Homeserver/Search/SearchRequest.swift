import Cryptography
public import MatrixCore
import Storage

/// The `room_events` of a search.
///
/// spec: client-server-api/#post_matrixclientv3search
public struct SearchRequest: Sendable {
    public enum Order: String, Sendable { case rank, recent }
    public enum GroupKey: String, Sendable {
        case room = "room_id"
        case sender
    }

    /// How much is shown around each result.
    public struct Context: Sendable {
        var before = 5
        var after = 5
        var includesProfiles = false

        static let maxEvents: Int64 = 25
    }

    let query: SearchQuery
    let keys: [SearchableText.Key]
    let filter: RoomEventFilter
    let order: Order
    let context: Context?
    public let includesState: Bool
    let groups: [GroupKey]
    let limit: Int
    let page: SearchPage?

    static let maxResults = 100
    static let defaultResults = 10

    public init(_ criteria: JSONObject, nextBatch: String?) throws(MatrixError) {
        query = try SearchQuery(criteria.requiredString("search_term"))
        var keys: [SearchableText.Key] = []
        for value in try criteria.optionalArray("keys") ?? [] {
            guard let text = value.stringValue else { throw MatrixError(.badJSON, "keys is a list of strings.") }
            guard let key = SearchableText.Key(rawValue: text) else { throw MatrixError(.invalidParameter, "\(text) cannot be searched.") }
            if !keys.contains(key) { keys.append(key) }
        }
        self.keys = keys.isEmpty ? SearchableText.Key.allCases : keys
        filter = try RoomEventFilter(criteria.optionalObject("filter") ?? [:])
        limit = min(max(filter.limit ?? Self.defaultResults, 1), Self.maxResults)
        order = try Self.choice(criteria.optionalString("order_by"), "order_by") ?? .rank
        if let around = try criteria.optionalObject("event_context") {
            var context = Context()
            context.before = try Self.contextLimit(around, "before_limit") ?? context.before
            context.after = try Self.contextLimit(around, "after_limit") ?? context.after
            context.includesProfiles = try around.optionalBool("include_profile") ?? false
            self.context = context
        } else {
            context = nil
        }
        includesState = try criteria.optionalBool("include_state") ?? false
        var groups: [GroupKey] = []
        for value in try criteria.optionalObject("groupings")?.optionalArray("group_by") ?? [] {
            guard let group = value.objectValue else { throw MatrixError(.badJSON, "group_by is a list of objects.") }
            guard let key: GroupKey = try Self.choice(group.requiredString("key"), "key"), !groups.contains(key) else { continue }
            groups.append(key)
        }
        self.groups = groups
        if let nextBatch {
            guard let page = SearchPage(nextBatch) else { throw MatrixError(.invalidParameter, "next_batch is not a token of a search.") }
            self.page = page
        } else {
            page = nil
        }
    }

    private static func choice<Choice: RawRepresentable<String>>(_ text: String?, _ name: String) throws(MatrixError) -> Choice? {
        guard let text else { return nil }
        guard let choice = Choice(rawValue: text) else { throw MatrixError(.invalidParameter, "\(name) cannot be \(text).") }
        return choice
    }

    private static func contextLimit(_ object: JSONObject, _ name: String) throws(MatrixError) -> Int? {
        guard let number = try object.optionalInteger(name) else { return nil }
        guard number >= 0 else { throw MatrixError(.invalidParameter, "\(name) must not be negative.") }
        return Int(min(number, Context.maxEvents))
    }
}

/// Where the next page of a search begins: the `next_batch` of the one before.
struct SearchPage: Sendable, Hashable {
    /// Results are not newer than this.
    var end: Position
    /// How many results were shown: they stand before the page if the order is `rank`, and are newer than `end` if it is `recent`.
    var shown: Int
    /// Results are only those of this room or sender.
    var group: Group?

    struct Group: Sendable, Hashable {
        let key: SearchRequest.GroupKey
        let value: String
    }

    init(end: Position, shown: Int, group: Group?) {
        self.end = end
        self.shown = shown
        self.group = group
    }

    init?(_ token: String) {
        guard token.utf8.count <= 1_024, let bytes = Base64.decode(utf8: token.utf8), let text = String(validating: bytes, as: UTF8.self) else {
            return nil
        }
        let parts = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 4, let end = Int64(parts[0]), end >= 0, let shown = Int(parts[1]), (0...1_000_000).contains(shown)
        else { return nil }
        self.end = Position(end)
        self.shown = shown
        if parts.count == 4 {
            guard let key = SearchRequest.GroupKey(rawValue: String(parts[2])) else { return nil }
            group = Group(key: key, value: String(parts[3]))
        }
    }

    var token: String {
        let text = "\(end) \(shown)" + (group.map { " \($0.key.rawValue) \($0.value)" } ?? "")
        return Base64.encodeURLSafe(Array(text.utf8))
    }
}
