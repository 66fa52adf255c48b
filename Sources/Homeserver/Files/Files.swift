public import MatrixCore
import Storage

/// The first component of a path.
enum FileVolumeName: String, CaseIterable {
    case shared = "Shared"
    case own = "Private"
    case chats = "Chats"
}

/// How much one user keeps, and may still keep.
public struct FileQuota: Sendable {
    public let usedBytes: Int64
    public let availableBytes: Int64
}

/// The file store: every account sees the folder that all share, its own, and its rooms as folders.
///
/// Each call goes to the volume that the path begins with; what concerns two of them is done here.
public final class Files: Sendable {
    public let bin: FileBin
    public let search: FileSearch
    /// The most that one file may have.
    public let maxFileBytes: Int64

    private let shared: FileTree
    private let own: FileTree
    /// Who writes where for now.
    public let locks = FileLocks()

    let database: Database
    private let blobs: BlobStore
    private let quotas: Quotas
    private let chats: Chats

    init(
        database: Database, blobs: BlobStore, chats: Chats, bin: FileBin, quotas: Quotas, clock: Clock, maxFileBytes: Int64
    ) {
        self.database = database
        self.blobs = blobs
        self.quotas = quotas
        self.maxFileBytes = maxFileBytes
        shared = FileTree(owner: .everyone, database: database, blobs: blobs, quotas: quotas, clock: clock)
        own = FileTree(owner: .caller, database: database, blobs: blobs, quotas: quotas, clock: clock)
        self.bin = bin
        self.chats = chats
        search = FileSearch(database: database)
    }

    // MARK: Reading

    public func node(at path: FilePath, for caller: FileCaller) async throws -> FileNode {
        guard let place = try place(path) else { return Self.root }
        return Self.named(try await place.volume.node(at: place.path, for: caller.userID), path)
    }

    public func list(_ folder: FilePath, _ listing: FileListing, for caller: FileCaller) async throws -> FilePage {
        guard let place = try place(folder) else {
            var volumes: [FileNode] = []
            for name in FileVolumeName.allCases where volume(name) != nil {
                volumes.append(try await node(at: FilePath([name.rawValue]), for: caller))
            }
            return FilePage(nodes: listing.after == nil ? volumes : [], next: nil)
        }
        return try await place.volume.list(place.path, listing, for: caller.userID)
    }

    /// Throws where it is a folder.
    public func open(_ path: FilePath, for caller: FileCaller) async throws -> (node: FileNode, file: OpenFile) {
        guard let place = try place(path) else { throw MatrixError.isFolder }
        let (node, content) = try await place.volume.content(of: place.path, for: caller.userID)
        guard let contents = try await blobs.open(content) else { throw MatrixError(.notFound, "The contents of this file are lost.") }
        let file = OpenFile(
            name: node.name, contentType: node.contentType, modifiedTimestamp: node.modifiedTimestamp, hash: content.hash, contents)
        return (node, file)
    }

    /// All that is in a folder, at any depth; a room's folder counts only itself.
    public func total(of path: FilePath, for caller: FileCaller) async throws -> (byteCount: Int64, files: Int64, folders: Int64) {
        guard let place = try place(path) else { throw MatrixError.notHere("Only a folder of yours has a size.") }
        guard let tree = place.volume as? FileTree else { throw MatrixError.notHere("The size of chats is not counted.") }
        return try await database.read { transaction in
            guard let record = try tree.find(place.path, for: caller.userID, in: transaction) else { throw MatrixError.fileNotFound }
            return record.isFolder ? try transaction.total(below: record.id) : (record.byteCount, 1, 0)
        }
    }

    /// The bytes that an account refers to by its media and files.
    public func usage(of user: UserID) async throws -> Int64 { try await database.read { try $0.storageUsage(of: user) } }

    /// The disk that files are on. What messages need is not free.
    public func diskSpace() async throws -> (freeBytes: Int64, totalBytes: Int64) { try await blobs.diskSpace() }

    /// What WebDAV clients show as the size of the drive.
    public func quota(for user: UserID) async throws -> FileQuota {
        let free = try await diskSpace().freeBytes
        let left = try await quotas.left(for: user)
        return FileQuota(usedBytes: try await usage(of: user), availableBytes: min(free, max(0, left ?? free)))
    }

    // MARK: Writing

