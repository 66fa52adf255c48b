public import MatrixCore
import Storage

/// What a request to upgrade a room asks for.
public struct RoomUpgrade: Sendable {
    public var version: String
    /// Beside the one who upgrades. Only versions that have such creators look at them.
    public var additionalCreators: [JSONValue]

    public init(version: String, additionalCreators: [JSONValue] = []) {
        self.version = version
        self.additionalCreators = additionalCreators
    }

    /// spec: client-server-api/#post_matrixclientv3roomsroomidupgrade
    public init(_ body: JSONObject) throws(MatrixError) {
        version = try body.requiredString("new_version")
        additionalCreators = try body.optionalArray("additional_creators") ?? []
    }
}

/// Replaces rooms by new ones of another version.
public struct RoomUpgrades: Sendable {
    let database: Database
    let writer: EventWriter
    let members: MemberContent
    let limiter: RateLimiter
    let serverName: String

    /// Bans and rooms of a space that go along: an upgrade is one transaction, which others wait for.
    static let maxCopiedEvents = 2_000
    static let maxAdditionalCreators = 100

    /// Gives the ID of the room that replaces `roomID`.
    ///
    /// spec: client-server-api/#room-upgrades
    public func upgrade(_ roomID: RoomID, _ upgrade: RoomUpgrade, by user: UserID) async throws -> RoomID {
        try limiter.take(.sending(user))
        return try await database.write { transaction in
            guard let old = try transaction.room(roomID) else { throw MatrixError(.notFound, "There is no room \(roomID) on this box.") }
            guard try transaction.membership(of: user, in: old.key)?.membership == "join" else { throw RoomAccess.notInRoom }
            let state = CurrentState(room: old, transaction: transaction)
            guard try state.powerLevels.canSend("m.room.tombstone", isState: true, user: user) else {
                throw MatrixError(.forbidden, "You are not allowed to upgrade this room.")
            }
            let version = try Rooms.version(upgrade.version)
            let creators = try Self.creators(upgrade, version: version, by: user)
            let new = try replacement(of: old, state, version: version, creators: creators, in: transaction)
            try fill(new, from: old, state, creators: creators, in: transaction)
            try close(old, for: new, state, by: user, in: transaction)
            return new.id
        }
    }

    private static func creators(_ upgrade: RoomUpgrade, version: RoomVersion, by user: UserID) throws(MatrixError) -> [UserID] {
        var creators = [user]
        guard version.creatorsHavePrivilege else { return creators }
        guard upgrade.additionalCreators.count <= maxAdditionalCreators else {
            throw MatrixError(.invalidParameter, "A room has at most \(maxAdditionalCreators) additional creators.")
        }
        for value in upgrade.additionalCreators {
            guard let creator = value.stringValue.flatMap({ UserID($0) }) else {
                throw MatrixError(.invalidParameter, "additional_creators lists user IDs.")
            }
            if !creators.contains(creator) { creators.append(creator) }
        }
        return creators
    }

    // MARK: The new room

    /// The tombstone of the old room and the first event of the new one, which name each other.
    private func replacement(
        of old: RoomRecord, _ state: CurrentState, version: RoomVersion, creators: [UserID], in transaction: WriteTransaction
    ) throws -> RoomRecord {
        let user = creators[0]
        let create = try state["m.room.create", ""]?.content ?? [:]
        var content: JSONObject = ["room_version": .string(version.rawValue), "predecessor": ["room_id": .string(old.id.rawValue)]]
        if let type = create.string("type") { content["type"] = .string(type) }
        if create.bool("m.federate") == false { content["m.federate"] = false }
        if version.creatorInContent { content["creator"] = .string(user.rawValue) }
        if creators.count > 1 { content["additional_creators"] = .array(creators.dropFirst().map { .string($0.rawValue) }) }
        func bury(for new: RoomID) throws -> EventID {
            let content: JSONObject = ["body": "This room has been replaced", "replacement_room": .string(new.rawValue)]
            return try add("m.room.tombstone", "", content, to: old, by: user, transaction)
        }
        guard !version.roomIDIsHash else {
            // The room's ID is known only when its create event is complete, so that cannot name the tombstone.
            let new = try writer.create(version: version, creator: user, content: content, roomID: nil, in: transaction)
            _ = try bury(for: new.id)
            return new
        }
        let id = Rooms.newRoomID(on: serverName)
        content["predecessor"] = ["room_id": .string(old.id.rawValue), "event_id": .string(try bury(for: id).rawValue)]
        return try writer.create(version: version, creator: user, content: content, roomID: id, in: transaction)
    }

