import MatrixCore
import Storage

/// Tells of rooms with the database: rooms that are new to the client, gaps, and whatever changes how a room is shown.
struct SlidingRoomFromDatabase {
    let session: Session
    /// Where the connection stood; events after it are live. `nil` for its first response.
    let start: Position?
    let end: Position
    let rooms: UserRooms
    /// The states that the connection's rooms were asked for.
    let states: [RequiredStateSet]
    /// Whom the user ignores.
    let ignored: Set<UserID>
    let notifications: Notifications
    let transaction: ReadTransaction

    private var user: UserID { session.userID }

    /// - Returns: what there is to say, if there is anything, and what the client then has; neither for what it may not see.
    func room(_ work: RoomWork, stateIndex: Int32) throws -> (room: SlidingRoom?, sent: SentRoom?) {
        if work.room.isStripped { return try stripped(work, stateIndex: stateIndex) }
        if work.room.isEnded { return try ended(work, stateIndex: stateIndex) }
        return try joined(work, stateIndex: stateIndex)
    }

    // MARK: Rooms that the user is in

    private func joined(_ work: RoomWork, stateIndex: Int32) throws -> (SlidingRoom?, SentRoom?) {
        let (key, config) = (work.room.key, work.shown.config)
        // Whoever comes back, or has only been invited so far, begins anew.
        let known = try work.sent.flatMap { sent -> SentRoom? in
            guard sent.kind == .joined else { return nil }
            guard work.room.membershipPosition > sent.upTo else { return sent }
            return try transaction.joinPosition(of: user, in: key, upTo: end) > sent.upTo ? nil : sent
        }
        var sent = known ?? SentRoom(kind: .joined, upTo: end, stateIndex: stateIndex, eventCount: 0)
        var room = SlidingRoom(room: work.room, lists: work.shown.lists)
        room.isInitial = known == nil
        let changes = try known.map { try transaction.stateChanges(of: key, after: $0.upTo, upTo: end) }

        try addTimeline(to: &room, &sent, known: known, limit: config.timelineLimit, expands: work.expandsTimeline, upTo: end)
        try addState(to: &room, &sent, known: known, changes: changes, config: config, expands: work.expandsState, at: end)
        let changesMembers = changes?.contains { $0.type == "m.room.member" } ?? true
        let changesName = changes?.contains { $0.type == "m.room.name" && $0.stateKey == "" } ?? true
        let changesAvatar = changes?.contains { $0.type == "m.room.avatar" && $0.stateKey == "" } ?? true
        if changesName || changesMembers {
            let name = try text("m.room.name", "name", of: key, at: end)
            if changesName, name != nil || !room.isInitial { room.name = SlidingRoom.Text(name) }
            if name == nil { room.heroes = try heroes(of: key) }
        }
        if changesAvatar {
            let avatar = try text("m.room.avatar", "url", of: key, at: end)
            if avatar != nil || !room.isInitial { room.avatar = SlidingRoom.Text(avatar) }
        }
        if changesMembers {
            room.joinedCount = try transaction.memberCount(of: key, membership: "join")
            room.invitedCount = try transaction.memberCount(of: key, membership: "invite")
        }
        let isDirect = rooms.directRooms.contains(work.room.id)
        if isDirect != sent.flags.contains(.direct) || room.isInitial && isDirect { room.isDirect = isDirect }
        if isDirect { sent.flags.insert(.direct) } else { sent.flags.remove(.direct) }
        sent.flags.remove(.stale)
        sent.upTo = end
        sent.stateIndex = stateIndex
        let saysNothing = room.timeline == nil && room.requiredState.isEmpty && room.isDirect == nil && !room.isInitial && changes?.isEmpty ?? false
        guard !saysNothing || work.changesCounts else { return (nil, sent) }
        if let membership = try transaction.membership(of: user, in: key) {
            room.unread = try notifications.counts(of: user, in: membership, upTo: end, transaction)
        }
        return (room, sent)
    }

