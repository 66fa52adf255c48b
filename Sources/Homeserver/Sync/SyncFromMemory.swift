import MatrixCore
import Storage

/// Answers a sync from the change feed alone, which is how nearly all are answered: somebody wrote, and everyone waits.
struct SyncFromMemory {
    let request: SyncRequest
    let end: Position
    let changes: [Change]
    let lazyMembers: LazyMembers
    let notifications: Notifications
    let typing: Typing
    /// Whom the user ignores.
    let ignored: Set<UserID>

    /// `nil` where the database has to be asked.
    func response() -> SyncResponse? {
        var rooms: [RoomID: SyncResponse.JoinedRoom] = [:]
        var order: [RoomID] = []
        var response = SyncResponse()
        let filter = request.filter
        if filter.room.timeline.asksForRelations { return nil }
        for change in changes {
            switch change.kind {
            case .accountData: return nil
            case .presence(let user, _):
                if filter.presence.matches(type: "m.presence", sender: user), !response.presence.contains(user) { response.presence.append(user) }
            case .event(let event, _):
                // What the database has to be asked for: who sees whom, and how a room is called.
                if ["m.room.member", "m.room.name", "m.room.canonical_alias"].contains(event.type), event.stateKey != nil { return nil }
                if event.stateKey != nil, request.statePlacement.isAfterTimeline || !filter.room.timeline.matchesEverything { return nil }
                if event.stateKey == nil, ignored.contains(event.sender) { continue }
                guard filter.room.includes(event.roomID), filter.room.timeline.matches(event) else { continue }
                update(event.roomID) { $0.timeline.append(event) }
            case .receipt(let receipt, _):
                guard filter.room.includes(receipt.roomID) else { continue }
                let isWanted = filter.room.ephemeral.matches(type: "m.receipt", in: receipt.roomID)
                let isOwn = receipt.userID == request.session.userID
                guard isWanted || isOwn else { continue }
                update(receipt.roomID) { room in
                    if isOwn { room.changesCounts = true }
                    guard isWanted else { return }
                    // Only the newest is true: in JSON they would have no order.
                    room.receipts.removeAll { $0.userID == receipt.userID && $0.type == receipt.type && $0.threadID == receipt.threadID }
                    room.receipts.append(receipt)
                }
            case .typing(let roomID, _):
                guard filter.room.includes(roomID), filter.room.ephemeral.matches(type: "m.typing", in: roomID) else { continue }
                update(roomID) { $0.typists = typing.typists(in: roomID) }
            case .deviceList(let user, _):
                if !response.deviceLists.changed.contains(user) { response.deviceLists.changed.append(user) }
            case .keyCounts(_, let device):
                if device == request.session.deviceKey { response.needsKeys = true }
            case .toDevice, .forgotten, .deviceEnded: break
            }
        }
        for roomID in order {
            guard var room = rooms[roomID], complete(&room) else { return nil }
            response.joined.append(room)
        }
        return response

        func update(_ roomID: RoomID, _ change: (inout SyncResponse.JoinedRoom) -> Void) {
            if rooms[roomID] == nil { order.append(roomID) }
            change(&rooms[roomID, default: SyncResponse.JoinedRoom(roomID: roomID, previousBatch: end)])
        }
    }

    private func complete(_ room: inout SyncResponse.JoinedRoom) -> Bool {
        let filter = request.filter.room
        guard room.timeline.count <= filter.timeline.limit ?? SyncFromDatabase.defaultTimelineLimit else { return false }
        guard let unread = notifications.knownCounts(of: request.session.userID, in: room.roomID) else { return false }
        room.unread = unread
        if let first = room.timeline.first { room.previousBatch = Position(first.position.value - 1) }
        guard filter.state.lazyLoadMembers, !room.timeline.isEmpty else { return true }
        if filter.state.includeRedundantMembers { return false }
        let missing = lazyMembers.missing(
            Set(room.timeline.map(\.sender)), device: request.session.deviceKey, room: room.roomID, since: request.since?.position)
        return missing.isEmpty
    }
}
