public import MatrixCore
import Storage

/// Finds people. Everyone on the box can find everyone: it is one household.
///
/// spec: client-server-api/#user-directory
public struct UserDirectory: Sendable {
    public struct Person: Sendable, Equatable {
        public let userID: UserID
        public let displayName: String?
        public let avatarURL: String?

        public var json: JSONObject {
            var object: JSONObject = ["user_id": .string(userID.rawValue)]
            if let displayName { object["display_name"] = .string(displayName) }
            if let avatarURL { object["avatar_url"] = .string(avatarURL) }
            return object
        }
    }

    static let defaultLimit = 10
    static let maxLimit = 200
    static let maxTermBytes = 255

    let database: Database

    /// Those whose name or user name begins with the term come first. An empty term finds all.
    public func search(_ term: String, limit: Int?) async throws -> (people: [Person], isLimited: Bool) {
        guard term.utf8.count <= Self.maxTermBytes else {
            throw MatrixError(.invalidParameter, "search_term has at most \(Self.maxTermBytes) bytes.")
        }
        let limit = min(max(1, limit ?? Self.defaultLimit), Self.maxLimit)
        let wanted = [Character](term.lowercased())
        return try await database.read { transaction in
            var byRank: [[Person]] = [[], []]
            var isLimited = false
            try transaction.forEachDirectoryEntry { entry in
                guard let rank = Self.rank(wanted, entry) else { return true }
                if byRank[rank].count < limit {
                    byRank[rank].append(Person(userID: entry.userID, displayName: entry.displayName, avatarURL: entry.avatarURL))
                } else {
                    isLimited = true
                }
                return true
            }
            let found = byRank[0] + byRank[1]
            return (Array(found.prefix(limit)), isLimited || found.count > limit)
        }
    }

    /// 0 where a name begins with the term, 1 where it contains it.
    private static func rank(_ wanted: [Character], _ entry: DirectoryEntry) -> Int? {
        if wanted.isEmpty { return 0 }
        let names = [entry.displayName ?? "", entry.userID.localpart, entry.userID.rawValue].map { [Character]($0.lowercased()) }
        if names.contains(where: { $0.starts(with: wanted) }) { return 0 }
        return names.contains { contains($0, wanted) } ? 1 : nil
    }

    private static func contains(_ text: [Character], _ wanted: [Character]) -> Bool {
        guard text.count >= wanted.count else { return false }
        return (0...(text.count - wanted.count)).contains { text[$0...].starts(with: wanted) }
    }
}
