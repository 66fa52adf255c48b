/// Which events of any kind a client wants.
///
/// spec: client-server-api/#filtering
public struct EventFilter: Sendable {
    /// No response has more events of one kind for one room, whatever a client asks for.
    public static let maxLimit = 1000

    public var limit: Int?
    public var types: [String]? { didSet { compile() } }
    public var notTypes: [String] { didSet { compile() } }
    public var senders: Set<UserID>?
    public var notSenders: Set<UserID>
    private var typePatterns: [Glob]?
    private var notTypePatterns: [Glob]

    /// Lets everything through.
    public init() {
        notTypes = []
        notSenders = []
        notTypePatterns = []
    }

    public init(_ object: JSONObject) throws(MatrixError) {
        let fields = FilterFields(object)
        limit = try fields.limit("limit", atMost: Self.maxLimit)
        types = try fields.strings("types")
        notTypes = try fields.strings("not_types") ?? []
        senders = try fields.users("senders")
        notSenders = try fields.users("not_senders") ?? []
        notTypePatterns = []
        compile()
    }

    /// Nothing is filtered, so nobody needs to ask for each event.
    public var matchesEverything: Bool { types == nil && notTypes.isEmpty && senders == nil && notSenders.isEmpty }

    /// Nothing can match, so nobody needs to look for events.
    public var matchesNothing: Bool {
        types?.isEmpty == true || senders?.isEmpty == true || notTypes.contains("*")
    }

    public func matches(type: String, sender: UserID) -> Bool {
        if matchesEverything { return true }
        if notSenders.contains(sender) { return false }
        if let senders, !senders.contains(sender) { return false }
        return matches(type: type)
    }

    /// For events without a sender, such as account data.
    public func matches(type: String) -> Bool {
        if notTypePatterns.contains(where: { $0.matches(type) }) { return false }
        return typePatterns?.contains { $0.matches(type) } ?? true
    }

    private mutating func compile() {
        typePatterns = types?.map { Glob($0, wildcards: .star) }
        notTypePatterns = notTypes.map { Glob($0, wildcards: .star) }
    }
}

/// The names of what counts unread messages by thread.
///
/// spec: client-server-api/#receiving-notifications
public enum ThreadNotifications: String, Sendable, CaseIterable {
    /// From before the specification had it.
    case unstable = "org.matrix.msc3773.unread_thread_notifications"
    case stable = "unread_thread_notifications"
}

/// Which events of a room a client wants.
public struct RoomEventFilter: Sendable {
    public var events: EventFilter
    public var rooms: Set<RoomID>?
    public var notRooms: Set<RoomID>
    public var containsURL: Bool?
    public var lazyLoadMembers: Bool
    public var includeRedundantMembers: Bool
    /// How the client calls the counts of each thread, if it wants to have them.
    public var unreadThreadNotifications: ThreadNotifications?
    /// Only events that one of these users has related another event to.
    public var relatedBySenders: Set<UserID>?
    /// Only events that another event is related to in one of these ways.
    public var relatedByRelationTypes: [String]?

    public var limit: Int? { events.limit }

    /// Lets everything through.
    public init() {
        events = EventFilter()
        notRooms = []
        lazyLoadMembers = false
        includeRedundantMembers = false
    }

    public init(_ object: JSONObject) throws(MatrixError) {
        let fields = FilterFields(object)
        events = try EventFilter(object)
        rooms = try fields.rooms("rooms")
        notRooms = try fields.rooms("not_rooms") ?? []
        containsURL = try fields.bool("contains_url")
        lazyLoadMembers = try fields.bool("lazy_load_members") ?? false
        includeRedundantMembers = try fields.bool("include_redundant_members") ?? false
        for name in ThreadNotifications.allCases where try fields.bool(name.rawValue) == true { unreadThreadNotifications = name }
        relatedBySenders = try fields.users("related_by_senders")
        relatedByRelationTypes = try fields.strings("related_by_rel_types")
    }

    public var matchesEverything: Bool {
        events.matchesEverything && rooms == nil && notRooms.isEmpty && containsURL == nil && !asksForRelations
    }

    /// Whether what is related to an event counts, which only the database knows: `matches` leaves it out.
    public var asksForRelations: Bool { relatedBySenders != nil || relatedByRelationTypes != nil }

    public func includes(_ room: RoomID) -> Bool {
        !notRooms.contains(room) && (rooms?.contains(room) ?? true)
    }

    /// - Parameter containsURL: whether the content has a `url` key. Asked only if the filter needs to know.
    public func matches(type: String, sender: UserID, containsURL: @autoclosure () -> Bool, roomID: RoomID) -> Bool {
        guard includes(roomID), events.matches(type: type, sender: sender) else { return false }
        guard let wanted = self.containsURL else { return true }
        return wanted == containsURL()
    }

    public func matches(_ event: Event) -> Bool {
        matches(type: event.type, sender: event.sender, containsURL: event.content["url"] != nil, roomID: event.roomID)
    }
}
