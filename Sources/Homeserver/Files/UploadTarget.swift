import MatrixCore
import Storage

/// Makes of a complete upload what its metadata says: media of Matrix, or a file of a folder.
struct UploadTarget: Sendable {
    let media: Media
    let files: Files

    enum Outcome: Sendable {
        case contentURI(String)
        case path(String)
    }

    private static let maxNamesTried = 1_000

    /// Refuses early what `take` would refuse after all bytes were sent.
    func check(_ metadata: UploadMetadata, byteCount: Int64?, by user: UserID) async throws {
        if let path = try metadata.path.map({ try FilePath($0) }) {
            _ = try await files.check(path, byteCount: byteCount, by: FileCaller(user))
        } else {
            try await media.check(description(metadata, byteCount), by: user)
        }
    }

    func take(_ kept: KeptContent, _ metadata: UploadMetadata, by user: UserID) async throws -> Outcome {
        guard let path = try metadata.path.map({ try FilePath($0) }) else {
            return .contentURI(try await media.adopt(kept, description(metadata, kept.byteCount), by: user))
        }
        return .path(try await place(kept, at: path, metadata, FileCaller(user)).description)
    }

    private func description(_ metadata: UploadMetadata, _ byteCount: Int64?) -> Media.Description {
        Media.Description(contentType: metadata.contentType, fileName: metadata.fileName, byteCount: byteCount)
    }

    /// Under a name of its own where the name is taken, unless it may replace what is there.
    private func place(_ kept: KeptContent, at path: FilePath, _ metadata: UploadMetadata, _ caller: FileCaller) async throws -> FilePath {
        let description = FileDescription(
            contentType: metadata.contentType, byteCount: kept.byteCount, modifiedTimestamp: metadata.modifiedTimestamp)
        guard let folder = path.parent, let name = path.name else { throw MatrixError.isFolder }
        var candidate = path
        for number in 2...Self.maxNamesTried {
            if metadata.overwrites || path.components.first == FileVolumeName.chats.rawValue {
                let node = try await files.adopt(kept, at: candidate, description, by: caller).node
                return try folder.appending(node.name)
            }
            do {
                _ = try await files.adopt(kept, at: candidate, description, if: .isAbsent, by: caller)
                return candidate
            } catch let error as MatrixError where error.code == .fileChanged {
                // The same file, sent again because the first answer was lost, is there already.
                if let node = try? await files.node(at: candidate, for: caller), node.hash == kept.hash { return candidate }
            }
            candidate = try folder.appending(FileNaming.numbered(name, number))
        }
        throw MatrixError.nameTaken
    }
}
