import MatrixCore
import Storage

/// One request on its way: looks at what has changed, again each time that it is woken.
struct SlidingSyncPass {
    let sync: SlidingSync
    let request: SlidingSyncRequest
    let state: ConnectionState
    let receivedToDevice: Position

    /// Up to where it has looked.
    private(set) var end = Position.zero
    /// What the client will have when it has the response.
    private(set) var change: ConnectionChange
    private var found: [SlidingRoom] = []
    private var extensions = SlidingExtensions()
    private var userRooms = noRooms
    private static let noRooms = UserRooms(position: .zero, rooms: [], directRooms: [])
    private var hasLooked = false

    init(sync: SlidingSync, request: SlidingSyncRequest, state: ConnectionState, receivedToDevice: Position) {
        self.sync = sync
        self.request = request
        self.state = state
        self.receivedToDevice = receivedToDevice
        change = ConnectionChange(from: state, interest: request.interest)
    }

    var hasNews: Bool { !found.isEmpty || extensions.hasNews }

    private var interest: SlidingSyncRequest.Interest { request.interest }
    private var user: UserID { request.session.userID }
    private var wantsRooms: Bool { !interest.lists.isEmpty || !interest.subscriptions.isEmpty }

    mutating func look(upTo newest: Position) async throws {
        if hasLooked, let changes = sync.feed.changes(after: end, upTo: newest, concerning: user), !changes.contains(where: concerns) {
            try checkSession(changes)
            end = newest
            change.position = newest
            return
        }
        end = newest
        if wantsRooms {
            userRooms = try await sync.lists.rooms(of: user, at: newest, filters: interest.lists.map(\.filters))
            end = max(newest, userRooms.position)
        }
        let changes = state.position.flatMap { sync.feed.changes(after: $0, upTo: end, concerning: user) }
        if let changes { try checkSession(changes) }
        change.position = end
        if interest.toDevice != nil {
            extensions.toDevice = try await sync.toDevice.delivery(
                to: request.session, after: receivedToDevice, upTo: end, maxCount: interest.toDevice?.limit ?? ToDevice.maxMessagesOfSync)
        }
        try await lookAtRooms(changes)
        hasLooked = true
    }

    private func checkSession(_ changes: [Change]) throws {
        for case .deviceEnded(_, request.session.deviceKey) in changes.lazy.map(\.kind) { throw Sessions.unknownToken }
    }

    /// Whether a change can be news for this connection. Other devices and connections of the user are woken by the same changes.
    private func concerns(_ change: Change) -> Bool {
        switch change.kind {
        case .event(let event, _): wantsRooms || interest.hasEncryption && event.type == "m.room.member"
        case .receipt(let receipt, _): interest.receipts != nil || wantsRooms && receipt.userID == user
        case .typing: interest.typing != nil
        case .accountData(_, let room, let type): interest.accountData != nil || wantsRooms && (room == nil ? type == "m.direct" : type == "m.tag")
        case .toDevice(let devices, _): interest.toDevice != nil && devices.contains(request.session.deviceKey)
        case .deviceList, .keyCounts: interest.hasEncryption
        case .deviceEnded: true
        case .presence, .forgotten: false
        }
    }

    func response() async throws -> SlidingSyncResponse {
        var response = SlidingSyncResponse(rooms: found, extensions: extensions, end: end)
        let rooms = interest.lists.isEmpty ? Self.noRooms : try await sync.lists.rooms(of: user, at: end, filters: interest.lists.map(\.filters))
        for list in interest.lists {
            response.counts.append((list.name, RoomWindows.count(of: list, rooms: rooms, hasNews: hasNews)))
        }
        if interest.hasEncryption { response.extensions.encryption?.keyCounts = try await sync.deviceKeys.counts(of: request.session) }
        return response
    }

    /// Whether the client knows the room, and does not know that the user is out of it.
    private func hasNews(_ room: UserRoom) -> Bool {
        guard let sent = state.rooms[room.key] else { return false }
        return sent.kind != .ended || room.membershipPosition > sent.upTo
    }

    // MARK: Rooms

