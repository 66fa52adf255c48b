import MatrixCore
import Storage

/// A part of the file store with rules of its own. Its paths are the components below the volume's name.
protocol FileVolume: Sendable {
    func node(at path: FilePath, for user: UserID) async throws -> FileNode

    func list(_ folder: FilePath, _ listing: FileListing, for user: UserID) async throws -> FilePage

    /// Throws `isFolder`.
    func content(of path: FilePath, for user: UserID) async throws -> (node: FileNode, content: StoredContent)

    /// Refuses early what `store` would refuse after all bytes were sent. Gives what is there now.
    func prepareToStore(_ path: FilePath, byteCount: Int64?, by user: UserID) async throws -> FileNode?

    /// Makes a content that is kept a file, or the new content of one.
    func store(
        _ kept: KeptContent, at path: FilePath, _ description: FileDescription, if precondition: FilePrecondition, by user: UserID
    ) async throws -> (node: FileNode, isNew: Bool)

    func makeFolder(_ path: FilePath, by user: UserID) async throws -> FileNode

    func delete(_ path: FilePath, by user: UserID) async throws
}