    /// Takes in a file. When this returns, it is on disk.
    ///
    /// - Parameter next: the next piece, `nil` at the end.
    public func put(
        _ path: FilePath, _ description: FileDescription, if precondition: FilePrecondition = .none, by caller: FileCaller,
        next: () async throws -> Media.Piece?
    ) async throws -> (node: FileNode, isNew: Bool) {
        try locks.requireUnlocked(path, by: caller)
        let (existing, left) = try await admit(path, byteCount: description.byteCount, by: caller)
        try precondition.check(existing)
        if existing == nil { try locks.requireUnlocked(path, by: caller, isMember: true) }
        let staged = blobs.stage(expectedBytes: description.byteCount)
        while let piece = try await next() {
            try await staged.write(piece)
            guard staged.byteCount <= maxFileBytes else { throw tooLarge }
            try Quotas.check(staged.byteCount, fits: left, for: .file)
        }
        return try await adopt(try await blobs.keep(staged), at: path, description, if: precondition, by: caller)
    }

    /// Makes a content that is kept already the file at `path`.
    func adopt(
        _ kept: KeptContent, at path: FilePath, _ description: FileDescription, if precondition: FilePrecondition = .none, by caller: FileCaller
    ) async throws -> (node: FileNode, isNew: Bool) {
        guard let place = try place(path), !place.path.isRoot else { throw MatrixError.isFolder }
        // Also of what was begun before the lock.
        try locks.requireUnlocked(path, by: caller)
        return try await place.volume.store(kept, at: place.path, description, if: precondition, by: caller.userID)
    }

    /// Refuses early what `adopt` would refuse after all bytes were sent. Gives what is there now.
    func check(_ path: FilePath, byteCount: Int64?, by caller: FileCaller) async throws -> FileNode? {
        try await admit(path, byteCount: byteCount, by: caller).existing
    }

    /// Gives what is there now, and how many bytes the account may have in its place; `nil` for any number.
    private func admit(_ path: FilePath, byteCount: Int64?, by caller: FileCaller) async throws -> (existing: FileNode?, left: Int64?) {
        guard let place = try place(path), !place.path.isRoot else { throw MatrixError.isFolder }
        if let byteCount, byteCount > maxFileBytes { throw tooLarge }
        let existing = try await place.volume.prepareToStore(place.path, byteCount: byteCount, by: caller.userID)
        // A file of one's own is replaced, not added.
        let replaced = existing.map { $0.userID == caller.userID ? $0.byteCount : 0 } ?? 0
        let left = try await quotas.left(for: caller.userID).map { $0 + replaced }
        if let byteCount { try Quotas.check(byteCount, fits: left, for: .file) }
        return (existing, left)
    }

    public func makeFolder(_ path: FilePath, by caller: FileCaller) async throws -> FileNode {
        guard let place = try place(path), !place.path.isRoot else {
            throw MatrixError(.isFolder, "This folder is there already.")
        }
        try locks.requireUnlocked(path, by: caller, isMember: true)
        return try await place.volume.makeFolder(place.path, by: caller.userID)
    }

    /// Sets when a file was changed last, as the device says that has it.
    public func setModified(_ timestamp: Int64, of path: FilePath, by caller: FileCaller) async throws {
        guard let place = try place(path), let tree = place.volume as? FileTree else { return }
        try locks.requireUnlocked(path, by: caller)
        try await tree.setModified(timestamp, of: place.path, by: caller.userID)
    }

    /// `true` if nothing was at `destination` before.
    public func move(_ source: FilePath, to destination: FilePath, overwrites: Bool, by caller: FileCaller) async throws -> Bool {
        let (from, to) = try (volumePlace(source), volumePlace(destination))
        guard source != destination else { throw MatrixError.notHere("This is where it is already.") }
        try locks.requireUnlocked(source, by: caller, isWhole: true, isMember: true)
        try locks.requireUnlocked(destination, by: caller, isWhole: true, isMember: true)
        if let tree = from.volume as? FileTree, let other = to.volume as? FileTree {
            let isNew = try await tree.move(from.path, to: other, to.path, overwrites: overwrites, by: caller.userID)
            locks.removed(source, by: caller.userID)
            return isNew
        }
        guard from.volume is FileTree else { throw MatrixError.notHere("Files of a chat stay there. Copy them instead.") }
        let isNew = try await copy(source, to: destination, overwrites: overwrites, isDeep: true, by: caller)
        try await from.volume.delete(from.path, by: caller.userID)
        locks.removed(source, by: caller.userID)
        return isNew
    }

