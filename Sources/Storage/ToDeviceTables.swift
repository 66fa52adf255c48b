/// The messages that wait for a device: from the oldest to the newest.
public struct ToDeviceQueue: Sendable, Hashable {
    public let oldest: Position
    public let newest: Position
    public let count: Int
    public let bytes: Int
    fileprivate let lastNumber: Int64
    fileprivate let bytesUntil: Int64
}

extension ReadTransaction {
    /// `nil` if nothing waits.
    public func toDeviceQueue(of device: Int64) throws -> ToDeviceQueue? {
        let oldest = try connection.first(
            "SELECT position, number, bytes_until - length(message) FROM to_device_messages WHERE device_key = ? ORDER BY position LIMIT 1", device
        ) { (position: $0.position(0), number: $0.int(1), bytesBefore: $0.int(2)) }
        let newest = try connection.first(
            "SELECT position, number, bytes_until FROM to_device_messages WHERE device_key = ? ORDER BY position DESC LIMIT 1", device
        ) { (position: $0.position(0), number: $0.int(1), bytesUntil: $0.int(2)) }
        guard let oldest, let newest else { return nil }
        return ToDeviceQueue(
            oldest: oldest.position, newest: newest.position, count: Int(newest.number - oldest.number) + 1,
            bytes: Int(newest.bytesUntil - oldest.bytesBefore), lastNumber: newest.number, bytesUntil: newest.bytesUntil)
    }

    /// The oldest messages after `start` and up to `end`, as many as fit, but at least one; and whether there are more.
    public func toDeviceMessages(
        of device: Int64, after start: Position, upTo end: Position, maxCount: Int, maxBytes: Int
    ) throws -> (messages: [(position: Position, message: [UInt8])], isLimited: Bool) {
        var messages: [(position: Position, message: [UInt8])] = []
        var bytes = 0
        var isLimited = false
        try connection.forEachRow(
            "SELECT position, message FROM to_device_messages WHERE device_key = ? AND position > ? AND position <= ? ORDER BY position",
            device, start, end
        ) { row in
            let message = row.blob(1)
            isLimited = !messages.isEmpty && (messages.count >= maxCount || bytes + message.count > maxBytes)
            guard !isLimited else { return false }
            messages.append((row.position(0), message))
            bytes += message.count
            return true
        }
        return (messages, isLimited)
    }

    public func hasToDeviceTransaction(_ transactionID: String, device: Int64) throws -> Bool {
        try connection.exists("SELECT 1 FROM to_device_transactions WHERE device_key = ? AND transaction_id = ?", device, transactionID)
    }
}

extension WriteTransaction {
    /// Puts a message at the end of the queue, of which the caller has asked before.
    public func insertToDeviceMessage(_ message: [UInt8], device: Int64, behind queue: ToDeviceQueue?, at position: Position) throws {
        try connection.run(
            "INSERT INTO to_device_messages (device_key, position, number, bytes_until, message) VALUES (?, ?, ?, ?, ?)", device, position,
            (queue?.lastNumber ?? 0) + 1, (queue?.bytesUntil ?? 0) + Int64(message.count), message)
    }

    public func deleteToDeviceMessages(of device: Int64, upTo end: Position) throws {
        try connection.run("DELETE FROM to_device_messages WHERE device_key = ? AND position <= ?", device, end)
    }

    /// Notes a request of the device. The newest `rememberedCount` are kept.
    public func insertToDeviceTransaction(_ transactionID: String, device: Int64, at position: Position, rememberedCount: Int) throws {
        try connection.run(
            "INSERT INTO to_device_transactions (device_key, transaction_id, position) VALUES (?, ?, ?)", device, transactionID, position)
        try connection.run(
            """
            DELETE FROM to_device_transactions WHERE device_key = ?1 AND position <= (
                SELECT position FROM to_device_transactions WHERE device_key = ?1 ORDER BY position DESC LIMIT 1 OFFSET ?2)
            """, device, rememberedCount)
    }
}
