import MatrixCore
import Storage

/// Answers a sync with the database: initial syncs, long absences, gaps, and whatever changes who sees what.
struct SyncFromDatabase {
    let request: SyncRequest
    let end: Position
    let sync: Sync
    let transaction: ReadTransaction

    /// How many events of a room a client gets that does not say.
    static let defaultTimelineLimit = 10

    private var user: UserID { request.session.userID }
    private var since: Position? { request.since?.position }
    private var filter: Filter { request.filter }

    func response() throws -> SyncResponse {
        var response = SyncResponse()
        if since == nil { sync.lazyMembers.forget(device: request.session.deviceKey) }
        let data = try accountData()
        response.accountData = data[nil, default: []].filter { filter.accountData.matches(type: $0.type) }
        var newcomers: Set<UserID> = []
        for membership in try transaction.memberships(of: user, at: end) where filter.room.includes(membership.roomID) {
            let accountData = data[membership.roomID, default: []]
            switch membership.membership {
            case "join":
                if let room = try joinedRoom(membership, accountData: accountData, newcomers: &newcomers) { response.joined.append(room) }
            case "invite" where isNew(membership):
                if try !InvitePermission.isBlocked(for: user, in: transaction), let room = try invitation(membership) {
                    response.invited.append(room)
                }
            case "knock" where isNew(membership):
                if let room = try invitation(membership) { response.knocked.append(room) }
            case "leave", "ban":
                if isNew(membership), let room = try leftRoom(membership, accountData: accountData) { response.left.append(room) }
            default: break
            }
        }
        response.aggregations = Aggregations(merging: (response.joined + response.left).map(\.aggregations))
        if filter.eventFormat == .federation {
            for event in (response.joined + response.left).flatMap({ $0.timeline + $0.state }) {
                response.pdus[event.position] = try transaction.pdu(at: event.position)
            }
        }
        response.presence = try presence(newcomers: newcomers)
        if let since { response.deviceLists = try sync.deviceLists.changes(for: user, after: since, in: transaction) }
        return response
    }

    /// Whether the user's membership changed since the last sync.
    private func isNew(_ membership: MembershipRecord) -> Bool { since.map { membership.position > $0 } ?? true }

    // MARK: Rooms

    /// - Parameter newcomers: gets those who met the user in this room since the last sync.
    private func joinedRoom(
        _ membership: MembershipRecord, accountData: [AccountDataRecord], newcomers: inout Set<UserID>
    ) throws -> SyncResponse.JoinedRoom? {
        let (key, roomID) = (membership.roomKey, membership.roomID)
        var newlyJoined = false
        if let since, membership.position > since { newlyJoined = try transaction.joinPosition(of: user, in: key, upTo: end) > since }
        let start = newlyJoined ? nil : since
        let changes = try start.map { try transaction.summaryChanges(of: key, after: $0, upTo: end) }
        let changesSummary = try start.map { try isNews(changes, after: $0, in: key) } ?? true
        if newlyJoined {
            newcomers.formUnion(try transaction.users(in: key, membership: "join"))
        } else if let since {
            for member in changes?.members ?? [] where try transaction.joinPosition(of: member, in: key, upTo: end) > since {
                newcomers.insert(member)
            }
        }

        var members = Set(changesSummary && filter.room.state.lazyLoadMembers ? try heroes(of: key) : [])
        let formerEnd = newlyJoined ? try endOfFormerStay(in: key) : nil
        // Whose member events a client may have in an old form.
        if let formerEnd { members.formUnion(try transaction.summaryChanges(of: key, after: formerEnd, upTo: end).members) }
        var room = try timelineAndState(
            of: membership, after: start, timelineAfter: formerEnd, upTo: end, checksVisibility: start == nil, members: members)
        if newlyJoined { room.isLimited = true }
        let receipts = try transaction.receipts(of: key, roomID: roomID, after: start ?? .zero, upTo: end, visibleTo: user)
        room.changesCounts = receipts.contains { $0.userID == user }
        if filter.room.ephemeral.matches(type: "m.receipt", in: roomID) { room.receipts = receipts }
        if filter.room.ephemeral.matches(type: "m.typing", in: roomID) {
            let typists = sync.typing.typists(in: roomID)
            // Who comes back may still believe what was true when they left.
            let isNews = start.map { sync.typing.changed(in: roomID, after: $0) } ?? (!typists.isEmpty || formerEnd != nil)
            if isNews { room.typists = typists }
        }
        let pieces = newlyJoined ? try transaction.accountData(of: user).filter { $0.roomID == roomID } : accountData
        room.accountData = pieces.filter { filter.room.accountData.matches(type: $0.type, in: roomID) }
        if changesSummary { room.summary = try summary(of: key) }
        if room.isEmpty, since != nil, !request.fullState, !newlyJoined { return nil }
        room.unread = try sync.notifications.counts(of: user, in: membership, upTo: end, transaction)
        return room
    }

