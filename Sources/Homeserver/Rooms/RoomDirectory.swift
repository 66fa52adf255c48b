public import MatrixCore
import Storage

/// Rooms that anyone may find: addresses and the public list.
public struct RoomDirectory: Sendable {
    let database: Database
    let writer: EventWriter
    let serverName: String
    var namespaces = ServiceNamespaces.none

    // MARK: Aliases

    public func roomID(of alias: RoomAlias) async throws -> RoomID {
        try await database.read { try RoomTarget.alias(alias).room(in: $0).id }
    }

    /// - Parameter service: the application service that asks. It need not be in the room.
    public func add(_ alias: RoomAlias, for roomID: RoomID, by user: UserID, service: ApplicationService? = nil) async throws {
        guard alias.serverName == serverName else {
            throw MatrixError(.invalidParameter, "Addresses on this box end with :\(serverName).")
        }
        try namespaces.check(alias, for: service)
        try await database.write { transaction in
            guard let room = try transaction.room(roomID) else { throw MatrixError(.notFound, "There is no room \(roomID).") }
            guard try service != nil || transaction.membership(of: user, in: room.key)?.membership == "join" else { throw RoomAccess.notInRoom }
            guard try transaction.roomKey(of: alias) == nil else { throw MatrixError(.roomInUse, "The address \(alias) is taken.").conflict }
            try transaction.insertAlias(alias, room: room.key, creator: user)
        }
    }

    /// The one who made an alias may remove it, and whoever may set the room's canonical alias.
    /// An application service may remove those of its namespaces, and no others.
    public func remove(_ alias: RoomAlias, by session: Session) async throws {
        try namespaces.check(alias, for: session.applicationService)
        try await database.write { transaction in
            guard let entry = try transaction.roomKey(of: alias), let id = try transaction.roomID(of: entry.key), let room = try transaction.room(id)
            else { throw MatrixError(.notFound, "There is no room with the address \(alias).") }
            let levels = try CurrentState(room: room, transaction: transaction).powerLevels
            let isMember = try transaction.membership(of: session.userID, in: room.key)?.membership == "join"
            guard
                session.applicationService != nil || entry.creator == session.userID || session.isAdministrator
                    || (isMember && levels.canSend("m.room.canonical_alias", isState: true, user: session.userID))
            else { throw MatrixError(.forbidden, "You may not remove this address.") }
            try transaction.deleteAlias(alias)
            do {
                try forget(alias, in: room, by: session.userID, transaction)
            } catch is MatrixError {
                // Who made an address may remove it, and need not be allowed to change the room's state.
            }
        }
    }

    /// Takes an address that is gone out of the room's `m.room.canonical_alias`.
    private func forget(_ alias: RoomAlias, in room: RoomRecord, by user: UserID, _ transaction: WriteTransaction) throws {
        guard let before = try transaction.stateContent(of: room.key, type: "m.room.canonical_alias") else { return }
        var after = before
        if before.string("alias") == alias.rawValue { after["alias"] = nil }
        if let others = before.array("alt_aliases") {
            let kept = others.filter { $0 != .string(alias.rawValue) }
            after["alt_aliases"] = kept.isEmpty ? nil : .array(kept)
        }
        guard after != before else { return }
        try writer.append(
            EventDraft(type: "m.room.canonical_alias", stateKey: "", sender: user, content: after), to: room, in: transaction)
    }

    public func aliases(of roomID: RoomID, for user: UserID) async throws -> [RoomAlias] {
        try await database.read { transaction in
            let access = try RoomAccess(to: roomID, for: user, upTo: Position(.max), in: transaction)
            guard access.membership == "join" || access.isPeeking else { throw RoomAccess.notInRoom }
            return try transaction.aliases(of: access.room.key)
        }
    }

    // MARK: The public list

    public func isListed(_ roomID: RoomID) async throws -> Bool {
        try await database.read { transaction in
            guard let room = try transaction.room(roomID) else { throw MatrixError(.notFound, "There is no room \(roomID).") }
            return room.isListed
        }
    }

    public func setListed(_ isListed: Bool, _ roomID: RoomID, by session: Session) async throws {
        try await database.write { transaction in
            guard let room = try transaction.room(roomID) else { throw MatrixError(.notFound, "There is no room \(roomID).") }
            let levels = try CurrentState(room: room, transaction: transaction).powerLevels
            let isMember = try transaction.membership(of: session.userID, in: room.key)?.membership == "join"
            guard session.isAdministrator || (isMember && levels.canSend("m.room.canonical_alias", isState: true, user: session.userID)) else {
                throw MatrixError(.forbidden, "You may not change whether this room is listed.")
            }
            try transaction.setListed(isListed, room: room.key)
        }
    }

    /// One page of the list, rooms with most members first.
    ///
    /// spec: client-server-api/#post_matrixclientv3publicrooms
    public func publicRooms(_ query: PublicRoomsQuery) async throws -> JSONObject {
        try await database.read { transaction in
            var entries: [(members: Int, entry: JSONObject)] = []
            for room in try Self.rooms(query.network, in: transaction) {
                let entry = try Self.entry(of: room, in: transaction)
                if query.matches(entry) { entries.append((Int(entry.integer("num_joined_members") ?? 0), entry)) }
            }
            // The sort keeps the order of rooms that are equal: newer ones first.
            entries.sort { $0.members > $1.members }
            let range = query.place.range(of: entries.count, limit: query.limit)
            var page: JSONObject = [
                "chunk": .array(entries[range].map { .object($0.entry) }), "total_room_count_estimate": .integer(Int64(entries.count)),
            ]
            if range.upperBound < entries.count { page["next_batch"] = .string(PublicRoomsPlace.after(range.upperBound).token) }
            if range.lowerBound > 0 { page["prev_batch"] = .string(PublicRoomsPlace.before(range.lowerBound).token) }
            return page
        }
    }