    /// The newest events, as far as the user may see them.
    private func addTimeline(
        to room: inout SlidingRoom, _ sent: inout SentRoom, known: SentRoom?, limit: Int, expands: Bool, upTo end: Position
    ) throws {
        let key = room.room.key
        let news = try known.map { known in try transaction.latestPosition(in: key, upTo: end).map { $0 > known.upTo } ?? false } ?? true
        guard news || expands else { return }
        let after = expands ? .zero : known?.upTo ?? .zero
        // Where the user has been in the room all the time, there is nothing to hide.
        let visibility = known == nil || expands ? try transaction.visibility(of: key, for: user) : nil
        let slice = try transaction.timeline(
            of: key, after: after, upTo: end, limit: limit, direction: .backwards,
            accepting: { event in
                guard event.stateKey != nil || !ignored.contains(event.sender) else { return false }
                guard let visibility, !visibility.canSee(eventAt: event.position.value) else { return true }
                // State that still holds they get in any case, and a timeline without it would bring older state after newer one.
                return try transaction.isState(event, of: key, at: end)
            }
        ).slice
        guard known == nil || expands || slice.isLimited || !slice.events.isEmpty else { return }
        let erased = try visibility.map { try ErasedSenders(visibility: $0, in: transaction) }
        let events = slice.events.reversed().map { erased?.shown($0) ?? $0 }
        room.timeline = SlidingRoom.Timeline(
            events: events, isLimited: slice.isLimited, previousBatch: events.first.map { Position($0.position.value - 1) } ?? end)
        if let start { room.liveCount = events.count { $0.position > start } }
        room.isExpanded = expands && known != nil
        if slice.isLimited {
            sent.eventCount = UInt16(limit)
        } else if known == nil || expands {
            sent.eventCount = .max
        } else {
            sent.addEvents(events.count)
        }
    }

    /// - Parameter changes: the state that changed since the client was told of the room; `nil` for all of it.
    private func addState(
        to room: inout SlidingRoom, _ sent: inout SentRoom, known: SentRoom?, changes: [TimelineEvent]?, config: RoomConfig, expands: Bool,
        at end: Position
    ) throws {
        let (key, wanted) = (room.room.key, config.requiredState)
        let isLimited = room.timeline?.isLimited ?? false
        var events: [TimelineEvent]
        if let changes, let known {
            events = changes.filter { event in
                guard let stateKey = event.stateKey else { return false }
                // Without a gap the client keeps its list of members by these.
                return wanted.matches(event.type, stateKey) || wanted.hasLazyMembers && !isLimited && event.type == "m.room.member"
            }
            if expands {
                let old = states[Int(known.stateIndex)]
                let present = Set(events.map(\.eventID))
                events += try state(of: key, matching: wanted, at: end) { !old.matches($0, $1) }.filter { !present.contains($0.eventID) }
            }
        } else {
            events = try state(of: key, matching: wanted, at: end) { _, _ in true }
        }
        if wanted.hasLazyMembers {
            // Beyond a gap a client must not trust the members that it has.
            if isLimited, !room.isExpanded { sent.members = [] }
            let present = Set(events.lazy.filter { $0.type == "m.room.member" }.compactMap(\.stateKey))
            for member in Self.members(of: room.timeline?.events ?? []) where !present.contains(member.rawValue) && !sent.members.contains(member) {
                if let event = try transaction.memberEvent(of: member, in: key, at: end) { events.append(event) }
            }
            for event in events where event.type == "m.room.member" {
                if let stateKey = event.stateKey { sent.members.insert(UserID(trusted: stateKey)) }
            }
        } else {
            sent.members = []
        }
        room.requiredState = events
    }

    /// Who a client needs in order to show these events.
    private static func members(of events: [TimelineEvent]) -> [UserID] {
        var members = Set(events.map(\.sender))
        for event in events where event.type == "m.room.member" {
            if let stateKey = event.stateKey { members.insert(UserID(trusted: stateKey)) }
        }
        return members.sorted()
    }

    private func state(
        of room: Int64, matching wanted: RequiredStateSet, at end: Position, where isWanted: (String, String) -> Bool
    ) throws -> [TimelineEvent] {
        let elements = Set(wanted.rules.flatMap(\.include))
        var found: [Position: TimelineEvent] = [:]
        func add(_ event: TimelineEvent?) {
            guard let event, let key = event.stateKey, wanted.matches(event.type, key), isWanted(event.type, key) else { return }
            found[event.position] = event
        }
        if elements.contains(where: { $0.type == nil }) {
            let listsMembers = wanted.rules.contains { rule in !rule.hasLazyMembers && rule.include.contains { $0.type == nil } }
            for event in try transaction.state(of: room, at: end, members: listsMembers ? nil : []) { add(event) }
        }
        for element in elements {
            guard let type = element.type else { continue }
            if let stateKey = element.stateKey {
                if isWanted(type, stateKey) { add(try transaction.stateEvent(of: room, type: type, stateKey: stateKey, at: end)) }
            } else if type != "m.room.member" || wanted.rules.contains(where: { !$0.hasLazyMembers && $0.include.contains(element) }) {
                for event in try transaction.state(of: room, type: type, at: end) { add(event) }
            }
        }
        return found.values.sorted { $0.position < $1.position }
    }

