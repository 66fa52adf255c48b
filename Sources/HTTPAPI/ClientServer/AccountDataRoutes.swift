import Homeserver
import MatrixCore

/// spec: client-server-api/#client-config and client-server-api/#room-tagging
enum AccountDataRoutes {
    // spec: client-server-api/#get_matrixclientv3useruseridaccount_datatype
    static func get(_ request: APIRequest) async throws -> Reply {
        .jsonBytes(try await request.homeserver.accountData.content(request.parameter("type"), of: request.ownUserID(), room: nil))
    }

    // spec: client-server-api/#put_matrixclientv3useruseridaccount_datatype
    static func set(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.accountData.set(request.parameter("type"), of: request.ownUserID(), room: nil, to: request.body())
        return .empty
    }

    /// Proposed as MSC3391; matrix-js-sdk uses it where `/versions` names it.
    static func delete(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.accountData.delete(request.parameter("type"), of: request.ownUserID(), room: nil)
        return .empty
    }

    /// The same of a room.
    static func deleteOfRoom(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.accountData.delete(request.parameter("type"), of: request.ownUserID(), room: request.roomID())
        return .empty
    }

    // spec: client-server-api/#get_matrixclientv3useruseridroomsroomidaccount_datatype
    static func getOfRoom(_ request: APIRequest) async throws -> Reply {
        .jsonBytes(try await request.homeserver.accountData.content(request.parameter("type"), of: request.ownUserID(), room: request.roomID()))
    }

    // spec: client-server-api/#put_matrixclientv3useruseridroomsroomidaccount_datatype
    static func setOfRoom(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.accountData.set(
            request.parameter("type"), of: request.ownUserID(), room: request.roomID(), to: request.body())
        return .empty
    }

    // spec: client-server-api/#get_matrixclientv3useruseridroomsroomidtags
    static func tags(_ request: APIRequest) async throws -> Reply {
        .json(try await request.homeserver.accountData.tags(of: request.ownUserID(), room: request.roomID()))
    }

    // spec: client-server-api/#put_matrixclientv3useruseridroomsroomidtagstag
    static func setTag(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.accountData.setTag(
            request.parameter("tag"), of: request.ownUserID(), room: request.roomID(), to: request.optionalBody())
        return .empty
    }

    // spec: client-server-api/#delete_matrixclientv3useruseridroomsroomidtagstag
    static func deleteTag(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.accountData.deleteTag(request.parameter("tag"), of: request.ownUserID(), room: request.roomID())
        return .empty
    }
}
