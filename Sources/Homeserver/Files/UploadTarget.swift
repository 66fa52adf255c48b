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
        let description = FileDescription(
            contentType: metadata.contentType, byteCount: kept.byteCount, modifiedTimestamp: metadata.modifiedTimestamp)
        if metadata.overwrites {
            let node = try await files.adopt(kept, at: path, description, by: FileCaller(user)).node
            return .path(try (path.parent ?? path).appending(node.name).description)
        }
        return .path(try await files.adoptUnderFreeName(kept, at: path, description, by: FileCaller(user)).description)
    }

    private func description(_ metadata: UploadMetadata, _ byteCount: Int64?) -> Media.Description {
        Media.Description(contentType: metadata.contentType, fileName: metadata.fileName, byteCount: byteCount)
    }
}
