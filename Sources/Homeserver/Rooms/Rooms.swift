import Cryptography
public import MatrixCore
import Storage

/// What a user asks of a new room.
public struct RoomCreation: Sendable {
    public var preset: String?
    public var isListed = false
    public var name: String?
    public var topic: String?
    public var aliasLocalpart: String?
    public var version: String?
    public var creationContent: JSONObject = [:]
    public var initialState: [(type: String, stateKey: String, content: JSONObject)] = []
    public var powerLevelOverride: JSONObject?
    public var invitees: [UserID] = []
    public var isDirect = false

    public init() {}

    /// Reads the body of `createRoom`.
    ///
    /// spec: client-server-api/#post_matrixclientv3createroom
    public init(_ body: JSONObject) throws(MatrixError) {
        preset = try body.optionalString("preset")
        switch try body.optionalString("visibility") {
        case nil, "private": isListed = false
        case "public": isListed = true
        default: throw MatrixError(.invalidParameter, "visibility is public or private.")
        }
        name = try body.optionalString("name")
        topic = try body.optionalString("topic")
        aliasLocalpart = try body.optionalString("room_alias_name")
        version = try body.optionalString("room_version")
        creationContent = try body.optionalObject("creation_content") ?? [:]
        powerLevelOverride = try body.optionalObject("power_level_content_override")
        isDirect = try body.optionalBool("is_direct") ?? false
        for value in try body.optionalArray("initial_state") ?? [] {
            guard let event = value.objectValue, let type = event.string("type"), let content = event.object("content") else {
                throw MatrixError(.badJSON, "Each event of initial_state needs a type and a content.")
            }
            initialState.append((type, try event.optionalString("state_key") ?? "", content))
        }
        for value in try body.optionalArray("invite") ?? [] {
            guard let user = value.stringValue.flatMap({ UserID($0) }) else { throw MatrixError(.invalidParameter, "invite lists user IDs.") }
            invitees.append(user)
        }
        guard body["invite_3pid"]?.arrayValue?.isEmpty ?? true else {
            throw MatrixError(.threepidDenied, "This box knows no e-mail addresses or phone numbers; invite by user ID.")
        }
    }
}

/// Makes rooms.
public struct Rooms: Sendable {
    let database: Database
    let writer: EventWriter
    let members: MemberContent
    let serverName: String

    static let maxInvitees = 100
    static let maxInitialStateEvents = 100

    public func create(_ creation: RoomCreation, by creator: UserID) async throws -> RoomID {
        try await database.write { try create(creation, by: creator, in: $0).id }
    }

    func create(_ creation: RoomCreation, by creator: UserID, in transaction: WriteTransaction) throws -> RoomRecord {
        do {
            return try make(creation, by: creator, in: transaction)
        } catch let error as MatrixError where error.code == .forbidden {
            // The creator may do everything in the new room, unless the request itself forbids it.
            throw MatrixError(.invalidRoomState, error.message)
        }
    }

