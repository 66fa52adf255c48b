public import MatrixCore

/// A file or folder of the file store, as the database knows it.
public struct FileRecord: Sendable {
    public let id: Int64
    /// The root above it; of a root, itself.
    public let rootID: Int64
    /// `nil` for a root, and for what is in the bin.
    public let parentID: Int64?
    public let name: String
    public let isFolder: Bool
    /// How many files and folders are in it.
    public let childCount: Int64
    /// `nil` for a folder.
    public let hash: BlobStore.Hash?
    public let byteCount: Int64
    public let contentType: String?
    /// Who wrote it last.
    public let userID: UserID
    public let createdTimestamp: Int64
    public let modifiedTimestamp: Int64

    /// What the tree of an owner looks like who never kept anything: it has no row yet.
    public static func emptyRoot(of user: UserID) -> FileRecord {
        FileRecord(
            id: 0, rootID: 0, parentID: nil, name: "", isFolder: true, childCount: 0, hash: nil, byteCount: 0, contentType: nil, userID: user,
            createdTimestamp: 0, modifiedTimestamp: 0)
    }
}

/// Something that was deleted, and can be put back.
public struct DeletedFile: Sendable {
    public let file: FileRecord
    /// Where it was.
    public let parentID: Int64
    public let deletedBy: UserID
    public let deletedTimestamp: Int64
}

extension ReadTransaction {
    public func file(_ id: Int64) throws -> FileRecord? {
        try connection.first("SELECT \(FileRecord.columns) FROM files WHERE file_id = ?", id) { FileRecord($0) }
    }

    public func file(named name: String, in folder: Int64) throws -> FileRecord? {
        try connection.first("SELECT \(FileRecord.columns) FROM files WHERE parent_id = ? AND name = ?", folder, name) { FileRecord($0) }
    }

    /// The root folder of an owner: a user ID, or empty for the folder that everyone shares.
    public func rootFolder(of owner: String) throws -> FileRecord? {
        try connection.first(
            "SELECT \(FileRecord.columns) FROM files WHERE file_id = (SELECT file_id FROM file_roots WHERE owner = ?)", owner
        ) { FileRecord($0) }
    }

    /// What is in a folder, ordered by name.
    public func files(in folder: Int64, afterName name: String?, limit: Int) throws -> [FileRecord] {
        try connection.all(
            "SELECT \(FileRecord.columns) FROM files WHERE parent_id = ? AND name > ? ORDER BY name LIMIT ?", folder, name ?? "", limit
        ) { FileRecord($0) }
    }

    /// The ancestors of a file, from its root down to its folder. `nil` if it is in the bin, or below something that is.
    public func ancestors(of file: FileRecord) throws -> [FileRecord]? {
        var ancestors: [FileRecord] = []
        var current = file
        while let parent = current.parentID {
            guard let record = try self.file(parent) else { return nil }
            ancestors.append(record)
            current = record
        }
        return current.id == current.rootID ? ancestors.reversed() : nil
    }

    /// How many levels are below a folder; 0 for one that is empty, and for a file.
    public func levels(below id: Int64) throws -> Int {
        try connection.first(
            """
            WITH RECURSIVE below(file_id, depth) AS (
                SELECT ?, 0 UNION ALL SELECT f.file_id, depth + 1 FROM files f JOIN below b ON f.parent_id = b.file_id)
            SELECT max(depth) FROM below
            """, id
        ) { Int($0.int(0)) } ?? 0
    }

    /// All that is in a folder, at any depth.
    public func total(below id: Int64) throws -> (byteCount: Int64, files: Int64, folders: Int64) {
        try connection.first(
            """
            WITH RECURSIVE below(file_id, size, is_folder) AS (
                SELECT file_id, size, is_folder FROM files WHERE parent_id = ?
                UNION ALL SELECT f.file_id, f.size, f.is_folder FROM files f JOIN below b ON f.parent_id = b.file_id)
            SELECT coalesce(sum(size), 0), count(*) - coalesce(sum(is_folder), 0), coalesce(sum(is_folder), 0) FROM below
            """, id
        ) { ($0.int(0), $0.int(1), $0.int(2)) } ?? (0, 0, 0)
    }

    // MARK: The bin

