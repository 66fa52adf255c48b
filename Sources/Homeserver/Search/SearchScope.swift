import MatrixCore
import Storage

/// What one search may find: the rooms that the searcher is or was in, as far as they could see them, and what the request leaves out.
struct SearchScope {
    /// By key.
    private(set) var rooms: [Int64: RoomID] = [:]

    private let user: UserID
    private let newest: Position
    private let filter: RoomEventFilter
    private let group: SearchPage.Group?
    private let ignored: Set<UserID>
    private var accesses: [Int64: RoomAccess?] = [:]

    private static let maxPredecessors = 10

    init(
        _ request: SearchRequest, _ user: UserID, ignoring ignored: Set<UserID>, upTo newest: Position, _ transaction: ReadTransaction
    ) throws {
        self.user = user
        self.newest = newest
        filter = request.filter
        group = request.page?.group
        self.ignored = ignored
        let wanted = try filter.rooms.map { try Self.withPredecessors($0, transaction) }
        for membership in try transaction.memberships(of: user)
        where !membership.isForgotten && ["join", "leave", "ban"].contains(membership.membership) {
            guard wanted?.contains(membership.roomID) ?? true, !filter.notRooms.contains(membership.roomID) else { continue }
            if let group, group.key == .room, group.value != membership.roomID.rawValue { continue }
            rooms[membership.roomKey] = membership.roomID
        }
    }

    /// A room that was upgraded is one conversation for those who are in it.
    private static func withPredecessors(_ rooms: Set<RoomID>, _ transaction: ReadTransaction) throws -> Set<RoomID> {
        var all = rooms
        for room in rooms {
            var current = room
            for _ in 0..<maxPredecessors {
                guard let key = try transaction.room(current)?.key,
                    let create = try transaction.stateContent(of: key, type: "m.room.create"),
                    let older = create.object("predecessor")?.string("room_id").flatMap({ RoomID($0) }), all.insert(older).inserted
                else { break }
                current = older
            }
        }
        return all
    }

    mutating func accepts(_ match: SearchMatch, _ transaction: ReadTransaction) throws -> Bool {
        guard rooms[match.roomKey] != nil, !ignored.contains(match.sender), filter.events.matches(type: match.type, sender: match.sender) else {
            return false
        }
        if let group, group.key == .sender, group.value != match.sender.rawValue { return false }
        guard let access = try access(to: match.roomKey, transaction), access.canSee(eventAt: match.position),
            !access.prunes(match)
        else { return false }
        guard filter.containsURL != nil else { return true }
        return try transaction.event(at: match.position).map { filter.containsURL == ((try? JSONObject(parsing: $0.content))?["url"] != nil) }
            ?? false
    }

    /// Whether an event may stand beside a result.
    func shows(_ event: TimelineEvent) -> Bool { event.stateKey != nil || !ignored.contains(event.sender) }

    /// `nil` for rooms of which the user may see nothing.
    mutating func access(to room: Int64, _ transaction: ReadTransaction) throws -> RoomAccess? {
        if let known = accesses[room] { return known }
        var access: RoomAccess?
        if let id = rooms[room] {
            do {
                access = try RoomAccess(to: id, for: user, upTo: newest, in: transaction)
            } catch let error as MatrixError where error == RoomAccess.notInRoom {
                access = nil
            }
        }
        accesses[room] = .some(access)
        return access
    }
}