    /// Whether the summary of a room is another one. A member's new name changes no count, and the heroes only where not all can be one.
    private func isNews(_ changes: ReadTransaction.SummaryChanges?, after start: Position, in room: Int64) throws -> Bool {
        guard let changes, !changes.isEmpty else { return false }
        if changes.changesName { return true }
        for member in changes.members {
            let history = try transaction.membershipHistory(of: member, in: room)
            if history.membership(at: start) != history.membership(at: end) { return true }
        }
        let count = try transaction.memberCount(of: room, membership: "join") + transaction.memberCount(of: room, membership: "invite")
        return count > ReadTransaction.maxHeroes + 1
    }

    /// Where the user's stay before the present one ended.
    private func endOfFormerStay(in room: Int64) throws -> Position? {
        let changes = try transaction.history(of: room, type: "m.room.member", stateKey: user.rawValue, member: "membership")
        let joined = try transaction.joinPosition(of: user, in: room, upTo: end)
        return changes.lastIndex { $0.position < joined.value && $0.value == "join" }.map { Position(changes[$0 + 1].position) }
    }

    private func leftRoom(_ membership: MembershipRecord, accountData: [AccountDataRecord]) throws -> SyncResponse.JoinedRoom? {
        guard since != nil || (filter.room.includeLeave && !membership.isForgotten) else { return nil }
        let history = try transaction.history(
            of: membership.roomKey, type: "m.room.member", stateKey: user.rawValue, member: "membership"
        ).filter { $0.position <= end.value }
        let start = since ?? .zero
        let before = history.last { $0.position <= start.value }?.value
        let joinedMeanwhile = history.contains { $0.position > start.value && $0.value == "join" }
        if !membership.isForgotten, before == "join" || joinedMeanwhile {
            var room = try timelineAndState(
                of: membership, after: before == "join" ? since : nil, upTo: membership.position, checksVisibility: true)
            room.accountData = accountData.filter { filter.room.accountData.matches(type: $0.type, in: membership.roomID) }
            return room
        }
        // A declined or withdrawn invitation, or a room that another device has let forget already: nothing of the room but
        // the event that ended it.
        guard let event = try transaction.event(at: membership.position) else { return nil }
        var room = SyncResponse.JoinedRoom(roomID: membership.roomID, previousBatch: Position(event.position.value - 1))
        if filter.room.timeline.matches(event) { room.timeline = [event] }
        room.memberships = MembershipHistory(history)
        return room
    }

    /// - Parameter timelineAfter: where the timeline begins at the earliest, if not at `start`: nobody gets again what they had before they left.
    private func timelineAndState(
        of membership: MembershipRecord, after start: Position?, timelineAfter: Position? = nil, upTo end: Position, checksVisibility: Bool,
        members: Set<UserID> = []
    ) throws -> SyncResponse.JoinedRoom {
        let key = membership.roomKey
        let visibility = checksVisibility ? try transaction.visibility(of: key, for: user) : nil
        let timelineFilter = filter.room.timeline
        // State that still holds is there even if it came when the user could not see it: they get it in any case, and a timeline without
        // it would bring older state after newer one.
        var isWhole = since == nil
        let slice = try transaction.timeline(
            of: key, after: start ?? timelineAfter ?? .zero, upTo: end, limit: timelineFilter.limit ?? Self.defaultTimelineLimit,
            direction: .backwards,
            accepting: { event in
                let isHidden = visibility.map { !$0.canSee(eventAt: event.position.value) } ?? false
                if isHidden { isWhole = false }
                guard !sync.ignoredUsers.hides(event, from: user), try timelineFilter.matches(event, in: transaction) else { return false }
                return try !isHidden || transaction.isState(event, of: key, at: end)
            }
        ).slice
        let erased = try visibility.map { try ErasedSenders(visibility: $0, in: transaction) }
        func shown(_ event: TimelineEvent) -> TimelineEvent { erased?.shown(event) ?? event }
        let timeline = slice.events.reversed().map(shown)
        let beforeTimeline = timeline.first.map { Position($0.position.value - 1) } ?? end
        var room = SyncResponse.JoinedRoom(roomID: membership.roomID, previousBatch: beforeTimeline)
        // Before the first event of a room there is nothing. The public suite asks for it all the same, and takes an empty page for a failure:
        // Synapse then gives the room again, and clients drop what they have.
        if isWhole, !slice.isLimited { room.previousBatch = timeline.last?.position ?? end }
        room.timeline = timeline
        room.memberships = try transaction.membershipHistory(of: user, in: key)
        room.isLimited = slice.isLimited
        // Whoever has all events of a stretch can see by themselves what is related to what.
        if slice.isLimited || start == nil {
            room.aggregations = try Aggregations(of: timeline, for: user, upTo: end, ignoring: sync.ignoredUsers, in: transaction) {
                let visibility = try visibility ?? transaction.visibility(of: key, for: user)
                let erased = try erased ?? ErasedSenders(visibility: visibility, in: transaction)
                return Aggregations.View(canSee: { visibility.canSee(eventAt: $0.value) }, shown: erased.shown)
            }
        }
        room.state = try state(
            of: key, roomID: membership.roomID, after: request.fullState ? nil : start, beforeTimeline: beforeTimeline, end: end,
            timeline: timeline, members: members
        ).map(shown)
        return room
    }

