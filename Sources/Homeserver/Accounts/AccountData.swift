public import MatrixCore
import Storage

/// What clients keep on the box for their user alone, for all rooms or for one.
///
/// spec: client-server-api/#client-config
public struct AccountData: Sendable {
    static let maxContentBytes = 256 << 10
    static let maxTypeBytes = 255
    static let maxCountOfUser = 20_000
    static let maxTagsOfRoom = 100

    let database: Database
    let feed: ChangeFeed
    let pushRules: PushRuleSettings
    let ignoredUsers: IgnoredUsers

    /// The content as JSON. Throws `notFound`.
    public func content(_ type: String, of user: UserID, room: RoomID?) async throws -> [UInt8] {
        if room == nil, type == PushRuleSettings.type { return try await pushRules.accountDataContent(of: user) }
        guard let content = try await database.read({ try $0.accountData(type, of: user, room: room) }) else {
            throw MatrixError(.notFound, "There is no account data of this type.")
        }
        return content
    }

    public func set(_ type: String, of user: UserID, room: RoomID?, to content: JSONObject) async throws {
        try Self.checkIsUsers(type)
        guard !type.isEmpty, type.utf8.count <= Self.maxTypeBytes else {
            throw MatrixError(.invalidParameter, "A type has 1 to \(Self.maxTypeBytes) bytes.")
        }
        let json = try Self.bounded(content)
        try await database.write { transaction in
            if room == nil, type == IgnoredUsers.type { try ignoredUsers.set(content, of: user, after: transaction) }
            try set(type, of: user, room: room, to: json, in: transaction)
        }
    }

    /// Deletes one piece. The other devices get it once more, empty. One that does not exist is no error.
    ///
    /// Proposed as MSC3391.
    public func delete(_ type: String, of user: UserID, room: RoomID?) async throws {
        try Self.checkIsUsers(type)
        try await database.write { transaction in
            guard try transaction.accountData(type, of: user, room: room) != nil else { return }
            if room == nil, type == IgnoredUsers.type { try ignoredUsers.set([:], of: user, after: transaction) }
            let position = transaction.nextPosition()
            guard try transaction.deleteAccountData(type, of: user, room: room, at: position) else { return }
            transaction.record(.accountData(user, room: room, type: type), at: position, in: feed)
        }
    }

    /// Throws for what the server itself keeps as account data.
    private static func checkIsUsers(_ type: String) throws(MatrixError) {
        guard type != PushRuleSettings.type, type != "m.fully_read" else {
            throw MatrixError(controlledByServer, "\(type) has calls of its own, and cannot be changed here.")
        }
    }

    /// Stores and publishes one piece.
    func set(_ type: String, of user: UserID, room: RoomID?, to content: [UInt8], in transaction: WriteTransaction) throws {
        let isNew = try transaction.accountData(type, of: user, room: room) == nil
        if isNew, try transaction.accountDataCount(of: user) >= Self.maxCountOfUser {
            throw MatrixError(.tooLarge, "There is too much account data already.")
        }
        let position = transaction.nextPosition()
        try transaction.setAccountData(type, of: user, room: room, to: content, at: position)
        transaction.record(.accountData(user, room: room, type: type), at: position, in: feed)
    }

    // MARK: For syncs

    /// What changed after `start` and not after `end`, oldest first, as clients get to see it.
    func changes(of user: UserID, after start: Position, upTo end: Position, in transaction: ReadTransaction) throws -> [AccountDataRecord] {
        try transaction.accountData(of: user, after: start, upTo: end).map { try shown($0, of: user, in: transaction) }
    }

    /// Everything, for a first sync. The push rules are in it even if the user never changed one.
    func all(of user: UserID, in transaction: ReadTransaction) throws -> [AccountDataRecord] {
        var records = try transaction.accountData(of: user).map { try shown($0, of: user, in: transaction) }
        if !records.contains(where: { $0.roomID == nil && $0.type == PushRuleSettings.type }) {
            let content = PushRuleSettings.content(try pushRules.rules(of: user, in: transaction))
            records.insert(AccountDataRecord(roomID: nil, type: PushRuleSettings.type, content: content, position: .zero), at: 0)
        }
        return records
    }

    /// Stored push rules may be from a version with other predefined ones.
    private func shown(_ record: AccountDataRecord, of user: UserID, in transaction: ReadTransaction) throws -> AccountDataRecord {
        guard record.roomID == nil, record.type == PushRuleSettings.type else { return record }
        let content = PushRuleSettings.content(try pushRules.rules(of: user, in: transaction))
        return AccountDataRecord(roomID: nil, type: record.type, content: content, position: record.position)
    }

    static func bounded(_ content: JSONObject) throws(MatrixError) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(content)
        guard writer.bytes.count <= maxContentBytes else {
            throw MatrixError(.tooLarge, "One piece of account data has at most \(maxContentBytes) bytes.")
        }
        return writer.bytes
    }

    private static let controlledByServer = MatrixError.Code("M_BAD_JSON", status: 405)
}