    /// Copies no bytes. `true` if nothing was at `destination` before.
    public func copy(
        _ source: FilePath, to destination: FilePath, overwrites: Bool, isDeep: Bool, by caller: FileCaller
    ) async throws -> Bool {
        let (from, to) = try (volumePlace(source), volumePlace(destination))
        guard source != destination else { throw MatrixError.notHere("This is where it is already.") }
        try locks.requireUnlocked(destination, by: caller, isWhole: true, isMember: true)
        if let tree = from.volume as? FileTree, let other = to.volume as? FileTree {
            return try await tree.copy(from.path, to: other, to.path, overwrites: overwrites, isDeep: isDeep, by: caller.userID)
        }
        let node = try await from.volume.node(at: from.path, for: caller.userID)
        guard node.isFolder else { return try await copyFile(from, to, overwrites: overwrites, by: caller.userID) }
        // A chat's files into a folder. The other way round would be a message for each.
        guard to.volume is FileTree else { throw MatrixError.notHere("A folder cannot be sent to a chat. Send its files.") }
        _ = try await to.volume.makeFolder(to.path, by: caller.userID)
        var token: String?
        repeat {
            let page = try await from.volume.list(from.path, FileListing(from: token), for: caller.userID)
            for child in page.nodes where isDeep && !child.isFolder {
                _ = try await copyFile(
                    (from.volume, from.path.appending(child.name)), (to.volume, to.path.appending(child.name)), overwrites: true, by: caller.userID)
            }
            token = page.next
        } while token != nil
        return true
    }

    private func copyFile(_ from: Place, _ to: Place, overwrites: Bool, by user: UserID) async throws -> Bool {
        let (node, content) = try await from.volume.content(of: from.path, for: user)
        let kept = blobs.pin(content)
        // It may have been deleted before it was pinned.
        guard let file = try await blobs.open(content), file.byteCount == content.byteCount else { throw MatrixError.fileNotFound }
        let description = FileDescription(
            contentType: node.contentType, byteCount: content.byteCount, modifiedTimestamp: node.modifiedTimestamp)
        let (_, isNew) = try await to.volume.store(kept, at: to.path, description, if: overwrites ? .none : .isAbsent, by: user)
        return isNew
    }

    /// Into the bin; of a chat, the message is redacted.
    public func delete(_ path: FilePath, by caller: FileCaller) async throws {
        let place = try volumePlace(path)
        try locks.requireUnlocked(path, by: caller, isWhole: true, isMember: true)
        try await place.volume.delete(place.path, by: caller.userID)
        locks.removed(path, by: caller.userID)
    }

    // MARK: Volumes

    private typealias Place = (volume: any FileVolume, path: FilePath)

    /// `nil` for the root. Throws where no volume has that name.
    private func place(_ path: FilePath) throws(MatrixError) -> Place? {
        guard let first = path.components.first else { return nil }
        guard let name = FileVolumeName(rawValue: first), let volume = volume(name) else { throw .fileNotFound }
        return (volume, try FilePath(Array(path.components.dropFirst())))
    }

    /// Something below a volume: the volumes themselves stay where they are.
    private func volumePlace(_ path: FilePath) throws(MatrixError) -> Place {
        guard let place = try place(path) else { throw .notHere("This folder stays where it is.") }
        guard !place.path.isRoot else { throw .notHere("This folder stays where it is.") }
        return place
    }

    private func volume(_ name: FileVolumeName) -> (any FileVolume)? {
        switch name {
        case .shared: shared
        case .own: own
        case .chats: chats
        }
    }

    private static let root = FileNode(id: "root", name: "", isFolder: true)

    /// A volume's own root is called as its path says.
    private static func named(_ node: FileNode, _ path: FilePath) -> FileNode {
        guard node.name.isEmpty, let name = path.name else { return node }
        var named = FileNode(id: path.components.count == 1 ? name : node.id, name: name, isFolder: true)
        named.abilities = node.abilities
        named.createdTimestamp = node.createdTimestamp
        named.modifiedTimestamp = node.modifiedTimestamp
        named.propertyKey = node.propertyKey
        return named
    }

    private var tooLarge: MatrixError { MatrixError(.tooLarge, "The file is too large: at most \(maxFileBytes) bytes are taken.") }
}
