import Homeserver
import MatrixCore

/// Small pictures of the pictures in folders.
enum FileThumbnailRoutes {
    static func thumbnail(_ request: APIRequest) async throws -> Reply {
        guard let path = request.query("path") else { throw MatrixError(.missingParameter, "path is missing.") }
        let wish = try MediaRoutes.thumbnailWish(request)
        let (_, file) = try await request.homeserver.files.open(FilePath(path), for: FileCaller(request.session.userID))
        return try await MediaRoutes.thumbnailReply(file, wish, request)
    }
}
