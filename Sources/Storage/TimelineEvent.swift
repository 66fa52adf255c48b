public import MatrixCore

/// An event as clients see it. Shared between all responses that contain it.
public final class TimelineEvent: Sendable {
    public let position: Position
    public let roomID: RoomID
    public let eventID: EventID
    public let type: String
    public let stateKey: String?
    public let sender: UserID
    public let originServerTimestamp: Int64
    /// JSON, as it stands in the PDU.
    public let content: [UInt8]
    /// For a redaction, the event that it redacts.
    public let redacts: EventID?
    /// The content that a state event replaced, JSON.
    public let previousContent: [UInt8]?
    public let replacesState: EventID?
    /// The redaction event of a redacted event.
    public let redactedBecause: TimelineEvent?
    /// The device that sent it with a transaction ID, while that is remembered.
    public let transaction: EventTransaction?

    public init(
        position: Position, roomID: RoomID, eventID: EventID, type: String, stateKey: String?, sender: UserID, originServerTimestamp: Int64,
        content: [UInt8], redacts: EventID? = nil, previousContent: [UInt8]? = nil, replacesState: EventID? = nil,
        redactedBecause: TimelineEvent? = nil, transaction: EventTransaction? = nil
    ) {
        self.position = position
        self.roomID = roomID
        self.eventID = eventID
        self.type = type
        self.stateKey = stateKey
        self.sender = sender
        self.originServerTimestamp = originServerTimestamp
        self.content = content
        self.redacts = redacts
        self.previousContent = previousContent
        self.replacesState = replacesState
        self.redactedBecause = redactedBecause
        self.transaction = transaction
    }
}

/// A transaction ID in the scope of the device that chose it.
public struct EventTransaction: Sendable, Hashable {
    public let deviceKey: Int64
    public let transactionID: String

    public init(deviceKey: Int64, transactionID: String) {
        self.deviceKey = deviceKey
        self.transactionID = transactionID
    }
}

/// How far a user has read a room.
public struct Receipt: Sendable {
    public let roomID: RoomID
    public let userID: UserID
    /// `m.read` or `m.read.private`
    public let type: String
    /// `main`, the ID of a thread's root, or `nil` for an unthreaded receipt.
    public let threadID: String?
    public let eventID: EventID
    public let timestamp: Int64

    public init(roomID: RoomID, userID: UserID, type: String, threadID: String?, eventID: EventID, timestamp: Int64) {
        self.roomID = roomID
        self.userID = userID
        self.type = type
        self.threadID = threadID
        self.eventID = eventID
        self.timestamp = timestamp
    }
}
