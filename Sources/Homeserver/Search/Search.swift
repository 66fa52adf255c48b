public import MatrixCore
import Storage

/// Finds messages, room names and topics by their words.
///
/// spec: client-server-api/#server-side-search
public struct Search: Sendable {
    let database: Database
    let feed: ChangeFeed
    let ignoredUsers: IgnoredUsers

    /// How many matches one search looks at: a word that stands in every message costs no more.
    static let maxMatchesScanned = 5_000
    /// With more rooms than this to look in, what is found elsewhere is sorted out afterwards.
    private static let maxRoomsInQuery = 16

    public func roomEvents(_ request: SearchRequest, for user: UserID) async throws -> SearchResults {
        let newest = feed.position
        let ignored = ignoredUsers.ignored(by: user)
        if try await database.read({ try $0.hasUnindexedEvents() }) { try await database.write { try $0.indexNewEvents() } }
        return try await database.read { transaction in
            var scope = try SearchScope(request, user, ignoring: ignored, upTo: newest, transaction)
            let matches = try Self.matches(request, upTo: newest, in: &scope, transaction)
            return try page(of: matches, request, &scope, transaction)
        }
    }

    /// What the searcher may see, in the order of the request.
    private struct Matches {
        var all: [SearchMatch] = []
        /// No match is newer.
        let end: Position
        /// Where looking ended before the index did.
        var lastScanned: Position?
    }

    private static func matches(
        _ request: SearchRequest, upTo newest: Position, in scope: inout SearchScope, _ transaction: ReadTransaction
    ) throws -> Matches {
        var matches = Matches(end: min(request.page?.end ?? newest, newest))
        guard !scope.rooms.isEmpty else { return matches }
        var scanned = 0
        var last: Position?
        try transaction.searchMatches(
            request.query, in: request.keys, rooms: scope.rooms.count <= maxRoomsInQuery ? scope.rooms.keys.sorted() : nil, upTo: matches.end
        ) { match in
            guard scanned < maxMatchesScanned else {
                matches.lastScanned = last
                return false
            }
            scanned += 1
            last = match.position
            if try scope.accepts(match, transaction) { matches.all.append(match) }
            return true
        }
        // They come newest first; of two that are equally close the newer stays first.
        if request.order == .rank {
            matches.all.sort { ($0.rank, $0.position) > ($1.rank, $1.position) }
        }
        return matches
    }

    private func page(
        of matches: Matches, _ request: SearchRequest, _ scope: inout SearchScope, _ transaction: ReadTransaction
    ) throws -> SearchResults {
        let shownBefore = request.page?.shown ?? 0
        let start = request.order == .rank ? min(shownBefore, matches.all.count) : 0
        let shown = matches.all[start...].prefix(request.limit)
        let rest = matches.all[shown.endIndex...]
        func page(after last: SearchMatch, shown: Int, group: SearchPage.Group?) -> String {
            SearchPage(end: request.order == .rank ? matches.end : Position(last.position.value - 1), shown: shown, group: group).token
        }

        var results = SearchResults(
            count: request.order == .rank ? matches.all.count : shownBefore + matches.all.count, highlights: request.query.highlights)
        if let last = shown.last, !rest.isEmpty {
            results.nextBatch = page(after: last, shown: shownBefore + shown.count, group: request.page?.group)
        } else if let last = matches.lastScanned, request.order == .recent {
            results.nextBatch = SearchPage(end: Position(last.value - 1), shown: shownBefore + shown.count, group: request.page?.group).token
        }
        var aggregations: [Aggregations] = []
        for match in shown {
            guard let event = try transaction.event(at: match.position), let access = try scope.access(to: match.roomKey, transaction) else {
                continue
            }
            let context = try request.context.map { try Self.context($0, of: event, access, scope, transaction) }
            results.entries.append(.init(event: event, rank: match.rank, context: context))
            let shown = [event] + (context.map { $0.before + $0.after } ?? [])
            aggregations.append(try Aggregations(of: shown, for: access, ignoring: ignoredUsers, in: transaction))
            if request.includesState, results.state[event.roomID] == nil {
                results.state[event.roomID] = try transaction.state(of: match.roomKey, at: access.end)
            }
        }
        results.aggregations = Aggregations(merging: aggregations)
        for key in request.groups {
            let value: (SearchMatch) -> String = { [rooms = scope.rooms] in key == .room ? rooms[$0.roomKey]?.rawValue ?? "" : $0.sender.rawValue }
            let values = Set(rest.map(value))
            var groups: [SearchResults.Group] = []
            for entry in results.entries {
                let name = key == .room ? entry.event.roomID.rawValue : entry.event.sender.rawValue
                if let index = groups.firstIndex(where: { $0.value == name }) {
                    groups[index].events.append(entry.event.eventID)
                } else {
                    groups.append(.init(value: name, events: [entry.event.eventID]))
                }
            }
            for index in groups.indices where values.contains(groups[index].value) {
                let members = matches.all[..<shown.endIndex].filter { value($0) == groups[index].value }
                guard let last = members.last else { continue }
                groups[index].nextBatch = page(after: last, shown: members.count, group: .init(key: key, value: groups[index].value))
            }
            results.groups.append((key, groups))
        }
        return results
    }

    private static func context(
        _ wanted: SearchRequest.Context, of event: TimelineEvent, _ access: RoomAccess, _ scope: SearchScope, _ transaction: ReadTransaction
    ) throws -> SearchResults.Context {
        // What the searcher may not see ends what is shown: beyond it nothing belongs to the result.
        func neighbours(_ direction: TimelineDirection, after: Position, upTo: Position, limit: Int) throws -> [TimelineEvent] {
            guard limit > 0 else { return [] }
            return try transaction.timeline(
                of: access.room.key, after: after, upTo: upTo, limit: limit, direction: direction, stoppingAt: { !access.canSee($0) },
                accepting: scope.shows
            ).slice.events.map(access.shown)
        }
        let before = try neighbours(.backwards, after: .zero, upTo: Position(event.position.value - 1), limit: wanted.before)
        let after = try neighbours(.forwards, after: event.position, upTo: access.end, limit: wanted.after)
        var profiles: [(user: UserID, content: JSONObject)]?
        if wanted.includesProfiles {
            profiles = try Set((before + [event] + after).map(\.sender)).sorted { $0.rawValue < $1.rawValue }.compactMap { sender in
                guard let member = try transaction.memberEvent(of: sender, in: access.room.key, at: event.position) else { return nil }
                return (sender, try JSONObject(parsing: member.content))
            }
        }
        return SearchResults.Context(
            before: before, after: after, start: StreamToken(Position((before.last ?? event).position.value - 1)),
            end: StreamToken((after.last ?? event).position), profiles: profiles)
    }
}
