public import MatrixCore
import Storage

/// Something in the bin.
public struct BinnedFile: Sendable {
    public let node: FileNode
    /// Where it was, if that is still there.
    public let originalPath: FilePath?
    public let deletedTimestamp: Int64
    public let deletedBy: UserID
}

/// What was deleted from folders stays here for a while.
///
/// Everyone sees and restores what was deleted from the shared folder; what was deleted from a private one only its owner.
public final class FileBin: Sendable {
    private let database: Database
    private let blobs: BlobStore

    static let maxListed = 500
    /// How long something can be had back, by the box's own count of days.
    static let keptDays: Int64 = 30
    private static let deletionsInOneStep = 200

    init(database: Database, blobs: BlobStore) {
        self.database = database
        self.blobs = blobs
    }

    /// Newest first.
    public func list(for user: UserID) async throws -> [BinnedFile] {
        try await database.read { transaction in
            let roots = try Self.roots(of: user, in: transaction)
            return try transaction.bin(ofRoots: roots.shared ?? -1, roots.own ?? -1, limit: Self.maxListed).map { deleted in
                BinnedFile(
                    node: FileTree.node(deleted.file),
                    originalPath: try transaction.file(deleted.parentID).flatMap { folder in
                        try FileSearch.path(of: folder, shared: roots.shared, in: transaction)?.appending(deleted.file.name)
                    },
                    deletedTimestamp: deleted.deletedTimestamp, deletedBy: deleted.deletedBy)
            }
        }
    }

    /// Puts it back where it was, or else to the top; if its name is taken meanwhile, with a number after it.
    ///
    /// - Parameter id: of its node.
    public func restore(_ id: String, by user: UserID) async throws -> (path: FilePath, node: FileNode) {
        try await database.write { transaction in
            let deleted = try Self.deleted(id, for: user, in: transaction)
            let former = try transaction.file(deleted.parentID).flatMap { try transaction.ancestors(of: $0) == nil ? nil : $0 }
            guard let folder = try former ?? transaction.file(deleted.file.rootID) else { throw MatrixError.fileNotFound }
            let name = try FileNaming.free(deleted.file.name) { try transaction.file(named: $0, in: folder.id) == nil }
            try transaction.restoreFile(deleted.file, to: folder, as: name)
            let shared = try Self.roots(of: user, in: transaction).shared
            guard let record = try transaction.file(deleted.file.id), let path = try FileSearch.path(of: record, shared: shared, in: transaction)
            else {
                throw MatrixError.fileNotFound
            }
            return (path, FileTree.node(record))
        }
    }

    /// Deletes one thing for good.
    public func purge(_ id: String, by user: UserID) async throws {
        let record = try await database.read { try Self.deleted(id, for: user, in: $0).file }
        try await purge(record.id)
    }

    /// Deletes for good what the user sees in the bin and deleted.
    public func empty(for user: UserID) async throws {
        for file in try await list(for: user) where file.deletedBy == user { try await purge(file.node.id, by: user) }
    }

    /// Deletes for good what has been here for longer than `keptDays`.
    func removeOld(today: Int64) async throws {
        while true {
            let old = try await database.read { try $0.filesDeleted(upTo: today - Self.keptDays, limit: Self.maxListed) }
            if old.isEmpty { return }
            for id in old { try await purge(id) }
        }
    }

    /// Deletes for good the folders of their own, with their part of the bin, of accounts that are closed.
    func removeFilesOfClosedAccounts() async throws {
        while let root = try await database.read({ try $0.rootOfClosedAccount() }) {
            while let id = try await database.read({ try $0.anyTopFile(ofRoot: root) }) { try await purge(id) }
            try await database.write { try $0.deleteRoot(root) }
        }
    }

    /// In small steps, so that nobody's message waits long.
    func purge(_ id: Int64) async throws {
        var isComplete = false
        while !isComplete {
            isComplete = try await database.write { [blobs] transaction in
                let (hashes, isComplete) = try transaction.deleteFiles(from: id, limit: Self.deletionsInOneStep)
                for hash in hashes { try blobs.release(hash, in: transaction) }
                return isComplete
            }
        }
    }

    private static func deleted(_ id: String, for user: UserID, in transaction: ReadTransaction) throws -> DeletedFile {
        let roots = try roots(of: user, in: transaction)
        guard id.hasPrefix("f"), let key = Int64(id.dropFirst()), let deleted = try transaction.deletedFile(key),
            deleted.file.rootID == roots.shared || deleted.file.rootID == roots.own
        else { throw MatrixError(.notFound, "This is not in the bin.") }
        return deleted
    }

    private static func roots(of user: UserID, in transaction: ReadTransaction) throws -> (shared: Int64?, own: Int64?) {
        (try transaction.rootFolder(of: "")?.id, try transaction.rootFolder(of: user.rawValue)?.id)
    }
}