    private func make(_ creation: RoomCreation, by creator: UserID, in transaction: WriteTransaction) throws -> RoomRecord {
        guard creation.invitees.count <= Self.maxInvitees, creation.initialState.count <= Self.maxInitialStateEvents else {
            throw MatrixError(.tooLarge, "A room starts with at most \(Self.maxInvitees) invitations and \(Self.maxInitialStateEvents) state events.")
        }
        let version = try Self.version(creation.version)
        let preset = try Self.preset(creation)
        let alias = try creation.aliasLocalpart.map { try newAlias($0, in: transaction) }
        let others = try invitees(creation, by: creator, in: transaction)
        let equals = preset == .trustedPrivateChat ? others : []

        let room = try createEvent(creation, version: version, creator: creator, equals: equals, in: transaction)
        func add(_ type: String, _ stateKey: String = "", _ content: JSONObject) throws {
            try writer.append(EventDraft(type: type, stateKey: stateKey, sender: creator, content: content), to: room, in: transaction)
        }
        try add("m.room.member", creator.rawValue, members.content("join", of: creator, in: transaction))
        try add(
            "m.room.power_levels", "",
            preset.powerLevels(version: version, creator: creator, equals: equals, override: creation.powerLevelOverride))
        if let alias {
            try transaction.insertAlias(alias, room: room.key, creator: creator)
            try add("m.room.canonical_alias", "", ["alias": .string(alias.rawValue)])
        }
        // What initial_state sets itself needs no preset.
        let given = Set(creation.initialState.filter { $0.stateKey.isEmpty }.map(\.type))
        if !given.contains("m.room.join_rules") { try add("m.room.join_rules", "", ["join_rule": .string(preset.joinRule)]) }
        if !given.contains("m.room.history_visibility") {
            try add("m.room.history_visibility", "", ["history_visibility": .string(preset.historyVisibility)])
        }
        if !given.contains("m.room.guest_access"), let value = preset.guestAccess {
            try add("m.room.guest_access", "", ["guest_access": .string(value)])
        }
        for event in creation.initialState {
            if event.type == "m.room.canonical_alias" { try Timeline.checkAliases(event.content, room: room, in: transaction) }
            try add(event.type, event.stateKey, event.content)
        }
        if let name = creation.name { try add("m.room.name", "", ["name": .string(name)]) }
        if let topic = creation.topic {
            try add("m.room.topic", "", ["topic": .string(topic), "m.topic": ["m.text": [["body": .string(topic)]]]])
        }
        for invitee in others {
            var content = try members.content("invite", of: invitee, in: transaction)
            if creation.isDirect { content["is_direct"] = true }
            try add("m.room.member", invitee.rawValue, content)
        }
        if creation.isListed { try transaction.setListed(true, room: room.key) }
        return room
    }

    private func createEvent(
        _ creation: RoomCreation, version: RoomVersion, creator: UserID, equals: [UserID], in transaction: WriteTransaction
    ) throws -> RoomRecord {
        var content = creation.creationContent
        content["room_version"] = .string(version.rawValue)
        content["creator"] = version.creatorInContent ? .string(creator.rawValue) : nil
        if version.creatorsHavePrivilege, !equals.isEmpty {
            var creators = content.array("additional_creators") ?? []
            for user in equals where !creators.contains(.string(user.rawValue)) { creators.append(.string(user.rawValue)) }
            content["additional_creators"] = .array(creators)
        }
        let roomID = version.roomIDIsHash ? nil : Self.newRoomID(on: serverName)
        return try writer.create(version: version, creator: creator, content: content, roomID: roomID, in: transaction)
    }

    static func newRoomID(on serverName: String) -> RoomID { RoomID(trusted: "!\(SecureRandom.token(bytes: 15)):\(serverName)") }

    static func version(_ requested: String?) throws(MatrixError) -> RoomVersion {
        guard let requested else { return .defaultVersion }
        guard let version = RoomVersion(rawValue: requested) else {
            let known = RoomVersion.allCases.map(\.rawValue).joined(separator: ", ")
            throw MatrixError(.unsupportedRoomVersion, "This box makes rooms of the versions \(known).")
        }
        return version
    }

    private static func preset(_ creation: RoomCreation) throws(MatrixError) -> RoomPreset {
        guard let requested = creation.preset else { return creation.isListed ? .publicChat : .privateChat }
        guard let preset = RoomPreset(rawValue: requested) else { throw MatrixError(.invalidParameter, "There is no preset \(requested).") }
        return preset
    }

    /// Each once, without the creator.
    private func invitees(_ creation: RoomCreation, by creator: UserID, in transaction: ReadTransaction) throws -> [UserID] {
        var seen: Set<UserID> = [creator]
        let others = creation.invitees.filter { seen.insert($0).inserted }
        for user in others where try !transaction.accountExists(user) {
            throw MatrixError(.invalidParameter, "There is no account \(user) to invite.")
        }
        return others
    }

    private func newAlias(_ localpart: String, in transaction: ReadTransaction) throws -> RoomAlias {
        let alias = RoomAlias(localpart: localpart, server: serverName)
        guard !localpart.utf8.contains(UInt8(ascii: ":")), !localpart.contains(where: \.isWhitespace), let alias = RoomAlias(alias.rawValue) else {
            throw MatrixError(.invalidParameter, "\(localpart) cannot be a room's address.")
        }
        guard try transaction.roomKey(of: alias) == nil else { throw MatrixError(.roomInUse, "The address \(alias) is taken.") }
        return alias
    }
}
