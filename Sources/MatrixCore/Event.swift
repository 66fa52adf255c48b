/// An event of a room, as the rules see it.
public struct Event: Sendable, Hashable {
    public let eventID: EventID
    public let roomID: RoomID
    public let type: String
    /// `nil` for a message event. The empty string is a state key too.
    public let stateKey: String?
    public let sender: UserID
    /// Milliseconds since 1970 by the clock of the sender's server: for people to read, never to order events by.
    public let originServerTimestamp: Int64
    public let content: JSONObject
    public let redacts: EventID?
    public let prevEvents: [EventID]
    public let authEvents: [EventID]
    public let depth: Int64

    public init(
        eventID: EventID, roomID: RoomID, type: String, stateKey: String?, sender: UserID, originServerTimestamp: Int64,
        content: JSONObject, redacts: EventID? = nil, prevEvents: [EventID] = [], authEvents: [EventID] = [], depth: Int64 = 0
    ) {
        self.eventID = eventID
        self.roomID = roomID
        self.type = type
        self.stateKey = stateKey
        self.sender = sender
        self.originServerTimestamp = originServerTimestamp
        self.content = content
        self.redacts = redacts
        self.prevEvents = prevEvents
        self.authEvents = authEvents
        self.depth = depth
    }

    public var isState: Bool { stateKey != nil }

    /// The membership that an `m.room.member` event sets.
    public var membership: String? { content.string("membership") }
}

/// An event before it is hashed and signed.
public struct EventProposal: Sendable {
    /// `nil` only for the create event of a room whose ID is a hash.
    public var roomID: RoomID?
    public var type: String
    public var stateKey: String?
    public var sender: UserID
    public var originServerTimestamp: Int64
    public var content: JSONObject
    public var redacts: EventID?
    public var prevEvents: [EventID]
    public var authEvents: [EventID]
    public var depth: Int64

    public init(
        roomID: RoomID?, type: String, stateKey: String?, sender: UserID, originServerTimestamp: Int64,
        content: JSONObject, redacts: EventID? = nil, prevEvents: [EventID], authEvents: [EventID], depth: Int64
    ) {
        self.roomID = roomID
        self.type = type
        self.stateKey = stateKey
        self.sender = sender
        self.originServerTimestamp = originServerTimestamp
        self.content = content
        self.redacts = redacts
        self.prevEvents = prevEvents
        self.authEvents = authEvents
        self.depth = depth
    }
}

/// spec: client-server-api/#size-limits
public enum EventLimits {
    public static let maxPDUBytes = 65_536
    public static let maxTypeBytes = 255
    public static let maxStateKeyBytes = 255
    /// The specification's limits of a PDU's lists.
    public static let maxPrevEvents = 20
    public static let maxAuthEvents = 10
}
