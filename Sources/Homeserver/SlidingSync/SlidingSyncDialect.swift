public import MatrixCore

/// The two forms in which sliding sync is spoken.
public enum SlidingSyncDialect: Sendable {
    /// What clients speak: `org.matrix.simplified_msc3575`.
    case field
    /// The accepted MSC4186: `/v4/sync`.
    case accepted

    var inviteFilter: String { self == .field ? "is_invite" : "is_invited" }
    var strippedState: String { self == .field ? "invite_state" : "stripped_state" }
    var expandedTimeline: String { self == .field ? "unstable_expanded_timeline" : "expanded_timeline" }
    /// MSC4186 limits subscriptions; clients in the field subscribe to each room they have shown.
    var maxSubscriptions: Int { self == .field ? 1_000 : 100 }
}

extension SlidingSyncRequest {
    /// - Parameter query: `pos`, `timeout` and `set_presence` of the URL, where the dialect has them.
    public init(_ body: JSONObject, query: (String) -> String?, dialect: SlidingSyncDialect, session: Session) throws(MatrixError) {
        self.session = session
        self.dialect = dialect
        let presence: String?
        switch dialect {
        case .field:
            position = query("pos")
            presence = query("set_presence")
            if let text = query("timeout") {
                guard let value = Int64(text), value >= 0 else { throw MatrixError(.invalidParameter, "timeout is a number of milliseconds.") }
                timeout = Self.timeout(value)
            }
        case .accepted:
            position = try body.optionalString("pos")
            presence = try body.optionalString("set_presence")
            if let value = try body.optionalInteger("timeout") {
                guard value >= 0 else { throw MatrixError(.invalidParameter, "timeout is a number of milliseconds.") }
                timeout = Self.timeout(value)
            }
        }
        if let presence {
            guard let state = Presence.State(rawValue: presence) else {
                throw MatrixError(.invalidParameter, "set_presence is online, unavailable or offline.")
            }
            self.presence = state
        }
        connectionID = try body.optionalString("conn_id") ?? ""
        guard connectionID.utf8.count <= Self.maxConnectionIDBytes else { throw MatrixError(.invalidParameter, "conn_id is too long.") }
        transactionID = try body.optionalString("txn_id")
        guard (transactionID?.utf8.count ?? 0) <= maxIdentifierBytes else { throw MatrixError(.invalidParameter, "txn_id is too long.") }
        let parser = InterestParser(dialect: dialect, user: session.userID)
        interest.lists = try parser.lists(body.optionalObject("lists"))
        interest.subscriptions = try parser.subscriptions(body.optionalObject("room_subscriptions"))
        try parser.extensions(body.optionalObject("extensions"), into: &interest)
    }

    private static func timeout(_ milliseconds: Int64) -> Duration {
        .milliseconds(min(milliseconds, Int64(SyncRequest.maxTimeoutMilliseconds)))
    }
}

/// Reads what a request asks for.
struct InterestParser {
    let dialect: SlidingSyncDialect
    let user: UserID

    func lists(_ object: JSONObject?) throws(MatrixError) -> [SlidingSyncRequest.List] {
        guard let object else { return [] }
        guard object.count <= SlidingSyncRequest.maxLists else { throw invalid("There are at most \(SlidingSyncRequest.maxLists) lists.") }
        var lists: [SlidingSyncRequest.List] = []
        for member in object.members {
            guard member.key.utf8.count <= SlidingSyncRequest.maxListNameBytes else { throw invalid("The name of a list is too long.") }
            guard let list = member.value.objectValue else { throw MatrixError(.badJSON, "A list must be an object.") }
            lists.append(
                SlidingSyncRequest.List(
                    name: member.key, ranges: try ranges(of: list), filters: try filters(list.optionalObject("filters")), config: try config(list)))
        }
        return lists
    }

    func subscriptions(_ object: JSONObject?) throws(MatrixError) -> [RoomID: RoomConfig] {
        guard let object else { return [:] }
        guard object.count <= dialect.maxSubscriptions else { throw invalid("There are at most \(dialect.maxSubscriptions) subscriptions.") }
        var subscriptions: [RoomID: RoomConfig] = [:]
        for member in object.members {
            guard let room = RoomID(member.key) else { throw invalid("Subscriptions are listed by room ID.") }
            guard let subscription = member.value.objectValue else { throw MatrixError(.badJSON, "A subscription must be an object.") }
            subscriptions[room] = try config(subscription)
        }
        return subscriptions
    }

