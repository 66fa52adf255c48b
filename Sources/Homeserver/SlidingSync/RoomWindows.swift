import MatrixCore
import Storage

/// Which rooms the lists and subscriptions of a request show, and what of each.
struct RoomWindows: Sendable {
    struct Shown: Sendable {
        let room: UserRoom
        var config: RoomConfig
        /// The lists whose windows show it.
        var lists: [String] = []
        var isSubscribed = false
    }

    private(set) var shown: [RoomID: Shown] = [:]
    /// In the order of the first list that shows them.
    private(set) var order: [RoomID] = []

    /// - Parameters:
    ///   - candidates: looks for these rooms alone; `nil` for all.
    ///   - hasNews: whether the client has been shown an ended room and not yet its end.
    init(
        _ interest: SlidingSyncRequest.Interest, rooms: UserRooms, candidates: Set<RoomID>?, hasNews: (UserRoom) -> Bool
    ) {
        for list in interest.lists {
            var index = 0
            var found = 0
            let end = list.ranges.map { $0.map(\.upperBound).max() ?? -1 } ?? .max
            for room in rooms.sorted {
                if index > end || candidates.map({ found == $0.count }) ?? false { break }
                let isCandidate = candidates?.contains(room.id) ?? true
                if isCandidate { found += 1 }
                guard list.filters.matches(room, in: rooms, hasNews: hasNews) else { continue }
                defer { index += 1 }
                guard isCandidate, list.ranges.map({ $0.contains { $0.contains(index) } }) ?? true else { continue }
                show(room, list.config) { $0.lists.append(list.name) }
            }
        }
        for (id, config) in interest.subscriptions where candidates?.contains(id) ?? true {
            // Rooms that the user has nothing to do with are passed over, whether they exist or not.
            guard let room = rooms.byID[id] else { continue }
            show(room, config) { $0.isSubscribed = true }
        }
    }

    private mutating func show(_ room: UserRoom, _ config: RoomConfig, _ mark: (inout Shown) -> Void) {
        if var shown = shown[room.id] {
            shown.config = shown.config.union(config)
            mark(&shown)
            self.shown[room.id] = shown
        } else {
            var new = Shown(room: room, config: config)
            mark(&new)
            shown[room.id] = new
            order.append(room.id)
        }
    }

    /// How many rooms a list has, shown or not.
    static func count(of list: SlidingSyncRequest.List, rooms: UserRooms, hasNews: (UserRoom) -> Bool) -> Int {
        rooms.sorted.reduce(0) { $0 + (list.filters.matches($1, in: rooms, hasNews: hasNews) ? 1 : 0) }
    }
}

extension RoomListFilters {
    func matches(_ room: UserRoom, in rooms: UserRooms, hasNews: (UserRoom) -> Bool) -> Bool {
        if room.isEnded, !room.showsRemoval, !hasNews(room) { return false }
        if let isInvited, isInvited != room.isInvited { return false }
        if let isDirect, isDirect != rooms.directRooms.contains(room.id) { return false }
        if let spaces, !spaces.contains(where: { rooms.spaceChildren[$0]?.contains(room.id) ?? false }) { return false }
        guard needsDetails else { return true }
        let details = rooms.details[room.id] ?? RoomDetails()
        if let isEncrypted, isEncrypted != details.isEncrypted { return false }
        if let roomTypes, !roomTypes.contains(details.type) { return false }
        if let notRoomTypes, notRoomTypes.contains(details.type) { return false }
        if let nameContains, !nameContains.isEmpty, !details.name.contains(nameContains) { return false }
        if let tags, tags.isDisjoint(with: details.tags) { return false }
        if let notTags, !notTags.isDisjoint(with: details.tags) { return false }
        return true
    }
}
