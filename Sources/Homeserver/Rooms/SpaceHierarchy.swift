import Cryptography
public import MatrixCore
import Storage
import Synchronization

/// One page of a space's tree that somebody asks for.
public struct HierarchyQuery: Sendable {
    public var suggestedOnly = false
    public var limit = SpaceHierarchy.maxRooms
    public var maxDepth: Int?
    /// The token of an earlier page.
    public var from: String?

    public init() {}
}

/// The rooms of a space, of the spaces in it, and so on.
///
/// Each room is shown once, where it is met first, so trees that lead back to themselves come to an end.
public final class SpaceHierarchy: Sendable {
    public static let maxRooms = 50
    /// Of one page, so that a space full of rooms that one may not see costs no more than others.
    static let maxRoomsLookedAt = 500
    static let maxChildrenOfPage = 2_000
    static let maxChildrenOfSpace = 1_000
    /// Of a whole tree.
    static let maxRoomsOfWalk = 10_000
    static let maxWalks = 64

    /// How far somebody has come.
    private struct Walk: Sendable {
        let user: UserID
        let root: Int64
        let suggestedOnly: Bool
        let maxDepth: Int?
        /// The next one is the last.
        var pending: [(room: Int64, depth: Int)]
        var seen: Set<Int64> = []
    }

    private let database: Database
    private let walks = Mutex(BoundedCache<String, Walk>(capacity: maxWalks))

    init(database: Database) { self.database = database }

    /// Throws `forbidden` for a space that the user cannot see, `invalidParameter` for a token that is not of this walk.
    ///
    /// spec: client-server-api/#get_matrixclientv1roomsroomidhierarchy
    public func rooms(of space: RoomID, _ query: HierarchyQuery, for user: UserID) async throws -> JSONObject {
        let earlier = query.from.map { token in walks.withLock { $0[token] } }
        let (rooms, rest): ([JSONValue], Walk?) = try await database.read { transaction in
            guard let root = try transaction.room(space), try Self.maySee(root, user, transaction) else {
                throw MatrixError(.forbidden, "You are not allowed to view this room.")
            }
            var walk = Walk(user: user, root: root.key, suggestedOnly: query.suggestedOnly, maxDepth: query.maxDepth, pending: [(root.key, 0)])
            if let earlier {
                guard let earlier, earlier.user == user, earlier.root == root.key else {
                    throw MatrixError(.invalidParameter, "from is not a token of this space, or it is too old.")
                }
                guard earlier.suggestedOnly == query.suggestedOnly, earlier.maxDepth == query.maxDepth else {
                    throw MatrixError(.invalidParameter, "suggested_only and max_depth cannot change from page to page.")
                }
                walk = earlier
            }
            let rooms = try Self.page(&walk, limit: query.limit, transaction)
            return (rooms, walk.pending.isEmpty ? nil : walk)
        }
        var answer: JSONObject = ["rooms": .array(rooms)]
        if let rest {
            let token = SecureRandom.token(bytes: 12)
            walks.withLock { $0[token] = rest }
            answer["next_batch"] = .string(token)
        }
        return answer
    }

    private static func page(_ walk: inout Walk, limit: Int, _ transaction: ReadTransaction) throws -> [JSONValue] {
        var rooms: [JSONValue] = []
        var lookedAt = 0
        var childCount = 0
        while rooms.count < limit, lookedAt < maxRoomsLookedAt, childCount < maxChildrenOfPage, let (key, depth) = walk.pending.popLast() {
            guard walk.seen.insert(key).inserted else { continue }
            lookedAt += 1
            guard let room = try transaction.room(key: key), try maySee(room, walk.user, transaction) else { continue }
            var entry = try RoomSummaries.entry(of: room, in: transaction)
            let children = entry.string("room_type") == "m.space" ? try children(of: room, suggestedOnly: walk.suggestedOnly, transaction) : []
            childCount += children.count
            entry["children_state"] = .array(children.map { .object(strippedState(of: $0)) })
            rooms.append(.object(entry))
            guard depth < walk.maxDepth ?? .max else { continue }
            for child in children.reversed() {
                guard let key = child.roomKey, !walk.seen.contains(key), walk.seen.count + walk.pending.count < maxRoomsOfWalk else { continue }
                walk.pending.append((key, depth + 1))
            }
        }
        walk.pending.removeAll { walk.seen.contains($0.room) }
        return rooms
    }

    private static func maySee(_ room: RoomRecord, _ user: UserID, _ transaction: ReadTransaction) throws -> Bool {
        guard try transaction.mayFind(room, user) else { return false }
        guard try transaction.membership(of: user, in: room.key)?.membership == "ban" else { return true }
        return try transaction.stateContent(of: room.key, type: "m.room.history_visibility")?.string("history_visibility") == "world_readable"
    }

    /// In the order in which clients show them.
    private static func children(of room: RoomRecord, suggestedOnly: Bool, _ transaction: ReadTransaction) throws -> [SpaceChild] {
        try transaction.spaceChildren(of: room.key, limit: maxChildrenOfSpace)
            .filter { child in
                // A child without `via` was taken out.
                child.content.array("via")?.contains { $0.stringValue != nil } ?? false
                    && (!suggestedOnly || child.content.bool("suggested") == true) && RoomID(child.stateKey) != nil
            }
            .map { (child: $0, order: order(of: $0)) }
            .sorted { left, right in
                switch (left.order, right.order) {
                case (_?, nil): return true
                case (nil, _?): return false
                case (let one?, let other?) where one != other: return one.utf8.lexicographicallyPrecedes(other.utf8)
                default:
                    let (one, other) = (left.child, right.child)
                    return one.originServerTimestamp != other.originServerTimestamp
                        ? one.originServerTimestamp < other.originServerTimestamp
                        : one.stateKey.utf8.lexicographicallyPrecedes(other.stateKey.utf8)
                }
            }
            .map(\.child)
    }

    /// spec: client-server-api/#ordering-of-children-within-a-space
    private static func order(of child: SpaceChild) -> String? {
        guard let order = child.content.string("order"), order.utf8.count <= 50, order.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) else {
            return nil
        }
        return order
    }

    private static func strippedState(of child: SpaceChild) -> JSONObject {
        [
            "type": "m.space.child", "state_key": .string(child.stateKey), "sender": .string(child.sender.rawValue),
            "origin_server_ts": .integer(child.originServerTimestamp), "content": .object(child.content),
        ]
    }
}
