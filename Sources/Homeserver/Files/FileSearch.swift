public import MatrixCore
import Storage

/// Finding files of the folders by their name.
public final class FileSearch: Sendable {
    private let database: Database

    public static let maxResults = 200
    static let maxTextBytes = 256

    init(database: Database) { self.database = database }

    /// Files and folders whose name contains every word of the text, however it is written; the shared ones and the user's own.
    public func search(_ text: String, for user: UserID, limit: Int) async throws -> [(path: FilePath, node: FileNode)] {
        guard text.utf8.count <= Self.maxTextBytes else { throw MatrixError(.invalidParameter, "The text is too long.") }
        let words = text.split(whereSeparator: \.isWhitespace).map { $0.lowercased() }
        guard !words.isEmpty else { return [] }
        return try await database.read { transaction in
            let shared = try transaction.rootFolder(of: "")?.id
            let roots = [try transaction.rootFolder(of: user.rawValue)?.id, shared].compactMap(\.self)
            let wanted = min(max(1, limit), Self.maxResults)
            let records = try transaction.files(inTrees: roots, limit: wanted) { name in
                let name = name.lowercased()
                return words.allSatisfy { name.contains($0) }
            }
            return try records.compactMap { record in
                try Self.path(of: record, shared: shared, in: transaction).map { ($0, FileTree.node(record)) }
            }
        }
    }

    /// `nil` for what is in the bin.
    static func path(of record: FileRecord, shared: Int64?, in transaction: ReadTransaction) throws -> FilePath? {
        guard let ancestors = try transaction.ancestors(of: record) else { return nil }
        let root = record.rootID == shared ? FileVolumeName.shared : FileVolumeName.own
        let names = (ancestors + [record]).filter { $0.parentID != nil }.map(\.name)
        return try FilePath([root.rawValue] + names)
    }
}
