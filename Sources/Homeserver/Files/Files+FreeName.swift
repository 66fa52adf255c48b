import MatrixCore
import Storage

extension Files {
    private static let maxNamesTried = 1_000

    /// Makes a content that is kept a file, under another name where the name is taken. Gives its path.
    ///
    /// The same content under the same name is the same file: somebody sent it again because the first answer was lost.
    func adoptUnderFreeName(
        _ kept: KeptContent, at path: FilePath, _ description: FileDescription, by caller: FileCaller
    ) async throws -> FilePath {
        guard let folder = path.parent, let name = path.name else { throw MatrixError.isFolder }
        // Two messages may well bring files of one name.
        if path.components.first == FileVolumeName.chats.rawValue {
            return try folder.appending(try await adopt(kept, at: path, description, by: caller).node.name)
        }
        var candidate = path
        for number in 2...Self.maxNamesTried {
            do {
                _ = try await adopt(kept, at: candidate, description, if: .isAbsent, by: caller)
                return candidate
            } catch let error as MatrixError where error.code == .fileChanged {
                if let node = try? await node(at: candidate, for: caller), node.hash == kept.hash { return candidate }
            }
            candidate = try folder.appending(FileNaming.numbered(name, number))
        }
        throw MatrixError.nameTaken
    }
}
