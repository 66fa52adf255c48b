import MatrixCore
import Storage

/// The part of a look that may need the database: the rooms that memory could not tell of, and the extensions.
struct SlidingSyncReader: Sendable {
    let sync: SlidingSync
    let request: SlidingSyncRequest
    /// What the client has.
    let state: ConnectionState
    /// What it will have, as far as that is known.
    let change: ConnectionChange
    let end: Position
    let rooms: UserRooms
    let windows: RoomWindows
    let work: [RoomWork]
    /// Whether `windows` has all rooms that the request shows.
    let isComplete: Bool
    /// What changed since the last response; `nil` if only the database knows.
    let news: ExtensionChanges?
    /// Rooms that need nothing more.
    let ready: [SlidingRoom]

    struct Result: Sendable {
        var rooms: [SlidingRoom]
        var change: ConnectionChange
        var extensions = SlidingExtensions()
    }

    private var interest: SlidingSyncRequest.Interest { request.interest }
    private var user: UserID { request.session.userID }

    var needsDatabase: Bool {
        guard let news, work.isEmpty else { return true }
        if interest.hasEncryption, news.changesMembers { return true }
        if interest.accountData != nil, news.changesAccountData || !state.hasGlobalAccountData { return true }
        let result = Result(rooms: ready, change: change)
        return !introduced(.accountData, interest.accountData, result).isEmpty || !introduced(.receipts, interest.receipts, result).isEmpty
    }

    /// - Parameter transaction: `nil` only where `needsDatabase` is false.
    func read(_ transaction: ReadTransaction?) throws -> Result {
        var result = Result(rooms: ready, change: change)
        if let transaction {
            let reader = SlidingRoomFromDatabase(
                session: request.session, start: state.position, end: end, rooms: rooms, states: change.requiredStates,
                ignoredUsers: sync.ignoredUsers, notifications: sync.notifications, transaction: transaction)
            for next in work {
                let index = result.change.index(of: next.shown.config.requiredState)
                let (room, sent) = try reader.room(next, stateIndex: index)
                if let room { result.rooms.append(room) }
                if let sent { result.change.rooms[next.room.key] = sent }
            }
        }
        if isComplete { forgetUnwanted(&result.change) }
        try readEncryption(transaction, &result)
        try readAccountData(transaction, &result)
        try readReceipts(transaction, &result)
        readTyping(&result)
        return result
    }

    // MARK: Which rooms an extension tells of

    private func sent(_ room: UserRoom, _ change: ConnectionChange) -> SentRoom? { change.rooms[room.key] ?? state.rooms[room.key] }

    private func mark(_ room: UserRoom, _ flag: SentRoom.Flags, _ isSet: Bool, _ change: inout ConnectionChange) {
        guard var sent = sent(room, change), sent.flags.contains(flag) != isSet else { return }
        if isSet { sent.flags.insert(flag) } else { sent.flags.remove(flag) }
        change.rooms[room.key] = sent
    }

    /// The rooms that the client sees and has heard nothing of from this extension.
    private func introduced(_ flag: SentRoom.Flags, _ settings: SlidingSyncRequest.RoomExtension?, _ result: Result) -> [UserRoom] {
        guard let settings else { return [] }
        let ids = isComplete ? windows.order : result.rooms.map(\.room.id)
        return ids.compactMap { id in
            guard let shown = windows.shown[id], settings.includes(shown), let sent = sent(shown.room, result.change), sent.kind == .joined,
                !sent.flags.contains(flag)
            else { return nil }
            return shown.room
        }
    }

    /// Whether the client is told of a change in a room. If it has the room and does not want to hear, it has to be told all later.
    private func follows(
        _ id: RoomID, _ flag: SentRoom.Flags, _ settings: SlidingSyncRequest.RoomExtension, _ change: inout ConnectionChange
    ) -> UserRoom? {
        guard let room = rooms.byID[id], room.membership == "join", let sent = sent(room, change), sent.kind == .joined, sent.flags.contains(flag)
        else { return nil }
        guard settings.includes(windows.shown[id]) else {
            mark(room, flag, false, &change)
            return nil
        }
        return room
    }

    /// An extension that is switched off tells of no changes, so that it begins anew when it is switched on.
    private func forgetUnwanted(_ change: inout ConnectionChange) {
        var unwanted: SentRoom.Flags = []
        if interest.accountData == nil {
            unwanted.insert(.accountData)
            change.hasGlobalAccountData = false
        }
        if interest.receipts == nil { unwanted.insert(.receipts) }
        if interest.typing == nil { unwanted.insert(.typing) }
        guard !unwanted.isEmpty else { return }
        for (key, sent) in state.rooms where !sent.flags.isDisjoint(with: unwanted) {
            var sent = change.rooms[key] ?? sent
            sent.flags.subtract(unwanted)
            change.rooms[key] = sent
        }
    }