    /// Newest first.
    public func bin(ofRoots shared: Int64, _ own: Int64, limit: Int) throws -> [DeletedFile] {
        try connection.all(Self.selectBin + "WHERE f.root_id IN (?, ?) ORDER BY b.deleted_ts DESC, b.file_id DESC LIMIT ?", shared, own, limit) {
            DeletedFile($0)
        }
    }

    public func deletedFile(_ id: Int64) throws -> DeletedFile? {
        try connection.first(Self.selectBin + "WHERE b.file_id = ?", id) { DeletedFile($0) }
    }

    /// What has been in the bin since that day, or longer, by the box's own count of days.
    public func filesDeleted(upTo day: Int64, limit: Int) throws -> [Int64] {
        try connection.all("SELECT file_id FROM file_bin WHERE deleted_day <= ? LIMIT ?", day, limit) { $0.int(0) }
    }

    // MARK: Closed accounts

    /// The root folder of any account that is closed.
    public func rootOfClosedAccount() throws -> Int64? {
        try connection.first("SELECT r.file_id FROM file_roots r JOIN users u ON u.user_id = r.owner WHERE u.is_deactivated LIMIT 1") { $0.int(0) }
    }

    /// Anything that is in no folder: the root itself, or something in the bin.
    public func anyTopFile(ofRoot root: Int64) throws -> Int64? {
        try connection.first("SELECT file_id FROM files WHERE root_id = ? AND parent_id IS NULL LIMIT 1", root) { $0.int(0) }
    }

    public static let dayCountKey = "day_count"

    private static let selectBin = """
        SELECT \(FileRecord.columns(of: "f")), b.parent_id, b.deleted_by, b.deleted_ts FROM file_bin b JOIN files f ON f.file_id = b.file_id \

        """

    // MARK: Usage

    /// The bytes that an account refers to.
    public func storageUsage(of user: UserID) throws -> Int64 {
        try connection.first("SELECT bytes FROM storage_usage WHERE user_id = ?", user) { $0.int(0) } ?? 0
    }
}

extension WriteTransaction {
    /// The root folder of an owner, which is made if it is missing.
    public func makeRootFolder(of owner: String, by user: UserID, at timestamp: Int64) throws -> FileRecord {
        if let root = try rootFolder(of: owner) { return root }
        try connection.run(
            """
            INSERT INTO files (root_id, parent_id, name, is_folder, size, user_id, created_ts, modified_ts) VALUES (0, NULL, '', 1, 0, ?, ?, ?)
            """, user, timestamp, timestamp)
        let id = connection.lastInsertedRowID
        try connection.run("UPDATE files SET root_id = ? WHERE file_id = ?", id, id)
        try connection.run("INSERT INTO file_roots (owner, file_id) VALUES (?, ?)", owner, id)
        return FileRecord(
            id: id, rootID: id, parentID: nil, name: "", isFolder: true, childCount: 0, hash: nil, byteCount: 0, contentType: nil,
            userID: user, createdTimestamp: timestamp, modifiedTimestamp: timestamp)
    }

    /// After all that was below it.
    public func deleteRoot(_ id: Int64) throws { try connection.run("DELETE FROM file_roots WHERE file_id = ?", id) }

