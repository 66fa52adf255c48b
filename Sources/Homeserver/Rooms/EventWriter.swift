import MatrixCore
import Storage

/// What somebody wants to add to a room.
struct EventDraft: Sendable {
    var type: String
    var stateKey: String?
    var sender: UserID
    var content: JSONObject
    /// The event that a redaction redacts.
    var redacts: EventID?
    /// The device's own name for this request, so that it is carried out once.
    var transaction: EventTransaction?
    /// Milliseconds since 1970; now, if it is `nil`.
    var originServerTimestamp: Int64?

    init(type: String, stateKey: String? = nil, sender: UserID, content: JSONObject) {
        self.type = type
        self.stateKey = stateKey
        self.sender = sender
        self.content = content
    }
}

/// The one way into a room's timeline: authorises, hashes, signs, stores and publishes an event.
struct EventWriter: Sendable {
    let identity: ServerIdentity
    let clock: Clock
    let feed: ChangeFeed
    let notifications: Notifications
    let typing: Typing
    let predecessors: PredecessorSettings
    let moderation: Moderation
    let pushes: PushDelivery

    /// Adds an event at the end of a room.
    @discardableResult
    func append(_ draft: EventDraft, to room: RoomRecord, in transaction: WriteTransaction) throws -> TimelineEvent {
        let state = CurrentState(room: room, transaction: transaction)
        let version = room.version
        try moderation.requireMayAdd(draft, in: transaction)
        guard let previous = try transaction.latestEvent(in: room.key) else { throw MatrixError(.notFound, "This room does not exist.") }
        let isMember = draft.type == "m.room.member"
        if isMember { try checkGuestAccess(draft, state: state, in: transaction) }
        var proposal = EventProposal(
            roomID: room.id, type: draft.type, stateKey: draft.stateKey, sender: draft.sender,
            originServerTimestamp: draft.originServerTimestamp ?? clock.nowMilliseconds,
            content: isMember ? try authorised(draft, room: room, state: state, in: transaction) : draft.content,
            redacts: version.redactsInContent ? nil : draft.redacts, prevEvents: [previous.id], authEvents: [], depth: previous.depth + 1)
        for key in EventAuthorization.authEventKeys(for: proposal, version: version) {
            if let event = try state[key.type, key.stateKey] { proposal.authEvents.append(event.eventID) }
        }
        let pdu = try PDU.build(proposal, version: version, signingName: identity.serverName, keyID: identity.keyID, key: identity.key)
        try EventAuthorization.check(pdu.event, version: version) { try state[$0, $1] }
        try InvitePermission.check(draft, in: transaction)
        try Self.checkRelation(of: pdu.event, in: transaction)
        let stored = try store(pdu, in: room, state: state, transaction: draft.transaction, transaction)
        if draft.type == "m.room.guest_access", draft.stateKey == "" { try removeGuestsIfUnwanted(in: room, transaction) }
        return stored
    }

    /// Makes a room of its create event.
    func create(version: RoomVersion, creator: UserID, content: JSONObject, roomID: RoomID?, in transaction: WriteTransaction) throws -> RoomRecord {
        try moderation.requireNotSuspended(creator)
        let proposal = EventProposal(
            roomID: roomID, type: "m.room.create", stateKey: "", sender: creator, originServerTimestamp: clock.nowMilliseconds,
            content: content, prevEvents: [], authEvents: [], depth: 1)
        let pdu = try PDU.build(proposal, version: version, signingName: identity.serverName, keyID: identity.keyID, key: identity.key)
        try EventAuthorization.check(pdu.event, version: version) { _, _ in nil }
        let room = try transaction.insertRoom(pdu.event.roomID, version: version)
        _ = try store(pdu, in: room, state: CurrentState(room: room, transaction: transaction), transaction: nil, transaction)
        return room
    }

    /// Refuses what the server has to refuse; whatever else is wrong with a relation is ignored.
    ///
    /// spec: client-server-api/#avoiding-duplicate-annotations, client-server-api/#validation-of-mthread-relationships
    private static func checkRelation(of event: Event, in transaction: ReadTransaction) throws {
        guard let relation = Relation(of: event.content) else { return }
        switch relation.type {
        case Relation.annotation:
            guard try !transaction.hasAnnotation(relation, type: event.type, sender: event.sender) else {
                throw MatrixError(.duplicateAnnotation, "You have sent this reaction already.")
            }
        case Relation.thread:
            guard let root = try transaction.event(relation.parent), root.roomID == event.roomID else { return }
            guard try JSONObject(parsing: root.content).object("m.relates_to")?["rel_type"] == nil else {
                throw MatrixError(.unknown, "A thread cannot start from an event that is related to another one.")
            }
        default: break
        }
    }

    private func store(
        _ pdu: PDU, in room: RoomRecord, state: CurrentState, transaction request: EventTransaction?,
        _ transaction: WriteTransaction
    ) throws -> TimelineEvent {
        let event = pdu.event
        let position = transaction.nextPosition()
        let joined = try transaction.users(in: room.key, membership: "join")
        var outcome = try notifications.outcome(of: event, room: room, joined: joined, state: state, in: transaction)
        let member = event.type == "m.room.member" ? event.stateKey.map { UserID(trusted: $0) } : nil
        if let member, event.membership == "invite" {
            let notifies = try notifications.outcomeOfInvite(event, for: member, joined: joined, state: state, in: transaction)
            if notifies != outcome.byDefault { outcome.exceptions.append((member, notifies)) }
        }
        let thread = try transaction.insertEvent(pdu, room: room.key, at: position, notifies: outcome.byDefault, transaction: request)
        if event.type == "m.room.message", !event.isState, let file = SentFile(event.content, serverName: identity.serverName) {
            try transaction.insert(file, room: room.key, of: event, at: position)
        }
        for (user, notifies) in outcome.exceptions {
            try transaction.insertNotificationException(user: user, room: room.key, event: position, notifies: notifies)
        }
        guard let stored = try transaction.event(at: position) else { throw StorageError(.other, "A new event cannot be read.") }
        var users = joined
        if let member, !users.contains(member) { users.append(member) }
        let audience = Audience(users)
        transaction.record(.event(stored, audience: audience), at: position, in: feed)
        if let member, event.membership != "join" { typing.left(room.id, member, audience: audience, in: transaction) }
        notifications.count(
            outcome, of: event, thread: try thread.flatMap { try transaction.eventID(at: $0) }, at: position, after: transaction)
        try pushes.eventStored(event, outcome, joined: joined, in: transaction)
        if let member, event.membership == "join", !joined.contains(member) {
            try predecessors.carryOver(of: member, to: room, create: state["m.room.create", ""], in: transaction)
        }
        return stored
    }
}

/// The room's current state as one transaction sees it, each event read once.
final class CurrentState {
    private let room: RoomRecord
    private let transaction: ReadTransaction
    private var known: [Key: Event?] = [:]

    private struct Key: Hashable {
        let type: String
        let stateKey: String
    }

    init(room: RoomRecord, transaction: ReadTransaction) {
        self.room = room
        self.transaction = transaction
    }

    subscript(type: String, stateKey: String) -> Event? {
        get throws {
            let key = Key(type: type, stateKey: stateKey)
            if let event = known[key] { return event }
            let event = try transaction.currentState(of: room, type: type, stateKey: stateKey)
            known[key] = .some(event)
            return event
        }
    }

    var powerLevels: PowerLevels {
        get throws {
            try PowerLevels(create: self["m.room.create", ""], powerLevels: self["m.room.power_levels", ""], version: room.version)
        }
    }
}
