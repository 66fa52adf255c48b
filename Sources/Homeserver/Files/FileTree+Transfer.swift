import MatrixCore
import Storage

/// Moving and copying within the household's folders, which copies no bytes.
extension FileTree {
    /// Moves what is at `source` to a place in this tree or another one. `true` if nothing was there before.
    func move(_ source: FilePath, to tree: FileTree, _ destination: FilePath, overwrites: Bool, by user: UserID) async throws -> Bool {
        let now = clock.nowMilliseconds
        return try await database.write { transaction in
            guard let record = try find(source, for: user, in: transaction) else { throw MatrixError.fileNotFound }
            guard record.parentID != nil else { throw MatrixError.notHere("This folder cannot be moved.") }
            let (folder, name) = try tree.makePlace(destination, for: user, at: now, in: transaction)
            try Self.check(record, fitsInto: folder, at: destination, in: transaction)
            let existing = try transaction.file(named: name, in: folder.id)
            if let existing {
                guard overwrites else { throw MatrixError.nameTaken }
                guard try existing.id != record.id && !Self.is(record, inside: existing, in: transaction) else {
                    throw MatrixError.notHere("This would put the folder into itself.")
                }
                try transaction.moveFileToBin(existing, by: user, at: now)
            } else if folder.id != record.parentID {
                try tree.requireRoom(in: folder)
            }
            try transaction.moveFile(record, to: folder, as: name)
            return existing == nil
        }
    }

    /// Copies what is at `source`. `true` if nothing was there before.
    ///
    /// - Parameter isDeep: whether a folder is copied with what is in it.
    func copy(
        _ source: FilePath, to tree: FileTree, _ destination: FilePath, overwrites: Bool, isDeep: Bool, by user: UserID
    ) async throws -> Bool {
        let now = clock.nowMilliseconds
        let (record, copied, isNew) = try await database.write { transaction in
            guard let record = try find(source, for: user, in: transaction) else { throw MatrixError.fileNotFound }
            let (folder, name) = try tree.makePlace(destination, for: user, at: now, in: transaction)
            try Self.check(record, fitsInto: folder, at: destination, in: transaction)
            let byteCount = try record.isFolder && isDeep ? transaction.total(below: record.id).byteCount : record.byteCount
            try quotas.check(adding: byteCount, by: user, for: .file, in: transaction)
            let existing = try transaction.file(named: name, in: folder.id)
            if let existing {
                guard overwrites else { throw MatrixError.nameTaken }
                guard try existing.id != record.id && !Self.is(record, inside: existing, in: transaction) else {
                    throw MatrixError.notHere("This would copy the file onto itself.")
                }
                try transaction.moveFileToBin(existing, by: user, at: now)
            } else {
                try tree.requireRoom(in: folder)
            }
            return (record, try Self.copy(record, into: folder, as: name, by: user, at: now, in: transaction), existing == nil)
        }
        if record.isFolder, isDeep { try await copyContents(of: record, to: copied, by: user, at: now) }
        return isNew
    }

    /// Folder by folder and in small steps, so that nobody's message waits long.
    private func copyContents(of source: FileRecord, to destination: FileRecord, by user: UserID, at now: Int64) async throws {
        var waiting = [(source: source.id, destination: destination)]
        while let (folder, copy) = waiting.popLast() {
            var lastName: String?
            repeat {
                let after = lastName
                let (folders, name): ([(source: Int64, destination: FileRecord)], String?) = try await database.write { transaction in
                    let children = try transaction.files(in: folder, afterName: after, limit: Self.copiesInOneStep)
                    // Somebody may have added files to the source, or to their account, since it was found to fit.
                    try quotas.check(adding: children.reduce(0) { $0 + $1.byteCount }, by: user, for: .file, in: transaction)
                    var folders: [(Int64, FileRecord)] = []
                    for child in children {
                        let copied = try Self.copy(child, into: copy, as: child.name, by: user, at: now, in: transaction)
                        if child.isFolder { folders.append((child.id, copied)) }
                    }
                    return (folders, children.count == Self.copiesInOneStep ? children.last?.name : nil)
                }
                waiting += folders
                lastName = name
            } while lastName != nil
        }
    }

    private static let copiesInOneStep = 200

    private static func copy(
        _ record: FileRecord, into folder: FileRecord, as name: String, by user: UserID, at now: Int64, in transaction: WriteTransaction
    ) throws -> FileRecord {
        let copy = try transaction.insertFile(
            name, in: folder, isFolder: record.isFolder, hash: record.hash, byteCount: record.byteCount, contentType: record.contentType, by: user,
            at: now, modified: record.modifiedTimestamp)
        try transaction.copyProperties(of: record.id, to: copy.id)
        return copy
    }

    /// Throws where a folder would get into itself, or its innermost would lie too deep.
    private static func check(_ record: FileRecord, fitsInto folder: FileRecord, at path: FilePath, in transaction: ReadTransaction) throws {
        guard record.isFolder else { return }
        guard try record.id != folder.id && !Self.is(folder, inside: record, in: transaction) else {
            throw MatrixError.notHere("This would put the folder into itself.")
        }
        guard try path.components.count + transaction.levels(below: record.id) < FilePath.maxDepth else {
            throw MatrixError(.fileConflict, "The folders would be too deep there: at most \(FilePath.maxDepth) levels are possible.")
        }
    }

    private static func `is`(_ record: FileRecord, inside folder: FileRecord, in transaction: ReadTransaction) throws -> Bool {
        try transaction.ancestors(of: record)?.contains { $0.id == folder.id } ?? false
    }
}
