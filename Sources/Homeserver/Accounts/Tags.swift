public import MatrixCore
import Storage

/// How a user sorts their rooms: the account data `m.tag`.
///
/// spec: client-server-api/#room-tagging
extension AccountData {
    private static let tagType = "m.tag"

    /// `{"tags": {…}}` as JSON.
    public func tags(of user: UserID, room: RoomID) async throws -> JSONObject {
        ["tags": .object(try await database.read { try Self.tags(of: user, room: room, in: $0) })]
    }

    public func setTag(_ tag: String, of user: UserID, room: RoomID, to content: JSONObject) async throws {
        guard !tag.isEmpty, tag.utf8.count <= Self.maxTypeBytes else {
            throw MatrixError(.invalidParameter, "A tag has 1 to \(Self.maxTypeBytes) bytes.")
        }
        try await changeTags(of: user, room: room) { tags in
            guard tags[tag] != nil || tags.count < Self.maxTagsOfRoom else {
                throw MatrixError(.tooLarge, "A room has at most \(Self.maxTagsOfRoom) tags.")
            }
            tags[tag] = .object(content)
        }
    }

    public func deleteTag(_ tag: String, of user: UserID, room: RoomID) async throws {
        try await changeTags(of: user, room: room) { $0[tag] = nil }
    }

    private func changeTags(of user: UserID, room: RoomID, _ change: @escaping @Sendable (inout JSONObject) throws -> Void) async throws {
        try await database.write { transaction in
            var tags = try Self.tags(of: user, room: room, in: transaction)
            try change(&tags)
            try set(Self.tagType, of: user, room: room, to: Self.bounded(["tags": .object(tags)]), in: transaction)
        }
    }

    private static func tags(of user: UserID, room: RoomID, in transaction: ReadTransaction) throws -> JSONObject {
        guard let content = try transaction.accountData(tagType, of: user, room: room) else { return [:] }
        return try JSONObject(parsing: content).object("tags") ?? [:]
    }
}
