import Homeserver
import MatrixCore

/// spec: client-server-api/#cross-signing
enum CrossSigningRoutes {
    // spec: client-server-api/#post_matrixclientv3keysdevice_signingupload
    static func uploadKeys(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.crossSigning.upload(request.interactive(), session: request.session)
        return .empty
    }

    // spec: client-server-api/#post_matrixclientv3keyssignaturesupload
    static func uploadSignatures(_ request: APIRequest) async throws -> Reply {
        let failures = try await request.homeserver.crossSigning.addSignatures(request.body(), by: request.session.userID)
        return .json(["failures": .object(failures)])
    }
}
