public import MatrixCore
public import Storage

extension History {
    /// A page of events that are related to another, or of threads.
    public struct RelationsPage: Sendable {
        public let events: [TimelineEvent]
        public let aggregations: Aggregations
        /// `nil` at the end of what there is to see.
        public let next: StreamToken?
    }

    public static let maxRecursionDepth = 3
    public static let defaultRelations = 50

    /// What is related to an event, in whatever way that is not excluded.
    ///
    /// - Parameters:
    ///   - type: how it is to be related, at each step.
    ///   - eventType: of what type it is to be, at each step.
    ///   - recurses: whether it may also be related to what is related to the event, and so on up to `maxRecursionDepth` steps.
    ///
    /// spec: client-server-api/#relationships-api
    public func relations(
        of eventID: EventID, in roomID: RoomID, for user: UserID, type: String?, eventType: String?, recurses: Bool, from: StreamToken?,
        to: StreamToken?, direction: Direction, limit: Int
    ) async throws -> RelationsPage {
        do {
            return try await read(roomID, user) { access, transaction in
                let parent = try Self.event(eventID, access: access, transaction)
                let ignored = ignoredUsers.ignored(by: user)
                let (lower, upper) =
                    switch direction {
                    case .backwards: (to?.position ?? .zero, min(from?.position ?? access.end, access.end))
                    case .forwards: (from?.position ?? .zero, min(to?.position ?? access.end, access.end))
                    }
                var positions: [Position] = []
                var hasMore = false
                try transaction.forEachRelation(
                    to: parent.position, type: type, eventType: eventType, depth: recurses ? Self.maxRecursionDepth : 1, after: lower,
                    upTo: upper, direction: direction == .forwards ? .forwards : .backwards
                ) { position, sender in
                    guard access.canSee(eventAt: position), !ignored.contains(sender) else { return true }
                    hasMore = positions.count == limit
                    if !hasMore { positions.append(position) }
                    return !hasMore
                }
                let events = try positions.compactMap { try transaction.event(at: $0).map(access.shown) }
                let end = positions.last.map { direction == .backwards ? Position($0.value - 1) : $0 }
                return RelationsPage(
                    events: events, aggregations: try Aggregations(of: events, for: access, ignoring: ignoredUsers, in: transaction),
                    next: hasMore ? end.map { StreamToken($0) } : nil)
            }
        } catch let error as MatrixError where error == RoomAccess.notInRoom {
            // One answer for what is not there and what is not shown.
            throw Self.notFound(eventID)
        }
    }

    /// The first events of a room's threads, the thread with the latest event first.
    ///
    /// - Parameter isParticipated: only threads that the user has written in, or that began with the user's event.
    ///
    /// spec: client-server-api/#querying-threads-in-a-room
    public func threads(
        of roomID: RoomID, for user: UserID, isParticipated: Bool, from: StreamToken?, limit: Int
    ) async throws -> RelationsPage {
        try await read(roomID, user) { access, transaction in
            var events: [TimelineEvent] = []
            var aggregations = Aggregations()
            var last: Position?
            var hasMore = false
            try transaction.forEachThread(of: access.room.key, upTo: min(from?.position ?? access.end, access.end)) { root, latest in
                guard access.canSee(eventAt: root), let event = try transaction.event(at: root).map(access.shown) else { return true }
                let own = try Aggregations(of: [event], for: access, ignoring: ignoredUsers, in: transaction)
                guard let participates = own.participation(in: event), participates || !isParticipated else { return true }
                hasMore = events.count == limit
                guard !hasMore else { return false }
                events.append(event)
                aggregations = Aggregations(merging: [aggregations, own])
                last = latest
                return true
            }
            return RelationsPage(
                events: events, aggregations: aggregations, next: hasMore ? last.map { StreamToken(Position($0.value - 1)) } : nil)
        }
    }
}
