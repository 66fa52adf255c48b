/// The authorisation rules of room versions 10, 11 and 12, against the state before the event.
///
/// On one box the state before an event is the room's current state, and every event in it was accepted by these rules.
/// So the rules about rejected events in `auth_events` have nothing to find here.
///
/// spec: rooms/v12/#authorisation-rules, rooms/v11/#authorisation-rules, rooms/v10/#authorisation-rules
public enum EventAuthorization {
    /// Throws `forbidden` with a sentence for people, or `badJSON` where the event itself is malformed.
    ///
    /// - Parameters:
    ///   - state: looks up the state before the event; may throw errors of its own.
    ///   - signedBy: servers beside the sender's own whose valid signature the event carries.
    public static func check(
        _ event: Event, version: RoomVersion, signedBy: Set<String> = [],
        state: (_ type: String, _ stateKey: String) throws -> Event?
    ) throws {
        if event.type == "m.room.create" && event.stateKey != nil {
            try checkCreate(event, version: version)
            guard try state("m.room.create", "") == nil else { throw forbidden("This room exists already.") }
            return
        }
        guard let create = try state("m.room.create", "") else { throw forbidden("This room does not exist.") }
        guard create.roomID == event.roomID else { throw forbidden("The event belongs to another room.") }
        if version.roomIDIsHash {
            guard event.roomID.rawValue.utf8.dropFirst().elementsEqual(create.eventID.rawValue.utf8.dropFirst()) else {
                throw forbidden("The room ID is not the hash of the room's create event.")
            }
        }
        if create.content.bool("m.federate") == false, event.sender.serverName != create.sender.serverName {
            throw forbidden("This room admits only users of the server that created it.")
        }

        let levels = PowerLevels(create: create, powerLevels: try state("m.room.power_levels", ""), version: version)
        if event.type == "m.room.member" {
            let rules = MembershipRules(event: event, create: create, version: version, levels: levels, signedBy: signedBy)
            return try rules.check(state)
        }
        guard try state("m.room.member", event.sender.rawValue)?.membership == "join" else {
            throw forbidden("You are not in this room.")
        }
        let senderLevel = levels.level(of: event.sender)
        if event.type == "m.room.third_party_invite" {
            guard senderLevel >= levels.invite else { throw forbidden("You are not allowed to invite people to this room.") }
            return
        }
        let required = levels.required(forEvent: event.type, isState: event.isState)
        guard senderLevel >= required else {
            throw forbidden("Your power level is \(senderLevel); \(event.type) needs \(required) in this room.")
        }
        if let stateKey = event.stateKey, stateKey.utf8.first == UInt8(ascii: "@"), !stateKey.utf8.elementsEqual(event.sender.rawValue.utf8) {
            throw forbidden("Only \(stateKey) may set this state.")
        }
        if event.type == "m.room.power_levels" {
            try PowerLevelRules.check(
                event, current: try state("m.room.power_levels", ""), senderLevel: senderLevel, creators: levels.privilegedCreators)
        }
    }

    private static func checkCreate(_ event: Event, version: RoomVersion) throws(MatrixError) {
        guard event.prevEvents.isEmpty else { throw forbidden("A create event must be the first of its room.") }
        if version.roomIDIsHash {
            guard event.roomID.rawValue.utf8.dropFirst().elementsEqual(event.eventID.rawValue.utf8.dropFirst()) else {
                throw forbidden("The room ID is not the hash of the create event.")
            }
        } else {
            guard
                event.roomID.rawValue.utf8.firstIndex(of: UInt8(ascii: ":")).map({ String(event.roomID.rawValue[$0...].dropFirst()) })
                    == event.sender.serverName
            else { throw forbidden("The room ID belongs to another server than the room's creator.") }
        }
        if let stated = event.content["room_version"] {
            guard let known = stated.stringValue.flatMap({ RoomVersion(rawValue: $0) }), known == version else {
                throw MatrixError(.unsupportedRoomVersion, "This room version is not supported.")
            }
        }
        if version.creatorInContent, event.content["creator"] == nil { throw MatrixError(.badJSON, "The create event names no creator.") }
        if version.creatorsHavePrivilege, let additional = event.content["additional_creators"] {
            guard let users = additional.arrayValue, users.allSatisfy({ $0.stringValue.flatMap { UserID($0) } != nil }) else {
                throw MatrixError(.badJSON, "additional_creators has to be a list of user IDs.")
            }
        }
    }

    static func forbidden(_ message: String) -> MatrixError { MatrixError(.forbidden, message) }
}

// MARK: Which state authorises an event

extension EventAuthorization {
    /// The state to look up for `auth_events`: whichever of it exists.
    ///
    /// spec: server-server-api/#auth-events-selection
    public static func authEventKeys(
        type: String, stateKey: String?, sender: UserID, content: JSONObject, version: RoomVersion
    ) -> [(type: String, stateKey: String)] {
        if type == "m.room.create" && stateKey != nil { return [] }
        var keys: [(type: String, stateKey: String)] = []
        func add(_ type: String, _ stateKey: String) {
            if !keys.contains(where: { $0.type == type && $0.stateKey.utf8.elementsEqual(stateKey.utf8) }) { keys.append((type, stateKey)) }
        }
        if !version.roomIDIsHash { add("m.room.create", "") }
        add("m.room.power_levels", "")
        add("m.room.member", sender.rawValue)
        guard type == "m.room.member", let target = stateKey else { return keys }
        add("m.room.member", target)
        let membership = content.string("membership")
        if membership == "join" || membership == "invite" || membership == "knock" { add("m.room.join_rules", "") }
        if membership == "invite", let token = content.object("third_party_invite")?.object("signed")?.string("token") {
            add("m.room.third_party_invite", token)
        }
        if membership == "join", version.restrictedJoins, let authoriser = content.string("join_authorised_via_users_server") {
            add("m.room.member", authoriser)
        }
        return keys
    }

    public static func authEventKeys(for event: Event, version: RoomVersion) -> [(type: String, stateKey: String)] {
        authEventKeys(type: event.type, stateKey: event.stateKey, sender: event.sender, content: event.content, version: version)
    }

    public static func authEventKeys(for proposal: EventProposal, version: RoomVersion) -> [(type: String, stateKey: String)] {
        authEventKeys(
            type: proposal.type, stateKey: proposal.stateKey, sender: proposal.sender, content: proposal.content, version: version)
    }
}