    // MARK: What of a room

    private func config(_ object: JSONObject) throws(MatrixError) -> RoomConfig {
        guard let limit = try object.optionalInteger("timeline_limit") else { throw MatrixError(.missingParameter, "timeline_limit is missing.") }
        guard limit >= 0 else { throw invalid("timeline_limit must not be negative.") }
        let state =
            switch dialect {
            case .field: try pairs(object.optionalArray("required_state") ?? [])
            case .accepted: try rules(object.optionalObject("required_state") ?? [:])
            }
        return RoomConfig(
            timelineLimit: Int(min(limit, Int64(SlidingSyncRequest.maxTimelineEvents))), requiredState: RequiredStateSet([state]))
    }

    /// `[type, state_key]`, with `*`, `$ME` and `$LAZY`.
    private func pairs(_ values: [JSONValue]) throws(MatrixError) -> RequiredState {
        try checkCount(values)
        var state = RequiredState()
        for value in values {
            guard let pair = value.arrayValue, pair.count == 2, let type = pair[0].stringValue, let key = pair[1].stringValue else {
                throw MatrixError(.badJSON, "required_state consists of pairs of a type and a state key.")
            }
            if key == "$LAZY" {
                // Nothing but members can be loaded lazily.
                if type == "m.room.member" || type == "*" { state.hasLazyMembers = true }
                continue
            }
            let stateKey = key == "*" ? nil : key == "$ME" ? user.rawValue : key
            add(RequiredState.Element(type: type == "*" ? nil : type, stateKey: stateKey), to: &state.include)
        }
        return state
    }

    private func rules(_ object: JSONObject) throws(MatrixError) -> RequiredState {
        var state = RequiredState(hasLazyMembers: try object.optionalBool("lazy_members") ?? false)
        state.include = try elements(object.optionalArray("include") ?? [])
        state.exclude = try elements(object.optionalArray("exclude") ?? [])
        return state
    }

    private func elements(_ values: [JSONValue]) throws(MatrixError) -> [RequiredState.Element] {
        try checkCount(values)
        var elements: [RequiredState.Element] = []
        for value in values {
            guard let object = value.objectValue else { throw MatrixError(.badJSON, "required_state consists of objects.") }
            let key = try object.optionalString("state_key")
            add(RequiredState.Element(type: try object.optionalString("type"), stateKey: key == "$ME" ? user.rawValue : key), to: &elements)
        }
        return elements
    }

    private func checkCount(_ values: [JSONValue]) throws(MatrixError) {
        guard values.count <= SlidingSyncRequest.maxRequiredState else {
            throw invalid("required_state has at most \(SlidingSyncRequest.maxRequiredState) elements.")
        }
    }

    private func add(_ element: RequiredState.Element, to elements: inout [RequiredState.Element]) {
        if !elements.contains(element) { elements.append(element) }
    }

    // MARK: Which rooms

    private func ranges(of list: JSONObject) throws(MatrixError) -> [ClosedRange<Int>]? {
        switch dialect {
        case .field:
            guard let values = try list.optionalArray("ranges") else { return nil }
            guard values.count <= SlidingSyncRequest.maxRanges else { throw invalid("There are too many ranges.") }
            var ranges: [ClosedRange<Int>] = []
            for value in values { ranges.append(try range(value)) }
            return ranges
        case .accepted: return try list["range"].flatMap { (value) throws(MatrixError) in value.isNull ? nil : [try range(value)] }
        }
    }

    private func range(_ value: JSONValue) throws(MatrixError) -> ClosedRange<Int> {
        guard let pair = value.arrayValue, pair.count == 2, let first = pair[0].integerValue, let last = pair[1].integerValue else {
            throw MatrixError(.badJSON, "A range is a pair of numbers.")
        }
        guard first >= 0, last >= first else { throw invalid("A range begins at 0 or later and ends where it begins or later.") }
        return Int(first)...Int(last)
    }