    /// Finds what to tell of which rooms, in memory if that is possible and else in the database.
    private mutating func lookAtRooms(_ changes: [Change]?) async throws {
        let news = ExtensionChanges(changes ?? [], session: request.session)
        var events: [RoomID: [TimelineEvent]] = [:]
        for case .event(let event, _) in (changes ?? []).lazy.map(\.kind) { events[event.roomID, default: []].append(event) }
        let candidates = candidates(changes, changed: Set(events.keys).union(news.ownReceipts))
        let windows = RoomWindows(interest, rooms: userRooms, candidates: candidates, hasNews: hasNews)

        found = []
        change.isSettled = true
        var work: [RoomWork] = []
        var eventBudget = SlidingSync.maxEventsOfResponse
        for id in windows.order {
            guard let shown = windows.shown[id] else { continue }
            let next = RoomWork(
                shown, sent: change.rooms[shown.room.key] ?? state.rooms[shown.room.key], states: change.requiredStates, rooms: userRooms,
                ownReceipts: news.ownReceipts)
            guard !next.isNothing else { continue }
            if work.count >= SlidingSync.maxRoomsOfResponse || eventBudget <= 0 {
                change.isSettled = false
                break
            }
            eventBudget -= shown.config.timelineLimit
            work.append(next)
        }
        markStale(windows, events: events, isCovered: changes != nil)

        var rest: [RoomWork] = []
        let memory = SlidingRoomFromMemory(
            user: user, start: state.position ?? .zero, end: end, notifications: sync.notifications,
            ignored: sync.ignoredUsers.ignored(by: user))
        for next in work {
            let index = change.index(of: next.shown.config.requiredState)
            if changes != nil, let (room, sent) = memory.room(next, events: events[next.room.id] ?? [], stateIndex: index) {
                if let room { found.append(room) }
                change.rooms[next.room.key] = sent
            } else {
                rest.append(next)
            }
        }
        let reader = SlidingSyncReader(
            sync: sync, request: request, state: state, change: change, end: end, rooms: userRooms, windows: windows, work: rest,
            isComplete: candidates == nil, news: changes == nil ? nil : news, ready: found)
        let result = reader.needsDatabase ? try await sync.database.read { try reader.read($0) } : try reader.read(nil)
        found = result.rooms
        change = result.change
        let toDevice = extensions.toDevice
        extensions = result.extensions
        extensions.toDevice = toDevice
        // Whoever waits must not hold on to it: it would be copied for the next change.
        userRooms = Self.noRooms
    }

    /// The rooms that have to be looked at; `nil` for all, where a room may have come into a window without a change of its own.
    private func candidates(_ changes: [Change]?, changed: Set<RoomID>) -> Set<RoomID>? {
        guard let changes, hasLooked || (state.isSettled && state.interestHash == change.interestHash) else { return nil }
        guard interest.lists.allSatisfy(\.beginsAtFront) else { return nil }
        for scope in [interest.accountData, interest.receipts, interest.typing] {
            if let scope, !scope.hasAllRooms { return nil }
        }
        let isFiltered = interest.lists.contains { !$0.filters.matchesEverything }
        for change in changes {
            switch change.kind {
            case .event(let event, _):
                if event.type == "m.room.member", event.stateKey == user.rawValue { return nil }
                if isFiltered, event.stateKey != nil { return nil }
            case .accountData(_, let room, let type):
                if room == nil ? type == "m.direct" : type == "m.tag" { return nil }
            default: break
            }
        }
        return changed
    }

    /// Notes which rooms have changed unseen: what is told of them later takes more than the newest changes.
    private mutating func markStale(_ windows: RoomWindows, events: [RoomID: [TimelineEvent]], isCovered: Bool) {
        func mark(_ room: UserRoom) {
            guard windows.shown[room.id] == nil, var sent = change.rooms[room.key] ?? state.rooms[room.key], room.lastEvent > sent.upTo else {
                return
            }
            sent.flags.insert(.stale)
            change.rooms[room.key] = sent
        }
        if isCovered {
            for id in events.keys {
                if let room = userRooms.byID[id] { mark(room) }
            }
        } else {
            for room in userRooms.sorted { mark(room) }
        }
        // What is left for the next response has changed, too.
        guard !change.isSettled else { return }
        for id in windows.order {
            guard let room = windows.shown[id]?.room, var sent = change.rooms[room.key] ?? state.rooms[room.key], room.lastEvent > sent.upTo else {
                continue
            }
            sent.flags.insert(.stale)
            change.rooms[room.key] = sent
        }
    }
}