    // MARK: Extensions

    private func readEncryption(_ transaction: ReadTransaction?, _ result: inout Result) throws {
        guard interest.hasEncryption else { return }
        var encryption = SlidingExtensions.Encryption()
        encryption.needsKeys = news?.needsKeys ?? false
        if let position = state.position {
            if let news, !news.changesMembers {
                encryption.lists = DeviceLists.Changes(changed: news.deviceLists, left: [])
            } else if let transaction {
                encryption.lists = try sync.deviceLists.changes(for: user, after: position, in: transaction)
            }
        }
        result.extensions.encryption = encryption
    }

    private func readAccountData(_ transaction: ReadTransaction?, _ result: inout Result) throws {
        guard let settings = interest.accountData, let transaction else { return }
        let introduced = introduced(.accountData, settings, result)
        if !state.hasGlobalAccountData || !introduced.isEmpty {
            let ids = Set(introduced.map(\.id))
            for record in try sync.accountData.all(of: user, in: transaction) {
                if let room = record.roomID {
                    if ids.contains(room) { result.extensions.accountData[room, default: []].append(record) }
                } else if !state.hasGlobalAccountData {
                    result.extensions.globalAccountData.append(record)
                }
            }
            for room in introduced { mark(room, .accountData, true, &result.change) }
            result.change.hasGlobalAccountData = true
        }
        guard let position = state.position, news?.changesAccountData ?? true else { return }
        let introducedIDs = Set(introduced.map(\.id))
        for record in try sync.accountData.changes(of: user, after: position, upTo: end, in: transaction) {
            if let room = record.roomID {
                if !introducedIDs.contains(room), follows(room, .accountData, settings, &result.change) != nil {
                    result.extensions.accountData[room, default: []].append(record)
                }
            } else if state.hasGlobalAccountData {
                result.extensions.globalAccountData.append(record)
            }
        }
    }

    private func readReceipts(_ transaction: ReadTransaction?, _ result: inout Result) throws {
        guard let settings = interest.receipts else { return }
        let introduced = introduced(.receipts, settings, result)
        let introducedIDs = Set(introduced.map(\.id))
        // What changed, first: the rooms that are told of as a whole are not among them.
        if let news {
            for (id, receipts) in news.receipts where !introducedIDs.contains(id) {
                if follows(id, .receipts, settings, &result.change) != nil { result.extensions.receipts[id] = receipts }
            }
        } else if let position = state.position, let transaction {
            for room in rooms.sorted where !introducedIDs.contains(room.id) && follows(room.id, .receipts, settings, &result.change) != nil {
                let receipts = try transaction.receipts(of: room.key, roomID: room.id, after: position, upTo: end, visibleTo: user)
                if !receipts.isEmpty { result.extensions.receipts[room.id] = receipts }
            }
        }
        guard let transaction else { return }
        let expanded = result.rooms.filter { $0.isExpanded && settings.includes(windows.shown[$0.room.id]) }.map(\.room)
        for room in introduced + expanded {
            // All receipts of a large room are many. A client needs those of the events that it shows, and its own.
            let shown = Set(result.rooms.first { $0.room.id == room.id }?.timeline?.events.map(\.eventID) ?? [])
            let receipts = try transaction.receipts(of: room.key, roomID: room.id, after: .zero, upTo: end, visibleTo: user)
                .filter { shown.contains($0.eventID) || $0.userID == user }
            if !receipts.isEmpty {
                let known = result.extensions.receipts[room.id] ?? []
                result.extensions.receipts[room.id] =
                    receipts
                    + known.filter { new in
                        !receipts.contains { $0.userID == new.userID && $0.type == new.type && $0.threadID == new.threadID }
                    }
            }
            mark(room, .receipts, true, &result.change)
        }
    }

    private func readTyping(_ result: inout Result) {
        guard let settings = interest.typing else { return }
        let introduced = introduced(.typing, settings, result)
        let introducedIDs = Set(introduced.map(\.id))
        let changed =
            news.map { Array($0.typing) }
            ?? state.position.map { position in rooms.sorted.map(\.id).filter { sync.typing.changed(in: $0, after: position) } } ?? []
        for id in changed where !introducedIDs.contains(id) {
            if follows(id, .typing, settings, &result.change) != nil { result.extensions.typists[id] = sync.typing.typists(in: id) }
        }
        for room in introduced {
            let typists = sync.typing.typists(in: room.id)
            // Who comes back may still believe what was true when they left.
            if !typists.isEmpty || state.rooms[room.key] != nil { result.extensions.typists[room.id] = typists }
            mark(room, .typing, true, &result.change)
        }
    }
}
