internal import Cryptography

/// The rules for `m.room.member`: rule 4 of versions 10 and 11, rule 5 of version 12.
struct MembershipRules {
    typealias StateLookup = (_ type: String, _ stateKey: String) throws -> Event?

    let event: Event
    let create: Event
    let version: RoomVersion
    let levels: PowerLevels
    let signedBy: Set<String>

    private var senderLevel: Int64 { levels.level(of: event.sender) }

    func check(_ state: StateLookup) throws {
        guard let stateKey = event.stateKey, let membership = event.membership else {
            throw MatrixError(.badJSON, "A membership event needs a state key and a membership.")
        }
        guard let target = UserID(stateKey) else { throw MatrixError(.badJSON, "The state key of a membership event is a user ID.") }
        if let authoriser = event.content["join_authorised_via_users_server"] {
            guard let user = authoriser.stringValue.flatMap({ UserID($0) }),
                user.serverName == event.sender.serverName || signedBy.contains(user.serverName)
            else { throw forbidden("The server that should authorise the join did not sign it.") }
        }
        switch membership {
        case "join": try checkJoin(target, state)
        case "invite": try checkInvite(target, state)
        case "leave": try checkLeave(target, state)
        case "ban": try checkBan(target, state)
        case "knock": try checkKnock(target, state)
        default: throw MatrixError(.badJSON, "There is no membership \"\(membership)\".")
        }
    }

    private func checkJoin(_ target: UserID, _ state: StateLookup) throws {
        if event.prevEvents == [create.eventID], isCreator(target) { return }
        guard event.sender == target else { throw forbidden("Nobody can join for somebody else.") }
        let current = try membership(of: target, state)
        guard current != "ban" else { throw forbidden("You are banned from this room.") }
        switch try joinRule(state) {
        case "public": return
        // A rule that the version does not know closes the room.
        case let rule where rule == "invite" || rule == "knock" && version.knocking:
            guard current == "invite" || current == "join" else { throw forbidden("You are not invited to this room.") }
        case "restricted" where version.restrictedJoins, "knock_restricted" where version.knockRestricted:
            if current == "invite" || current == "join" { return }
            guard let authoriser = event.content.string("join_authorised_via_users_server").flatMap({ UserID($0) }),
                try membership(of: authoriser, state) == "join", levels.level(of: authoriser) >= levels.invite
            else { throw forbidden("You are neither invited to this room nor a member of a room that opens it to you.") }
        default: throw forbidden("Nobody can join this room.")
        }
    }

    private func checkInvite(_ target: UserID, _ state: StateLookup) throws {
        let current = try membership(of: target, state)
        if let thirdParty = event.content["third_party_invite"] {
            guard current != "ban" else { throw forbidden("\(target) is banned from this room.") }
            return try checkThirdPartyInvite(thirdParty, target, state)
        }
        try requireSenderJoined(state)
        guard current != "join" else { throw forbidden("\(target) is in this room already.") }
        guard current != "ban" else { throw forbidden("\(target) is banned from this room.") }
        guard senderLevel >= levels.invite else { throw forbidden("You are not allowed to invite people to this room.") }
    }

    private func checkThirdPartyInvite(_ invite: JSONValue, _ target: UserID, _ state: StateLookup) throws {
        guard let signed = invite.objectValue?.object("signed"), let user = signed.string("mxid"), let token = signed.string("token") else {
            throw MatrixError(.badJSON, "The third-party invitation lacks its signed part.")
        }
        guard user.utf8.elementsEqual(target.rawValue.utf8) else { throw forbidden("The third-party invitation is for somebody else.") }
        guard let offer = try state("m.room.third_party_invite", token) else { throw forbidden("There is no such third-party invitation.") }
        guard offer.sender == event.sender else { throw forbidden("The third-party invitation was made by somebody else.") }
        var keys = [offer.content["public_key"]]
        keys += (offer.content.array("public_keys") ?? []).map { $0.objectValue?["public_key"] }
        let message = Signing.signedBytes(of: signed)
        for case .object(let signatures)? in (signed.object("signatures")?.members ?? []).map(\.value) as [JSONValue?] {
            for signature in signatures.members where signature.key.hasPrefix("ed25519:") {
                guard let bytes = signature.value.stringValue.flatMap({ Base64.decode($0) }) else { continue }
                for key in keys {
                    guard let publicKey = key?.stringValue.flatMap({ Base64.decode($0) }) else { continue }
                    if Ed25519.verify(signature: bytes, message: message, publicKey: publicKey) { return }
                }
            }
        }
        throw forbidden("The third-party invitation has no valid signature.")
    }

    private func checkLeave(_ target: UserID, _ state: StateLookup) throws {
        let current = try membership(of: target, state)
        if event.sender == target {
            guard current == "join" || current == "invite" || current == "knock" else { throw forbidden("You are not in this room.") }
            return
        }
        try requireSenderJoined(state)
        if current == "ban" && senderLevel < levels.ban { throw forbidden("You are not allowed to lift bans in this room.") }
        guard senderLevel >= levels.kick else { throw forbidden("You are not allowed to remove people from this room.") }
        guard levels.level(of: target) < senderLevel else { throw forbidden("You cannot remove \(target), whose power level is not below yours.") }
    }

    private func checkBan(_ target: UserID, _ state: StateLookup) throws {
        try requireSenderJoined(state)
        guard senderLevel >= levels.ban else { throw forbidden("You are not allowed to ban people from this room.") }
        guard levels.level(of: target) < senderLevel else { throw forbidden("You cannot ban \(target), whose power level is not below yours.") }
    }

    private func checkKnock(_ target: UserID, _ state: StateLookup) throws {
        let rule = try joinRule(state)
        guard (rule == "knock" && version.knocking) || (rule == "knock_restricted" && version.knockRestricted) else {
            throw forbidden("This room does not take requests to join.")
        }
        guard event.sender == target else { throw forbidden("Nobody can ask to join for somebody else.") }
        switch try membership(of: target, state) {
        case "ban": throw forbidden("You are banned from this room.")
        case "invite": throw forbidden("You are invited to this room already.")
        case "join": throw forbidden("You are in this room already.")
        default: return
        }
    }

    private func isCreator(_ user: UserID) -> Bool {
        // Additional creators join by the ordinary rules: the exception is for the one who makes the room.
        version.creatorInContent ? create.content.string("creator") == user.rawValue : create.sender == user
    }

    private func membership(of user: UserID, _ state: StateLookup) throws -> String? {
        try state("m.room.member", user.rawValue)?.membership
    }

    private func joinRule(_ state: StateLookup) throws -> String {
        // spec: client-server-api/#mroomjoin_rules has no default; every implementation takes a room without the event as closed.
        try state("m.room.join_rules", "")?.content.string("join_rule") ?? "invite"
    }

    private func requireSenderJoined(_ state: StateLookup) throws {
        guard try membership(of: event.sender, state) == "join" else { throw forbidden("You are not in this room.") }
    }

    private func forbidden(_ message: String) -> MatrixError { EventAuthorization.forbidden(message) }
}