    /// What goes along when it is set.
    private static let copiedTypes = ["m.room.encryption", "m.room.server_acl", "m.room.name", "m.room.topic", "m.room.avatar"]

    private func fill(
        _ new: RoomRecord, from old: RoomRecord, _ state: CurrentState, creators: [UserID], in transaction: WriteTransaction
    ) throws {
        let user = creators[0]
        guard let create = try state["m.room.create", ""] else { throw StorageError(.corrupt, "A room has no create event.") }
        // Creators of version 12 have no equals whom one could ban.
        let banned = try transaction.users(in: old.key, membership: "ban").filter { !new.version.creatorsHavePrivilege || !creators.contains($0) }
        let children = create.content.string("type") == "m.space" ? try transaction.spaceChildren(of: old.key, limit: Self.maxCopiedEvents) : []
        guard banned.count + children.count <= Self.maxCopiedEvents else {
            throw MatrixError(.tooLarge, "A room with more than \(Self.maxCopiedEvents) bans and rooms cannot be upgraded.")
        }
        let levels = UpgradedPowerLevels(
            from: try state["m.room.power_levels", ""]?.content, create: create, old.version, to: new.version, creators: creators, banned: banned)
        func put(_ type: String, _ stateKey: String, _ content: JSONObject) throws {
            _ = try add(type, stateKey, content, to: new, by: user, transaction)
        }

        try put("m.room.member", user.rawValue, members.content("join", of: user, in: transaction))
        try put("m.room.power_levels", "", levels.atFirst)
        // What the old room does not say counts as this.
        for (type, standard) in [
            ("m.room.join_rules", ["join_rule": "invite"]),
            ("m.room.history_visibility", ["history_visibility": "shared"]),
            ("m.room.guest_access", ["guest_access": "forbidden"]),
        ] as [(String, JSONObject)] {
            try put(type, "", state[type, ""]?.content ?? standard)
        }
        for type in Self.copiedTypes {
            if let content = try state[type, ""]?.content, !content.isEmpty { try put(type, "", content) }
        }
        for child in children where child.content.array("via") != nil { try put("m.space.child", child.stateKey, child.content) }
        for user in banned {
            var content: JSONObject = ["membership": "ban"]
            content["reason"] = try transaction.stateContent(of: old.key, type: "m.room.member", stateKey: user.rawValue)?["reason"]
            try put("m.room.member", user.rawValue, content)
        }
        try transaction.moveAliases(from: old.key, to: new.key)
        if let addresses = try state["m.room.canonical_alias", ""]?.content, !addresses.isEmpty {
            try put("m.room.canonical_alias", "", addresses)
        }
        if levels.afterwards != levels.atFirst { try put("m.room.power_levels", "", levels.afterwards) }
    }

    // MARK: The old room

    private func close(
        _ old: RoomRecord, for new: RoomRecord, _ state: CurrentState, by user: UserID, in transaction: WriteTransaction
    ) throws {
        func change(_ type: String, _ content: JSONObject) throws {
            do {
                _ = try add(type, "", content, to: old, by: user, transaction)
            } catch is MatrixError {
                // Who may close a room need not be allowed to change its addresses and power levels. Closed it is anyway.
            }
        }
        if let addresses = try state["m.room.canonical_alias", ""]?.content, !addresses.isEmpty { try change("m.room.canonical_alias", [:]) }
        if let levels = try state["m.room.power_levels", ""]?.content, let restricted = UpgradedPowerLevels.restricted(levels) {
            try change("m.room.power_levels", restricted)
        }
        if old.isListed {
            try transaction.setListed(false, room: old.key)
            try transaction.setListed(true, room: new.key)
        }
        try HomeRoom.moves(from: old.id, to: new.id, in: transaction)
        try MyDevices.moves(from: old.id, to: new.id, by: user, writer.predecessors.accountData, in: transaction)
    }

    private func add(
        _ type: String, _ stateKey: String, _ content: JSONObject, to room: RoomRecord, by user: UserID, _ transaction: WriteTransaction
    ) throws -> EventID {
        try writer.append(EventDraft(type: type, stateKey: stateKey, sender: user, content: content), to: room, in: transaction).eventID
    }
}
