import MatrixCore
import Storage

/// A file or folder in an archive.
public struct ArchiveEntry: Sendable {
    /// With slashes between folders.
    public let name: String
    /// 0 of a folder.
    public let byteCount: Int64
    public let modifiedTimestamp: Int64
    /// `nil` of a folder.
    public let hash: [UInt8]?
}

/// Finds what goes into an archive of several files and folders.
public final class FileArchives: Sendable {
    static let maxEntries = 20_000
    /// Of all names together: the list is kept while the archive is sent.
    static let maxNameBytes = 4 << 20

    private let files: Files
    private let database: Database
    private let blobs: BlobStore

    init(files: Files, database: Database, blobs: BlobStore) {
        self.files = files
        self.database = database
        self.blobs = blobs
    }

    /// Each of the files and folders under its own name, with all that is in it.
    public func entries(of paths: [FilePath], for caller: FileCaller) async throws -> [ArchiveEntry] {
        var found = Collection()
        for path in paths {
            let node = try await files.node(at: path, for: caller)
            let name = FileNaming.free(node.name.isEmpty ? "Files" : node.name) { !found.topNames.contains($0) }
            found.topNames.insert(name)
            try await add(node, at: path, named: name, for: caller, to: &found)
        }
        return found.entries
    }

    /// The contents as they were when the list was made, whatever became of the file.
    public func open(_ entry: ArchiveEntry) async throws -> OpenFile {
        guard let hash = entry.hash, let content = try await database.read({ try $0.content(hash) }), let contents = try await blobs.open(content),
            contents.byteCount == entry.byteCount
        else { throw MatrixError.fileNotFound }
        return OpenFile(name: entry.name, contentType: nil, modifiedTimestamp: entry.modifiedTimestamp, hash: hash, contents)
    }

    private struct Collection {
        var entries: [ArchiveEntry] = []
        var topNames: Set<String> = []
        var nameBytes = 0
    }

    private func add(_ node: FileNode, at path: FilePath, named name: String, for caller: FileCaller, to found: inout Collection) async throws {
        found.nameBytes += name.utf8.count
        guard found.entries.count < Self.maxEntries, found.nameBytes <= Self.maxNameBytes else {
            throw MatrixError(.tooLarge, "That is too much for one archive: at most \(Self.maxEntries) files go into it.")
        }
        found.entries.append(
            ArchiveEntry(
                name: name, byteCount: node.isFolder ? 0 : node.byteCount, modifiedTimestamp: node.modifiedTimestamp,
                hash: node.isFolder ? nil : node.hash))
        guard node.isFolder else { return }
        var token: String?
        repeat {
            let page = try await files.list(path, FileListing(from: token), for: caller)
            for child in page.nodes where child.isFolder || child.hash != nil {
                try await add(child, at: path.appending(child.name), named: "\(name)/\(child.name)", for: caller, to: &found)
            }
            token = page.next
        } while token != nil
    }
}