    private static func rooms(_ network: PublicRoomsNetwork, in transaction: ReadTransaction) throws -> [RoomRecord] {
        let bridged: [RoomRecord]
        switch network {
        case .box: return try transaction.listedRooms()
        case .bridged(let service, let network): return try transaction.rooms(listedByService: service, network: network)
        case .all: bridged = try transaction.rooms(listedByService: nil, network: nil)
        }
        let own = try transaction.listedRooms()
        let keys = Set(own.map(\.key))
        return own + bridged.filter { !keys.contains($0.key) }
    }

    /// Lists a room, or takes it off the list, that a service keeps for a network.
    ///
    /// spec: application-service-api/#put_matrixclientv3directorylistappservicenetworkidroomid
    public func setListed(_ isListed: Bool, _ roomID: RoomID, network: String, session: Session) async throws {
        guard let service = session.applicationService, network.utf8.count <= maxIdentifierBytes else {
            throw MatrixError(.invalidParameter, "The ID of a network has at most \(maxIdentifierBytes) bytes.")
        }
        try await database.write { transaction in
            guard let room = try transaction.room(roomID) else { throw MatrixError(.notFound, "There is no room \(roomID).") }
            try transaction.setListed(isListed, room: room.key, byService: service.id, network: network)
        }
    }

    /// spec: client-server-api/#get_matrixclientv3publicrooms (`PublicRoomsChunk`)
    static func entry(of room: RoomRecord, in transaction: ReadTransaction) throws -> JSONObject {
        func text(_ type: String, _ key: String) throws -> JSONValue? {
            try transaction.stateContent(of: room.key, type: type)?.string(key).flatMap { $0.isEmpty ? nil : .string($0) }
        }
        var entry: JSONObject = [
            "room_id": .string(room.id.rawValue),
            "num_joined_members": .integer(Int64(try transaction.memberCount(of: room.key, membership: "join"))),
            "world_readable": .bool(try text("m.room.history_visibility", "history_visibility") == "world_readable"),
            "guest_can_join": .bool(try text("m.room.guest_access", "guest_access") == "can_join"),
        ]
        entry["name"] = try text("m.room.name", "name")
        entry["topic"] = try transaction.stateContent(of: room.key, type: "m.room.topic").flatMap(Self.plainTopic).map { .string($0) }
        entry["canonical_alias"] = try text("m.room.canonical_alias", "alias")
        entry["avatar_url"] = try text("m.room.avatar", "url")
        entry["join_rule"] = try text("m.room.join_rules", "join_rule")
        entry["room_type"] = try text("m.room.create", "type")
        return entry
    }

    /// spec: client-server-api/#mroomtopic
    private static func plainTopic(_ content: JSONObject) -> String? {
        let texts = (content.object("m.topic")?.array("m.text") ?? []).compactMap(\.objectValue)
        let plain = texts.first { ($0.string("mimetype") ?? "text/plain") == "text/plain" }?.string("body") ?? content.string("topic")
        return plain.flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// A place in the public list, between two of its rooms.
public enum PublicRoomsPlace: Sendable, Hashable {
    /// A page goes on behind this many rooms.
    case after(Int)
    /// A page goes back from this many rooms.
    case before(Int)

    public static let start = PublicRoomsPlace.after(0)

    /// `nil` for text that is no token of this list.
    public init?(token: String) {
        guard let count = Int(token.dropFirst()), count >= 0 else { return nil }
        switch token.first {
        case "f": self = .after(count)
        case "b": self = .before(count)
        default: return nil
        }
    }

    var token: String {
        switch self {
        case .after(let count): "f\(count)"
        case .before(let count): "b\(count)"
        }
    }

    func range(of count: Int, limit: Int) -> Range<Int> {
        switch self {
        case .after(let start):
            let start = min(start, count)
            return start..<min(count, start + limit)
        case .before(let end):
            let end = min(end, count)
            return max(0, end - limit)..<end
        }
    }
}

/// Whose list of public rooms is meant.
public enum PublicRoomsNetwork: Sendable, Hashable {
    case box
    /// The list that an application service keeps for a network.
    case bridged(service: String, network: String)
    case all

    /// Reads `third_party_instance_id`.
    public init?(instanceID: String) {
        guard let separator = instanceID.firstIndex(of: "|") else { return nil }
        self = .bridged(service: String(instanceID[..<separator]), network: String(instanceID[separator...].dropFirst()))
    }

    static func instanceID(service: String, network: String) -> String { "\(service)|\(network)" }
}

/// What somebody looks for in the public list.
public struct PublicRoomsQuery: Sendable {
    public var limit = 100
    public var place = PublicRoomsPlace.start
    public var searchTerm = ""
    /// `nil` for every type; a `nil` element stands for ordinary rooms.
    public var roomTypes: [String?]?
    public var network = PublicRoomsNetwork.box

    public static let maxLimit = 500

    public init() {}

    func matches(_ entry: JSONObject) -> Bool {
        if let roomTypes, !roomTypes.contains(where: { $0 == entry.string("room_type") }) { return false }
        guard !searchTerm.isEmpty else { return true }
        let term = searchTerm.lowercased()
        return ["name", "topic", "canonical_alias"].contains { entry.string($0)?.lowercased().contains(term) ?? false }
    }
}

extension MatrixError {
    /// The same error with the status 409 that `PUT /directory/room/{roomAlias}` specifies.
    var conflict: MatrixError { MatrixError(Code(code?.name ?? "M_UNKNOWN", status: 409), message, details: details) }
}