    public func insertFile(
        _ name: String, in folder: FileRecord, isFolder: Bool, hash: BlobStore.Hash?, byteCount: Int64, contentType: String?, by user: UserID,
        at timestamp: Int64, modified: Int64
    ) throws -> FileRecord {
        try connection.run(
            """
            INSERT INTO files (root_id, parent_id, name, is_folder, sha256, size, content_type, user_id, created_ts, modified_ts)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, folder.rootID, folder.id, name, isFolder, hash, byteCount, contentType, user, timestamp, modified)
        return FileRecord(
            id: connection.lastInsertedRowID, rootID: folder.rootID, parentID: folder.id, name: name, isFolder: isFolder, childCount: 0,
            hash: hash, byteCount: byteCount, contentType: contentType, userID: user, createdTimestamp: timestamp, modifiedTimestamp: modified)
    }

    /// Gives a file another content.
    public func setContent(
        of id: Int64, hash: BlobStore.Hash, byteCount: Int64, contentType: String?, by user: UserID, modified: Int64
    ) throws {
        try connection.run(
            "UPDATE files SET sha256 = ?, size = ?, content_type = ?, user_id = ?, modified_ts = ? WHERE file_id = ?", hash, byteCount, contentType,
            user, modified, id)
    }

    public func setModified(_ timestamp: Int64, of id: Int64) throws {
        try connection.run("UPDATE files SET modified_ts = ? WHERE file_id = ?", timestamp, id)
    }

    /// Gives a file, with all that is in it, another place.
    public func moveFile(_ file: FileRecord, to folder: FileRecord, as name: String) throws {
        try connection.run("UPDATE files SET parent_id = ?, name = ? WHERE file_id = ?", folder.id, name, file.id)
        if file.rootID != folder.rootID { try setRoot(folder.rootID, of: file.id) }
    }

    private func setRoot(_ root: Int64, of id: Int64) throws {
        try connection.run(
            """
            WITH RECURSIVE below(file_id) AS (SELECT ? UNION ALL SELECT f.file_id FROM files f JOIN below b ON f.parent_id = b.file_id)
            UPDATE files SET root_id = ? WHERE file_id IN below
            """, id, root)
    }

    /// Copies what WebDAV clients noted about a file.
    public func copyProperties(of id: Int64, to other: Int64) throws {
        try connection.run(
            "INSERT INTO file_properties (file_id, namespace, name, value) SELECT ?, namespace, name, value FROM file_properties WHERE file_id = ?",
            other, id)
    }

    // MARK: The bin

    /// Takes a file out of its folder, with all that is in it.
    public func moveFileToBin(_ file: FileRecord, by user: UserID, at timestamp: Int64) throws {
        guard let parent = file.parentID else { return }
        try connection.run("UPDATE files SET parent_id = NULL WHERE file_id = ?", file.id)
        try connection.run(
            "INSERT INTO file_bin (file_id, parent_id, deleted_by, deleted_ts, deleted_day) VALUES (?, ?, ?, ?, ?)", file.id, parent, user,
            timestamp, try serverInteger(ReadTransaction.dayCountKey) ?? 0)
    }

    public func restoreFile(_ file: FileRecord, to folder: FileRecord, as name: String) throws {
        try connection.run("DELETE FROM file_bin WHERE file_id = ?", file.id)
        try moveFile(file, to: folder, as: name)
    }

    /// Deletes a file for good, or a part of a folder: at most `limit` rows.
    ///
    /// - Returns: the contents that were referred to, for `BlobStore.release`; and whether all is gone.
    public func deleteFiles(from id: Int64, limit: Int) throws -> (hashes: [BlobStore.Hash], isComplete: Bool) {
        // The deepest first, so that what is left still hangs together.
        let doomed: [(id: Int64, hash: BlobStore.Hash?)] = try connection.all(
            """
            WITH RECURSIVE below(file_id, depth) AS (
                SELECT ?, 0 UNION ALL SELECT f.file_id, depth + 1 FROM files f JOIN below b ON f.parent_id = b.file_id)
            SELECT b.file_id, f.sha256 FROM below b JOIN files f ON f.file_id = b.file_id ORDER BY b.depth DESC LIMIT ?
            """, id, limit
        ) { ($0.int(0), $0.optionalBlob(1)) }
        for file in doomed { try connection.run("DELETE FROM files WHERE file_id = ?", file.id) }
        return (doomed.compactMap(\.hash), doomed.last?.id == id || doomed.isEmpty)
    }
}

extension FileRecord {
    static let columns = columns(of: "files")

    static func columns(of table: String) -> String {
        [
            "file_id", "root_id", "parent_id", "name", "is_folder", "child_count", "sha256", "size", "content_type", "user_id", "created_ts",
            "modified_ts",
        ]
        .map { "\(table).\($0)" }.joined(separator: ", ")
    }

    init(_ row: borrowing Row) {
        self.init(
            id: row.int(0), rootID: row.int(1), parentID: row.optionalInt(2), name: row.text(3), isFolder: row.bool(4), childCount: row.int(5),
            hash: row.optionalBlob(6), byteCount: row.int(7), contentType: row.optionalText(8), userID: row.userID(9),
            createdTimestamp: row.int(10), modifiedTimestamp: row.int(11))
    }
}

extension DeletedFile {
    fileprivate init(_ row: borrowing Row) {
        self.init(file: FileRecord(row), parentID: row.int(12), deletedBy: row.userID(13), deletedTimestamp: row.int(14))
    }
}
