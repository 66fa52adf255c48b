import MatrixCore
import Storage
import Synchronization

/// The sorted rooms of the users who sync at present.
final class UserRoomLists: Sendable {
    private let database: Database
    private let feed: ChangeFeed
    private let cache = Mutex(BoundedCache<UserID, UserRooms>(capacity: maxUsers))

    static let maxUsers = 256
    /// A user with more rooms has their list made anew each time.
    static let maxCachedRooms = 5_000

    init(database: Database, feed: ChangeFeed) {
        self.database = database
        self.feed = feed
    }

    /// The user's rooms at `end` or a little later, with what these filters ask for.
    func rooms(of user: UserID, at end: Position, filters: [RoomListFilters]) async throws -> UserRooms {
        var rooms = try await rooms(of: user, at: end)
        let needsDetails = filters.contains(where: \.needsDetails)
        let unknown = needsDetails ? rooms.sorted.filter { rooms.details[$0.id] == nil } : []
        let spaces = filters.reduce(into: Set<RoomID>()) { $0.formUnion($1.spaces ?? []) }.filter { rooms.spaceChildren[$0] == nil }
        guard !unknown.isEmpty || !spaces.isEmpty else { return rooms }
        let known = rooms
        let (details, children) = try await database.read { transaction in
            try (Self.details(of: unknown, user: user, in: transaction), Self.children(of: spaces, among: known, in: transaction))
        }
        rooms.details.merge(details) { $1 }
        rooms.spaceChildren.merge(children) { $1 }
        keep(rooms, of: user)
        return rooms
    }

    private func rooms(of user: UserID, at end: Position) async throws -> UserRooms {
        let known = cache.withLock { cache -> UserRooms? in
            guard var rooms = cache[user] else { return nil }
            if rooms.position >= end { return rooms }
            // Out of the cache while it changes, so that it is not copied.
            cache[user] = nil
            guard let changes = feed.changes(after: rooms.position, upTo: end, concerning: user), rooms.advance(by: changes, of: user, to: end)
            else { return nil }
            cache[user] = rooms
            return rooms
        }
        if let known { return known }
        let rooms = try await database.read { try Self.load(user, at: end, in: $0) }
        keep(rooms, of: user)
        return rooms
    }

    /// An older list never replaces a newer one.
    private func keep(_ rooms: UserRooms, of user: UserID) {
        guard rooms.sorted.count <= Self.maxCachedRooms else { return }
        cache.withLock { cache in
            if let newer = cache[user], newer.position > rooms.position { return }
            cache[user] = rooms
        }
    }

    // MARK: From the database

    private static func load(_ user: UserID, at end: Position, in transaction: ReadTransaction) throws -> UserRooms {
        var rooms: [UserRoom] = []
        for record in try transaction.memberships(of: user, at: end) {
            let isJoined = record.membership == "join"
            let isEnded = !isJoined && record.membership != "invite" && record.membership != "knock"
            rooms.append(
                UserRoom(
                    key: record.roomKey, id: record.roomID, membership: record.membership, membershipPosition: record.position,
                    lastEvent: isJoined ? try transaction.latestPosition(in: record.roomKey, upTo: end) ?? record.position : record.position,
                    bumpStamp: isJoined ? try transaction.bumpStamp(of: record.roomKey, upTo: end) ?? record.position : record.position,
                    showsRemoval: try isEnded && !record.isForgotten && wasRemoved(user, record, in: transaction)))
        }
        let direct = try transaction.accountData("m.direct", of: user, room: nil).flatMap { try? JSONObject(parsing: $0) } ?? [:]
        let directRooms = direct.members.flatMap { $0.value.arrayValue?.compactMap(\.stringValue) ?? [] }.map { RoomID(trusted: $0) }
        return UserRooms(position: end, rooms: rooms, directRooms: Set(directRooms))
    }

    /// Whether somebody else removed the user from a room that they were in: they may not know of it yet.
    private static func wasRemoved(_ user: UserID, _ record: MembershipRecord, in transaction: ReadTransaction) throws -> Bool {
        guard try transaction.event(at: record.position)?.sender != user else { return false }
        return try transaction.history(of: record.roomKey, type: "m.room.member", stateKey: user.rawValue, member: "membership")
            .contains { $0.value == "join" && $0.position < record.position.value }
    }

    private static func details(of rooms: [UserRoom], user: UserID, in transaction: ReadTransaction) throws -> [RoomID: RoomDetails] {
        var details: [RoomID: RoomDetails] = [:]
        for room in rooms {
            var detail = RoomDetails()
            // Who has left does not learn what came later.
            func content(_ type: String) throws -> JSONObject? {
                try transaction.stateEvent(of: room.key, type: type, stateKey: "", at: room.isEnded ? room.membershipPosition : Position(.max))
                    .flatMap { try? JSONObject(parsing: $0.content) }
            }
            detail.isEncrypted = try content("m.room.encryption") != nil
            detail.type = try content("m.room.create")?.string("type")
            detail.name = try content("m.room.name")?.string("name")?.lowercased() ?? ""
            let tags = try transaction.accountData("m.tag", of: user, room: room.id).flatMap { try? JSONObject(parsing: $0) }
            detail.tags = Set(tags?.object("tags")?.members.map(\.key) ?? [])
            details[room.id] = detail
        }
        return details
    }

    /// Spaces that the user is not in have no rooms for them.
    private static func children(
        of spaces: Set<RoomID>, among rooms: UserRooms, in transaction: ReadTransaction
    ) throws -> [RoomID: Set<RoomID>] {
        var children: [RoomID: Set<RoomID>] = [:]
        for space in spaces {
            guard let room = rooms.byID[space], room.membership == "join" else { continue }
            let events = try transaction.state(of: room.key, type: "m.space.child", at: Position(.max))
            children[space] = Set(
                events.filter { (try? JSONObject(parsing: $0.content))?.array("via")?.isEmpty == false }
                    .compactMap(\.stateKey).map { RoomID(trusted: $0) })
        }
        return children
    }
}
