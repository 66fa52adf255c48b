import MatrixCore
import Storage

/// The folders that the household makes itself: one that everyone shares, and one for each account.
struct FileTree: FileVolume {
    /// Whose tree it is.
    enum Owner: Sendable {
        case everyone
        /// The user who asks.
        case caller

        func name(for user: UserID) -> String {
            switch self {
            case .everyone: ""
            case .caller: user.rawValue
            }
        }
    }

    let owner: Owner
    let database: Database
    let blobs: BlobStore
    let quotas: Quotas
    let clock: Clock

    static let maxFilesInFolder = 100_000

    // MARK: Reading

    func node(at path: FilePath, for user: UserID) async throws -> FileNode {
        try await database.read { transaction in
            guard let record = try find(path, for: user, in: transaction) else { throw MatrixError.fileNotFound }
            return Self.node(record)
        }
    }

    func list(_ folder: FilePath, _ listing: FileListing, for user: UserID) async throws -> FilePage {
        try await database.read { transaction in
            guard let record = try find(folder, for: user, in: transaction), record.isFolder else { throw MatrixError.fileNotFound }
            let entries =
                if let order = listing.order {
                    try transaction.files(
                        in: record.id, order: order, isDescending: listing.isDescending, after: listing.after, limit: listing.limit + 1)
                } else {
                    try transaction.files(in: record.id, afterName: listing.after?.key, limit: listing.limit + 1)
                }
            return listing.page(entries, place: { FileListingPlace($0, listing.order ?? .name) }, node: Self.node)
        }
    }

    func content(of path: FilePath, for user: UserID) async throws -> (node: FileNode, content: StoredContent) {
        try await database.read { transaction in
            guard let record = try find(path, for: user, in: transaction) else { throw MatrixError.fileNotFound }
            guard let hash = record.hash else { throw MatrixError.isFolder }
            guard let content = try transaction.content(hash) else { throw MatrixError(.notFound, "The contents of this file are lost.") }
            return (Self.node(record), content)
        }
    }

    static func node(_ record: FileRecord) -> FileNode {
        var node = FileNode(id: "f\(record.id)", name: record.name, isFolder: record.isFolder)
        node.byteCount = record.byteCount
        node.contentType = record.contentType
        node.createdTimestamp = record.createdTimestamp
        node.modifiedTimestamp = record.modifiedTimestamp
        node.hash = record.hash
        node.userID = record.userID
        node.abilities = record.parentID == nil ? .write : .all
        node.propertyKey = record.id
        return node
    }

    // MARK: Writing

    func prepareToStore(_ path: FilePath, byteCount: Int64?, by user: UserID) async throws -> FileNode? {
        try await database.read { transaction in
            let (folder, name) = try place(path, for: user, in: transaction)
            // The root of somebody who never kept anything does not exist yet.
            let existing = try folder.flatMap { try transaction.file(named: name, in: $0.id) }
            if existing?.isFolder == true { throw MatrixError.isFolder }
            return existing.map(Self.node)
        }
    }

    func store(
        _ kept: KeptContent, at path: FilePath, _ description: FileDescription, if precondition: FilePrecondition, by user: UserID
    ) async throws -> (node: FileNode, isNew: Bool) {
        let now = clock.nowMilliseconds
        let modified = description.modifiedTimestamp ?? now
        return try await database.write { transaction in
            let (folder, name) = try makePlace(path, for: user, at: now, in: transaction)
            let existing = try transaction.file(named: name, in: folder.id)
            try precondition.check(existing.map(Self.node))
            let replaced = existing.map { $0.userID == user ? $0.byteCount : 0 } ?? 0
            try quotas.check(adding: kept.byteCount - replaced, by: user, for: .file, in: transaction)
            try transaction.record(kept)
            guard let existing else {
                try requireRoom(in: folder)
                let record = try transaction.insertFile(
                    name, in: folder, isFolder: false, hash: kept.hash, byteCount: kept.byteCount, contentType: description.contentType, by: user,
                    at: now, modified: modified)
                return (Self.node(record), true)
            }
            guard let oldHash = existing.hash else { throw MatrixError.isFolder }
            try transaction.setContent(
                of: existing.id, hash: kept.hash, byteCount: kept.byteCount, contentType: description.contentType ?? existing.contentType, by: user,
                modified: modified)
            if oldHash != kept.hash { try blobs.release(oldHash, in: transaction) }
            guard let record = try transaction.file(existing.id) else { throw MatrixError.fileNotFound }
            return (Self.node(record), false)
        }
    }

    func makeFolder(_ path: FilePath, by user: UserID) async throws -> FileNode {
        let now = clock.nowMilliseconds
        return try await database.write { transaction in
            let (folder, name) = try makePlace(path, for: user, at: now, in: transaction)
            guard try transaction.file(named: name, in: folder.id) == nil else {
                throw MatrixError(.isFolder, "There is a file or folder with this name already.")
            }
            try requireRoom(in: folder)
            return Self.node(
                try transaction.insertFile(
                    name, in: folder, isFolder: true, hash: nil, byteCount: 0, contentType: nil, by: user, at: now, modified: now))
        }
    }

    func setModified(_ timestamp: Int64, of path: FilePath, by user: UserID) async throws {
        try await database.write { transaction in
            guard let record = try find(path, for: user, in: transaction) else { throw MatrixError.fileNotFound }
            try transaction.setModified(timestamp, of: record.id)
        }
    }

    func delete(_ path: FilePath, by user: UserID) async throws {
        let now = clock.nowMilliseconds
        try await database.write { transaction in
            guard let record = try find(path, for: user, in: transaction) else { throw MatrixError.fileNotFound }
            guard record.parentID != nil else { throw MatrixError.notHere("This folder cannot be deleted.") }
            try transaction.moveFileToBin(record, by: user, at: now)
        }
    }

    // MARK: Places

    func find(_ path: FilePath, for user: UserID, in transaction: ReadTransaction) throws -> FileRecord? {
        guard var record = try root(for: user, in: transaction) else {
            return path.isRoot ? .emptyRoot(of: user) : nil
        }
        for name in path.components {
            guard record.isFolder, let child = try transaction.file(named: name, in: record.id) else { return nil }
            record = child
        }
        return record
    }

    private func root(for user: UserID, in transaction: ReadTransaction) throws -> FileRecord? {
        try transaction.rootFolder(of: owner.name(for: user))
    }

    /// The folder that something goes into, and its name there. The folder is `nil` where it is a root that does not exist yet.
    private func place(_ path: FilePath, for user: UserID, in transaction: ReadTransaction) throws -> (folder: FileRecord?, name: String) {
        guard let name = path.name, let parent = path.parent else { throw MatrixError.isFolder }
        if parent.isRoot { return (try root(for: user, in: transaction), name) }
        guard let folder = try find(parent, for: user, in: transaction), folder.isFolder else { throw MatrixError.parentMissing }
        return (folder, name)
    }

    func makePlace(_ path: FilePath, for user: UserID, at now: Int64, in transaction: WriteTransaction) throws -> (folder: FileRecord, name: String) {
        let (folder, name) = try place(path, for: user, in: transaction)
        return (try folder ?? transaction.makeRootFolder(of: owner.name(for: user), by: user, at: now), name)
    }

    func requireRoom(in folder: FileRecord) throws {
        guard folder.childCount < Self.maxFilesInFolder else {
            throw MatrixError(.folderFull, "The folder has \(Self.maxFilesInFolder) files already. Make another one.")
        }
    }
}
