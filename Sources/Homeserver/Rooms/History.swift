public import MatrixCore
public import Storage

/// Reads rooms: single events, pages of the timeline, state and members, each only as far as the reader may see.
public struct History: Sendable {
    let database: Database
    let feed: ChangeFeed
    let ignoredUsers: IgnoredUsers

    public enum Direction: Sendable { case forwards, backwards }

    public static let maxPageEvents = 1_000
    public static let defaultPageEvents = 10

    /// A page of a room's timeline.
    public struct Page: Sendable {
        public let events: [TimelineEvent]
        public let start: StreamToken
        /// `nil` for an empty page at the end of what there is to see.
        public let end: StreamToken?
        /// Member events of the senders, for clients that load members lazily.
        public let state: [TimelineEvent]
        public let aggregations: Aggregations
        /// What the reader was in the room.
        public let memberships: MembershipHistory
    }

    /// spec: client-server-api/#get_matrixclientv3roomsroomidmessages
    public func messages(
        of roomID: RoomID, for user: UserID, from: StreamToken?, to: StreamToken?, direction: Direction, limit: Int,
        filter: RoomEventFilter
    ) async throws -> Page {
        try await read(roomID, user) { access, transaction in
            let newest = access.end
            let start: Position
            let lower: Position
            let upper: Position
            switch direction {
            case .backwards:
                start = min(from?.position ?? newest, newest)
                (lower, upper) = (to?.position ?? .zero, start)
            case .forwards:
                start = from?.position ?? .zero
                (lower, upper) = (start, min(to?.position ?? newest, newest))
            }
            let (slice, lastScanned) = try transaction.timeline(
                of: access.room.key, after: lower, upTo: upper, limit: min(limit, Self.maxPageEvents),
                direction: direction == .forwards ? .forwards : .backwards,
                accepting: { try access.canSee($0) && !ignoredUsers.hides($0, from: user) && filter.matches($0, in: transaction) })
            // A page with events always says where it ends, though it may be the last: clients expect it of Synapse's.
            var end: StreamToken?
            if slice.isLimited || !slice.events.isEmpty {
                end = StreamToken(lastScanned.map { direction == .backwards ? Position($0.value - 1) : $0 } ?? start)
            }
            return Page(
                events: slice.events.map(access.shown), start: StreamToken(start), end: end,
                state: filter.lazyLoadMembers ? try members(sending: slice.events, access: access, transaction) : [],
                aggregations: try Aggregations(of: slice.events, for: access, ignoring: ignoredUsers, in: transaction),
                memberships: access.memberships)
        }
    }

    /// What stands around an event.
    public struct Context: Sendable {
        public let event: TimelineEvent
        /// Newest first.
        public let before: [TimelineEvent]
        public let after: [TimelineEvent]
        public let start: StreamToken
        public let end: StreamToken
        public let state: [TimelineEvent]
        public let aggregations: Aggregations
        /// What the reader was in the room.
        public let memberships: MembershipHistory
    }

    /// spec: client-server-api/#get_matrixclientv3roomsroomidcontexteventid
    public func context(of eventID: EventID, in roomID: RoomID, for user: UserID, limit: Int, filter: RoomEventFilter) async throws -> Context {
        try await read(roomID, user) { access, transaction in
            let event = try Self.event(eventID, access: access, transaction)
            func neighbours(_ direction: TimelineDirection, after: Position, upTo: Position, limit: Int) throws -> [TimelineEvent] {
                try transaction.timeline(
                    of: access.room.key, after: after, upTo: upTo, limit: limit, direction: direction,
                    accepting: { try access.canSee($0) && !ignoredUsers.hides($0, from: user) && filter.matches($0, in: transaction) }
                ).slice.events.map(access.shown)
            }
            let limit = min(limit, Self.maxPageEvents)
            let before = try neighbours(.backwards, after: .zero, upTo: Position(event.position.value - 1), limit: limit / 2)
            let after = try neighbours(.forwards, after: event.position, upTo: access.end, limit: limit - limit / 2)
            let last = after.last ?? event
            let shown = before + [event] + after
            let state = try transaction.state(
                of: access.room.key, at: last.position, members: filter.lazyLoadMembers ? Set(shown.map(\.sender)) : nil)
            return Context(
                event: event, before: before, after: after, start: StreamToken(Position((before.last ?? event).position.value - 1)),
                end: StreamToken(last.position), state: state,
                aggregations: try Aggregations(of: shown, for: access, ignoring: ignoredUsers, in: transaction), memberships: access.memberships)
        }
    }

