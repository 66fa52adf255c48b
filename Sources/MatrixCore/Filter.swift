/// A filter as clients upload it, and what it lets through.
///
/// spec: client-server-api/#filtering
public struct Filter: Sendable {
    public enum EventFormat: String, Sendable {
        case client
        case federation
    }

    public var eventFields: [PropertyPath]?
    public var eventFormat: EventFormat
    public var presence: EventFilter
    public var accountData: EventFilter
    public var room: RoomFilter

    /// Lets everything through.
    public init() {
        eventFormat = .client
        presence = EventFilter()
        accountData = EventFilter()
        room = RoomFilter()
    }

    public init(_ object: JSONObject) throws(MatrixError) {
        let fields = FilterFields(object)
        eventFields = try fields.strings("event_fields")?.map { PropertyPath($0) }
        if let format = object["event_format"] {
            guard let known = format.stringValue.flatMap({ EventFormat(rawValue: $0) }) else { throw fields.invalid("event_format") }
            eventFormat = known
        } else {
            eventFormat = .client
        }
        presence = try EventFilter(fields.object("presence"))
        accountData = try EventFilter(fields.object("account_data"))
        room = try RoomFilter(fields.object("room"))
    }
}

public struct RoomFilter: Sendable {
    public var rooms: Set<RoomID>?
    public var notRooms: Set<RoomID>
    public var includeLeave: Bool
    public var state: RoomEventFilter
    public var timeline: RoomEventFilter
    public var ephemeral: RoomEventFilter
    public var accountData: RoomEventFilter

    public init() {
        notRooms = []
        includeLeave = false
        state = RoomEventFilter()
        timeline = RoomEventFilter()
        ephemeral = RoomEventFilter()
        accountData = RoomEventFilter()
    }

    public init(_ object: JSONObject) throws(MatrixError) {
        let fields = FilterFields(object)
        rooms = try fields.rooms("rooms")
        notRooms = try fields.rooms("not_rooms") ?? []
        includeLeave = try fields.bool("include_leave") ?? false
        state = try RoomEventFilter(fields.object("state"))
        timeline = try RoomEventFilter(fields.object("timeline"))
        ephemeral = try RoomEventFilter(fields.object("ephemeral"))
        accountData = try RoomEventFilter(fields.object("account_data"))
    }

    public func includes(_ room: RoomID) -> Bool {
        !notRooms.contains(room) && (rooms?.contains(room) ?? true)
    }
}

/// Reads the properties of one object of a filter.
struct FilterFields {
    static let maxListCount = 1000
    static let maxStringBytes = 255

    private let object: JSONObject

    init(_ object: JSONObject) { self.object = object }

    func object(_ key: String) throws(MatrixError) -> JSONObject {
        guard let value = object[key] else { return [:] }
        guard let nested = value.objectValue else { throw invalid(key) }
        return nested
    }

    func bool(_ key: String) throws(MatrixError) -> Bool? {
        guard let value = object[key] else { return nil }
        guard let flag = value.boolValue else { throw invalid(key) }
        return flag
    }

    func limit(_ key: String, atMost maximum: Int) throws(MatrixError) -> Int? {
        guard let value = object[key] else { return nil }
        guard let number = value.integerValue, number >= 0 else { throw invalid(key) }
        return Int(min(number, Int64(maximum)))
    }

    func strings(_ key: String) throws(MatrixError) -> [String]? {
        guard let value = object[key] else { return nil }
        guard let array = value.arrayValue, array.count <= Self.maxListCount else { throw invalid(key) }
        var strings: [String] = []
        for element in array {
            guard let text = element.stringValue, text.utf8.count <= Self.maxStringBytes else { throw invalid(key) }
            strings.append(text)
        }
        return strings
    }

    func rooms(_ key: String) throws(MatrixError) -> Set<RoomID>? { try identifiers(key) }
    func users(_ key: String) throws(MatrixError) -> Set<UserID>? { try identifiers(key) }

    private func identifiers<ID: MatrixIdentifier>(_ key: String) throws(MatrixError) -> Set<ID>? {
        guard let texts = try strings(key) else { return nil }
        var identifiers: Set<ID> = []
        for text in texts {
            guard let identifier = ID(text) else { throw invalid(key) }
            identifiers.insert(identifier)
        }
        return identifiers
    }

    func invalid(_ key: String) -> MatrixError { MatrixError(.badJSON, "The filter's \(key) is not valid.") }
}