    /// State that the client does not have: whole, or what changed, with the members that lazy loading calls for.
    private func state(
        of room: Int64, roomID: RoomID, after start: Position?, beforeTimeline: Position, end: Position, timeline: [TimelineEvent],
        members wanted: Set<UserID>
    ) throws -> [TimelineEvent] {
        let stateFilter = filter.room.state
        let isLazy = stateFilter.lazyLoadMembers
        let stateEnd = request.statePlacement.isAfterTimeline ? end : beforeTimeline
        var wantedMembers = wanted.union(timeline.map(\.sender))
        var events: [TimelineEvent]
        if let start {
            events = try transaction.stateChanges(of: room, after: start, upTo: stateEnd)
            if isLazy {
                let present = Set(events.filter { $0.type == "m.room.member" }.compactMap(\.stateKey))
                let missing =
                    stateFilter.includeRedundantMembers
                    ? wantedMembers
                    : sync.lazyMembers.missing(wantedMembers, device: request.session.deviceKey, room: roomID, since: since)
                for member in missing.sorted() where !present.contains(member.rawValue) {
                    if let event = try transaction.memberEvent(of: member, in: room, at: stateEnd) { events.append(event) }
                }
            }
        } else {
            wantedMembers.insert(user)
            events = try transaction.state(of: room, at: stateEnd, members: isLazy ? wantedMembers : nil)
        }
        if !request.statePlacement.isAfterTimeline, !filter.room.timeline.matchesEverything {
            // State events that the timeline's filter keeps out would otherwise be lost.
            let shown = Set(timeline.map(\.eventID))
            let changes = try transaction.stateChanges(of: room, after: max(beforeTimeline, start ?? .zero), upTo: end)
            events += changes.filter { !shown.contains($0.eventID) }
        }
        if isLazy {
            // With the state at the timeline's end, clients take no state from the timeline.
            let told = request.statePlacement.isAfterTimeline ? events : events + timeline
            let members = told.filter { $0.type == "m.room.member" }.compactMap(\.stateKey).map { UserID(trusted: $0) }
            sync.lazyMembers.remember(members, device: request.session.deviceKey, room: roomID, sentWith: self.end)
        }
        return events.filter { stateFilter.matches($0) }
    }

    /// The members that a room without a name is called by.
    private func heroes(of room: Int64) throws -> [UserID] {
        let isNamed =
            try transaction.stateContent(of: room, type: "m.room.name")?.string("name")?.isEmpty == false
            || transaction.stateContent(of: room, type: "m.room.canonical_alias")?.string("alias") != nil
        return isNamed ? [] : try transaction.heroes(of: room, for: user)
    }

    private func summary(of room: Int64) throws -> RoomSummary {
        RoomSummary(
            heroes: try heroes(of: room),
            joinedCount: try transaction.memberCount(of: room, membership: "join"),
            invitedCount: try transaction.memberCount(of: room, membership: "invite"))
    }

    /// `nil` for an invitation by somebody whom the user ignores.
    private func invitation(_ membership: MembershipRecord) throws -> SyncResponse.InvitedRoom? {
        try transaction.invitationState(of: membership.roomID, for: user, ignoring: sync.ignoredUsers.ignored(by: user))
            .map { SyncResponse.InvitedRoom(roomID: membership.roomID, state: $0) }
    }

    // MARK: Beside rooms

    /// What changed, by room; `nil` for global account data.
    private func accountData() throws -> [RoomID?: [AccountDataRecord]] {
        let pieces =
            try since.map { try sync.accountData.changes(of: user, after: $0, upTo: end, in: transaction) }
            ?? sync.accountData.all(of: user, in: transaction)
        return Dictionary(grouping: pieces, by: \.roomID)
    }

    private func presence(newcomers: Set<UserID>) throws -> [UserID] {
        // Of newcomers it is news that they are not there, too.
        var known = since.map { newcomers.union(sync.presence.users(changedAfter: $0)) } ?? Set(sync.presence.usersThere())
        guard !known.isEmpty else { return [] }
        let visible = Set(try transaction.usersSharingRooms(with: user)).union([user])
        known = known.filter { visible.contains($0) && filter.presence.matches(type: "m.presence", sender: $0) }
        return known.sorted()
    }
}