    private func text(_ type: String, _ member: String, of room: Int64, at end: Position) throws -> String? {
        let content = try transaction.stateEvent(of: room, type: type, stateKey: "", at: end).flatMap { try? JSONObject(parsing: $0.content) }
        return content?.string(member).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The members that a room without a name is called by.
    private func heroes(of room: Int64) throws -> [SlidingRoom.Hero] {
        try transaction.heroes(of: room, for: user).map { hero in
            let content = try transaction.memberEvent(of: hero, in: room, at: end).flatMap { try? JSONObject(parsing: $0.content) }
            return SlidingRoom.Hero(userID: hero, displayName: content?.string("displayname"), avatarURL: content?.string("avatar_url"))
        }
    }

    // MARK: Rooms that the user is not in

    private func stripped(_ work: RoomWork, stateIndex: Int32) throws -> (SlidingRoom?, SentRoom?) {
        if work.room.isInvited, try InvitePermission.isBlocked(for: user, in: transaction) { return (nil, nil) }
        guard let state = try transaction.invitationState(of: work.room.id, for: user, ignoring: ignored) else { return (nil, nil) }
        var room = SlidingRoom(room: work.room, lists: work.shown.lists, isInitial: true)
        room.strippedState = state
        let invitation = state.last { $0.type == "m.room.member" && $0.stateKey == user.rawValue }
        if rooms.directRooms.contains(work.room.id) || invitation?.content.bool("is_direct") == true { room.isDirect = true }
        return (room, SentRoom(kind: .stripped, upTo: end, stateIndex: stateIndex, eventCount: 0))
    }

    /// What happened until the user was out, and nothing of later.
    private func ended(_ work: RoomWork, stateIndex: Int32) throws -> (SlidingRoom?, SentRoom?) {
        let (key, out) = (work.room.key, work.room.membershipPosition)
        guard let own = try transaction.event(at: out) else { return (nil, nil) }
        var room = SlidingRoom(room: work.room, lists: work.shown.lists)
        var sent = work.sent ?? SentRoom(kind: .ended, upTo: out, stateIndex: stateIndex, eventCount: 0)
        let history = try transaction.history(of: key, type: "m.room.member", stateKey: user.rawValue, member: "membership")
        let wasJoined = history.contains { $0.value == "join" && $0.position < out.value }
        let isForgotten = try transaction.membership(of: user, in: key)?.isForgotten ?? true
        switch work.sent?.kind {
        case nil:
            guard wasJoined, !isForgotten else { return (nil, nil) }
            room.isInitial = true
            try addTimeline(to: &room, &sent, known: nil, limit: work.shown.config.timelineLimit, expands: false, upTo: out)
            try addState(to: &room, &sent, known: nil, changes: nil, config: work.shown.config, expands: false, at: out)
            room.name = try text("m.room.name", "name", of: key, at: out).map { SlidingRoom.Text.text($0) }
            room.avatar = try text("m.room.avatar", "url", of: key, at: out).map { SlidingRoom.Text.text($0) }
        case .joined where !isForgotten && !history.contains { $0.position > sent.upTo.value && $0.position < out.value && $0.value != "join" }:
            // In the room until now: all of it was theirs to see.
            let changes = try transaction.stateChanges(of: key, after: sent.upTo, upTo: out)
            try addTimeline(to: &room, &sent, known: sent, limit: max(1, work.shown.config.timelineLimit), expands: false, upTo: out)
            try addState(to: &room, &sent, known: work.sent, changes: changes, config: work.shown.config, expands: false, at: out)
        default:
            room.timeline = SlidingRoom.Timeline(events: [own], previousBatch: Position(out.value - 1))
        }
        if !room.requiredState.contains(where: { $0.eventID == own.eventID }) { room.requiredState.append(own) }
        if let start { room.liveCount = room.timeline?.events.count { $0.position > start } ?? 0 }
        sent.kind = .ended
        sent.upTo = out
        sent.stateIndex = stateIndex
        sent.flags = []
        sent.members = []
        return (room, sent)
    }
}
