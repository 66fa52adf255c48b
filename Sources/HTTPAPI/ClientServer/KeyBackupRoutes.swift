import Homeserver
import MatrixCore

/// spec: client-server-api/#server-side-key-backups
enum KeyBackupRoutes {
    // MARK: Versions

    // spec: client-server-api/#post_matrixclientv3room_keysversion
    static func create(_ request: APIRequest) async throws -> Reply {
        .json(try await request.homeserver.keyBackup.create(request.body(), by: request.session.userID))
    }

    // spec: client-server-api/#get_matrixclientv3room_keysversion
    static func newest(_ request: APIRequest) async throws -> Reply {
        .json(try await request.homeserver.keyBackup.get(nil, of: request.session.userID))
    }

    // spec: client-server-api/#get_matrixclientv3room_keysversionversion
    static func get(_ request: APIRequest) async throws -> Reply {
        .json(try await request.homeserver.keyBackup.get(request.parameter("version"), of: request.session.userID))
    }

    // spec: client-server-api/#put_matrixclientv3room_keysversionversion
    static func update(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.keyBackup.update(request.parameter("version"), request.body(), by: request.session.userID)
        return .empty
    }

    // spec: client-server-api/#delete_matrixclientv3room_keysversionversion
    static func delete(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.keyBackup.delete(request.parameter("version"), of: request.session.userID)
        return .empty
    }

    // MARK: Keys: all, those of a room, or one

    // spec: client-server-api/#put_matrixclientv3room_keyskeys
    static func storeAll(_ request: APIRequest) async throws -> Reply { try await storeKeys(request) }

    // spec: client-server-api/#put_matrixclientv3room_keyskeysroomid
    static func storeOfRoom(_ request: APIRequest) async throws -> Reply { try await storeKeys(request, room: request.roomID()) }

    // spec: client-server-api/#put_matrixclientv3room_keyskeysroomidsessionid
    static func storeOne(_ request: APIRequest) async throws -> Reply {
        try await storeKeys(request, room: request.roomID(), session: request.parameter("sessionId"))
    }

    // spec: client-server-api/#get_matrixclientv3room_keyskeys
    static func getAll(_ request: APIRequest) async throws -> Reply { try await readKeys(request) }

    // spec: client-server-api/#get_matrixclientv3room_keyskeysroomid
    static func getOfRoom(_ request: APIRequest) async throws -> Reply { try await readKeys(request, room: request.roomID()) }

    // spec: client-server-api/#get_matrixclientv3room_keyskeysroomidsessionid
    static func getOne(_ request: APIRequest) async throws -> Reply {
        try await readKeys(request, room: request.roomID(), session: request.parameter("sessionId"))
    }

    // spec: client-server-api/#delete_matrixclientv3room_keyskeys
    static func deleteAll(_ request: APIRequest) async throws -> Reply { try await deleteKeys(request) }

    // spec: client-server-api/#delete_matrixclientv3room_keyskeysroomid
    static func deleteOfRoom(_ request: APIRequest) async throws -> Reply { try await deleteKeys(request, room: request.roomID()) }

    // spec: client-server-api/#delete_matrixclientv3room_keyskeysroomidsessionid
    static func deleteOne(_ request: APIRequest) async throws -> Reply {
        try await deleteKeys(request, room: request.roomID(), session: request.parameter("sessionId"))
    }

    private static func storeKeys(_ request: APIRequest, room: RoomID? = nil, session: String? = nil) async throws -> Reply {
        let version = try version(of: request)
        let entries = try await BackupEntry.entries(of: request.body(), roomID: room, sessionID: session)
        return .json(try await request.homeserver.keyBackup.store(entries, version: version, by: request.session.userID))
    }

    private static func readKeys(_ request: APIRequest, room: RoomID? = nil, session: String? = nil) async throws -> Reply {
        let version = try version(of: request)
        let backup = request.homeserver.keyBackup
        return .jsonBytes(try await backup.keys(roomID: room, sessionID: session, version: version, of: request.session.userID))
    }

    private static func deleteKeys(_ request: APIRequest, room: RoomID? = nil, session: String? = nil) async throws -> Reply {
        let version = try version(of: request)
        let backup = request.homeserver.keyBackup
        return .json(try await backup.deleteKeys(roomID: room, sessionID: session, version: version, of: request.session.userID))
    }

    private static func version(of request: APIRequest) throws(MatrixError) -> String {
        guard let version = request.query("version") else { throw MatrixError(.missingParameter, "version is missing.") }
        return version
    }
}