    private func filters(_ object: JSONObject?) throws(MatrixError) -> RoomListFilters {
        var filters = RoomListFilters()
        guard let object else { return filters }
        filters.isDirect = try object.optionalBool("is_dm")
        filters.isEncrypted = try object.optionalBool("is_encrypted")
        filters.isInvited = try object.optionalBool(dialect.inviteFilter)
        // An empty array of types is what clients send that have no wish.
        filters.roomTypes = try types("room_types", of: object).flatMap { $0.isEmpty ? nil : $0 }
        filters.notRoomTypes = try types("not_room_types", of: object)
        if let name = try object.optionalString("room_name_like") {
            guard name.utf8.count <= maxIdentifierBytes else { throw invalid("room_name_like is too long.") }
            filters.nameContains = name.lowercased()
        }
        filters.tags = try strings("tags", of: object)
        filters.notTags = try strings("not_tags", of: object)
        filters.spaces = try strings("spaces", of: object).map { Set($0.map { RoomID(trusted: $0) }) }
        return filters
    }

    private func types(_ name: String, of object: JSONObject) throws(MatrixError) -> Set<String?>? {
        guard let values = try object.optionalArray(name) else { return nil }
        guard values.count <= SlidingSyncRequest.maxFilterElements else { throw invalid("\(name) has too many elements.") }
        var types: Set<String?> = []
        for value in values {
            guard value.isNull || value.stringValue != nil else { throw MatrixError(.badJSON, "\(name) consists of strings and null.") }
            types.insert(value.stringValue)
        }
        return types
    }

    private func strings(_ name: String, of object: JSONObject) throws(MatrixError) -> Set<String>? {
        guard let values = try object.optionalArray(name) else { return nil }
        guard values.count <= SlidingSyncRequest.maxFilterElements else { throw invalid("\(name) has too many elements.") }
        var strings: Set<String> = []
        for value in values {
            guard let text = value.stringValue, text.utf8.count <= maxIdentifierBytes else {
                throw MatrixError(.badJSON, "\(name) consists of short strings.")
            }
            strings.insert(text)
        }
        return strings
    }

    // MARK: Extensions

    /// Extensions that are not known here are left out of the response, which is how clients learn it.
    func extensions(_ object: JSONObject?, into interest: inout SlidingSyncRequest.Interest) throws(MatrixError) {
        if let toDevice = try enabled("to_device", in: object) {
            let limit = try toDevice.optionalInteger("limit") ?? Int64(ToDevice.maxMessagesOfSync)
            guard limit > 0 else { throw invalid("limit must be positive.") }
            interest.toDevice = SlidingSyncRequest.ToDeviceExtension(
                since: try toDevice.optionalString("since"), limit: Int(min(limit, Int64(ToDevice.maxMessagesOfSync))))
        }
        interest.hasEncryption = try enabled("e2ee", in: object) != nil
        interest.accountData = try roomExtension("account_data", in: object)
        interest.receipts = try roomExtension("receipts", in: object)
        interest.typing = try roomExtension("typing", in: object)
    }

    private func enabled(_ name: String, in object: JSONObject?) throws(MatrixError) -> JSONObject? {
        guard let settings = try object?.optionalObject(name), try settings.optionalBool("enabled") == true else { return nil }
        return settings
    }

    private func roomExtension(_ name: String, in object: JSONObject?) throws(MatrixError) -> SlidingSyncRequest.RoomExtension? {
        guard let settings = try enabled(name, in: object) else { return nil }
        func scope(_ name: String) throws(MatrixError) -> Set<String>? {
            guard let values = try settings.optionalArray(name) else { return nil }
            guard values.count <= dialect.maxSubscriptions else { throw invalid("\(name) has too many elements.") }
            var names: Set<String> = []
            for value in values {
                guard let text = value.stringValue else { throw MatrixError(.badJSON, "\(name) consists of strings.") }
                names.insert(text)
            }
            return names.contains("*") ? nil : names
        }
        return SlidingSyncRequest.RoomExtension(
            lists: try scope("lists"), rooms: try scope("rooms").map { Set($0.map { RoomID(trusted: $0) }) })
    }

    private func invalid(_ message: String) -> MatrixError { MatrixError(.invalidParameter, message) }
}
