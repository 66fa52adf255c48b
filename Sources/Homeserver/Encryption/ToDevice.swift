public import MatrixCore
import Storage

/// Messages from device to device: delivered until the device has acknowledged them, and then deleted.
///
/// A device acknowledges by syncing with the token that came with a message, or with a later one.
///
/// spec: client-server-api/#send-to-device-messaging
public final class ToDevice: Sendable {
    static let maxMessageBytes = 64 << 10
    static let maxStoredBytesOfRequest = 8 << 20
    /// Of a device that does not come back to fetch them.
    static let maxQueuedMessages = 20_000
    static let maxQueuedBytes = 64 << 20
    static let maxRememberedTransactions = 500
    static let maxMessagesOfSync = 100
    static let maxBytesOfSync = 1 << 20
    static let maxCachedDevices = 2_048

    /// What a sync gives to a device.
    struct Delivery: Sendable {
        var messages: [[UInt8]] = []
        /// Where the next sync goes on, if more messages wait than were given.
        var resumesAfter: Position?
    }

    /// The ends of a queue; `nil` where nothing waits.
    private struct Ends: Sendable {
        var queue: ToDeviceQueue?
    }

    private let database: Database
    private let feed: ChangeFeed
    private let serverName: String
    private let knownQueues = CommittedCache<Int64, Ends>(capacity: maxCachedDevices)

    init(database: Database, feed: ChangeFeed, serverName: String) {
        self.database = database
        self.feed = feed
        self.serverName = serverName
    }

    // MARK: Send

    /// - Parameter messages: contents by user and device; `*` stands for all devices of a user.
    ///
    /// spec: client-server-api/#put_matrixclientv3sendtodeviceeventtypetxnid
    public func send(type: String, messages: JSONObject, transactionID: String, session: Session) async throws {
        guard !type.isEmpty, type.utf8.count <= maxIdentifierBytes, transactionID.utf8.count <= maxIdentifierBytes else {
            throw MatrixError(.invalidParameter, "The event type or the transaction ID is too long.")
        }
        try session.requireDevice()
        var addressed: [(user: UserID, messages: [(device: String, message: [UInt8])])] = []
        for member in messages.members {
            guard let user = UserID(member.key) else { throw MatrixError(.invalidParameter, "messages are listed by user ID.") }
            guard let devices = member.value.objectValue else { throw MatrixError(.badJSON, "messages has devices for each user.") }
            // Nobody else can be reached from here.
            guard user.serverName == serverName else { continue }
            addressed.append((user, try devices.members.map { ($0.key, try Self.message(type, $0.value, from: session.userID)) }))
        }
        let (all, name) = (addressed, "\(type)\n\(transactionID)")
        try await database.write { [self] in try send(all, name: name, session: session, in: $0) }
    }

    private func send(
        _ addressed: [(user: UserID, messages: [(device: String, message: [UInt8])])], name: String, session: Session,
        in transaction: WriteTransaction
    ) throws {
        guard try transaction.device(session.deviceID, of: session.userID)?.key == session.deviceKey else {
            throw MatrixError(.unknownToken, "This device has been logged out.", details: ["soft_logout": false])
        }
        if try transaction.hasToDeviceTransaction(name, device: session.deviceKey) { return }
        let position = transaction.nextPosition()
        var storedBytes = 0
        var refusals = 0
        var reached: Set<Int64> = []
        var users: [UserID] = []
        for (user, messages) in addressed {
            for (device, message) in try Self.recipients(of: messages, among: transaction.devices(of: user)) {
                storedBytes += message.count
                guard storedBytes <= Self.maxStoredBytesOfRequest else { throw MatrixError(.tooLarge, "These are too many messages at once.") }
                let queue = try transaction.toDeviceQueue(of: device)
                if let queue, queue.count >= Self.maxQueuedMessages || queue.bytes + message.count > Self.maxQueuedBytes {
                    refusals += 1
                    continue
                }
                try transaction.insertToDeviceMessage(message, device: device, behind: queue, at: position)
                knownQueues.set(Ends(queue: try transaction.toDeviceQueue(of: device)), for: device, after: transaction)
                reached.insert(device)
                if users.last != user { users.append(user) }
            }
        }
        // One device that was left in a drawer for years must not keep the others from their messages.
        if reached.isEmpty, refusals > 0 {
            throw MatrixError(.limitExceeded, "Too many messages wait for this device already.", details: ["retry_after_ms": 3_600_000])
        }
        try transaction.insertToDeviceTransaction(
            name, device: session.deviceKey, at: position, rememberedCount: Self.maxRememberedTransactions)
        if !reached.isEmpty { transaction.record(.toDevice(reached, audience: Audience(users)), at: position, in: feed) }
    }

    /// What is for all devices, and for some in particular. Unknown devices get nothing.
    private static func recipients(
        of messages: [(device: String, message: [UInt8])], among devices: [DeviceRecord]
    ) throws -> [(device: Int64, message: [UInt8])] {
        let forAll = messages.first { $0.device == "*" }?.message
        return devices.compactMap { device in
            let own = messages.first { $0.device.utf8.elementsEqual(device.deviceID.rawValue.utf8) }?.message
            return (own ?? forAll).map { (device.key, $0) }
        }
    }

    private static func message(_ type: String, _ content: JSONValue, from sender: UserID) throws -> [UInt8] {
        guard let content = content.objectValue else { throw MatrixError(.badJSON, "The content of a message is an object.") }
        let message: JSONObject = ["content": .object(content), "sender": .string(sender.rawValue), "type": .string(type)]
        let json = message.serialized()
        guard json.count <= maxMessageBytes else { throw MatrixError(.tooLarge, "A message to a device may have at most \(maxMessageBytes) bytes.") }
        return json
    }

    // MARK: For sync

    /// What waits after `start` and up to `end`. Asks the disk nothing where nothing waits.
    func delivery(
        to session: Session, after start: Position, upTo end: Position, maxCount: Int = maxMessagesOfSync
    ) async throws -> Delivery {
        let device = session.deviceKey
        guard let queue = try await queue(of: device), queue.newest > start else { return Delivery() }
        let (messages, isLimited) = try await database.read {
            try $0.toDeviceMessages(of: device, after: start, upTo: end, maxCount: maxCount, maxBytes: Self.maxBytesOfSync)
        }
        return Delivery(messages: messages.map(\.message), resumesAfter: isLimited ? messages.last?.position : nil)
    }

    /// The device has got everything up to `end`.
    func acknowledge(upTo end: Position, by session: Session) async throws {
        let device = session.deviceKey
        guard let queue = try await queue(of: device), queue.oldest <= end else { return }
        try await database.write { [self] transaction in
            try transaction.deleteToDeviceMessages(of: device, upTo: end)
            knownQueues.set(Ends(queue: try transaction.toDeviceQueue(of: device)), for: device, after: transaction)
        }
    }

    /// Call it when a device is deleted, which deletes what waits for it.
    func deviceEnds(_ device: Int64, in transaction: WriteTransaction) { knownQueues.set(nil, for: device, after: transaction) }

    private func queue(of device: Int64) async throws -> ToDeviceQueue? {
        try await knownQueues.value(for: device, in: database) { Ends(queue: try $0.toDeviceQueue(of: device)) }.queue
    }
}