    public func event(
        _ eventID: EventID, in roomID: RoomID, for user: UserID
    ) async throws -> (event: TimelineEvent, aggregations: Aggregations, memberships: MembershipHistory) {
        do {
            return try await read(roomID, user) { access, transaction in
                let event = try Self.event(eventID, access: access, transaction)
                return (event, try Aggregations(of: [event], for: access, ignoring: ignoredUsers, in: transaction), access.memberships)
            }
        } catch let error as MatrixError where error == RoomAccess.notInRoom {
            // spec: client-server-api/#get_matrixclientv3roomsroomideventeventid has one answer for what is not there and what is not shown.
            throw Self.notFound(eventID)
        }
    }

    /// The same, of whichever room.
    ///
    /// spec: client-server-api/#get_matrixclientv3eventseventid
    public func event(_ eventID: EventID, for user: UserID) async throws -> TimelineEvent {
        guard let room = try await database.read({ try $0.event(eventID)?.roomID }) else { throw Self.notFound(eventID) }
        return try await event(eventID, in: room, for: user).event
    }

    /// What the user was in a room: each event says it of its own time.
    public func memberships(of user: UserID, in roomID: RoomID) async throws -> MembershipHistory {
        try await database.read { transaction in
            guard let room = try transaction.room(roomID) else { throw RoomAccess.notInRoom }
            return try transaction.membershipHistory(of: user, in: room.key)
        }
    }

    // MARK: State

    public func state(of roomID: RoomID, for user: UserID) async throws -> [TimelineEvent] {
        try await read(roomID, user) { access, transaction in try transaction.state(of: access.room.key, at: access.end) }
    }

    public func stateEvent(of roomID: RoomID, type: String, stateKey: String, for user: UserID) async throws -> TimelineEvent {
        try await read(roomID, user) { access, transaction in
            guard let event = try transaction.stateEvent(of: access.room.key, type: type, stateKey: stateKey, at: access.end) else {
                throw MatrixError(.notFound, "The room has no state \(type) with this key.")
            }
            return event
        }
    }

    // MARK: Members

    /// Member events, as they were at a token or are now.
    public func members(
        of roomID: RoomID, for user: UserID, at token: StreamToken?, membership: String?, notMembership: String?
    ) async throws -> [TimelineEvent] {
        try await read(roomID, user) { access, transaction in
            try transaction.state(of: access.room.key, at: min(token?.position ?? access.end, access.end)).filter { event in
                guard event.type == "m.room.member" else { return false }
                guard membership != nil || notMembership != nil else { return true }
                let value = try JSONObject(parsing: event.content).string("membership")
                return membership.map { $0 == value } ?? true && notMembership.map { $0 != value } ?? true
            }
        }
    }

    /// Names and pictures of everyone who is in the room now; only for those who are in it themselves.
    public func joinedMembers(of roomID: RoomID, for user: UserID) async throws -> [(user: UserID, content: JSONObject)] {
        try await read(roomID, user) { access, transaction in
            guard access.membership == "join" else { throw RoomAccess.notInRoom }
            return try transaction.users(in: access.room.key, membership: "join").map { member in
                (member, try transaction.stateContent(of: access.room.key, type: "m.room.member", stateKey: member.rawValue) ?? [:])
            }
        }
    }

    func read<Result: Sendable>(
        _ roomID: RoomID, _ user: UserID, _ body: @escaping @Sendable (RoomAccess, ReadTransaction) throws -> Result
    ) async throws -> Result {
        let newest = feed.position
        return try await database.read { try body(RoomAccess(to: roomID, for: user, upTo: newest, in: $0), $0) }
    }

    static func event(_ id: EventID, access: RoomAccess, _ transaction: ReadTransaction) throws -> TimelineEvent {
        guard let event = try transaction.event(id), event.roomID == access.room.id, access.canSee(event) else {
            throw notFound(id)
        }
        return access.shown(event)
    }

    static func notFound(_ id: EventID) -> MatrixError {
        MatrixError(.notFound, "There is no event \(id) that you can see here.")
    }

    private func members(sending events: [TimelineEvent], access: RoomAccess, _ transaction: ReadTransaction) throws -> [TimelineEvent] {
        guard let newest = events.map(\.position).max() else { return [] }
        return try transaction.state(of: access.room.key, at: newest, members: Set(events.map(\.sender))).filter { $0.type == "m.room.member" }
    }
}
