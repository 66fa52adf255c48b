import HTTPTypes
import Homeserver
import MatrixCore

/// spec: client-server-api/#device-management
enum DeviceRoutes {
    // spec: client-server-api/#get_matrixclientv3devices
    static func list(_ request: APIRequest) async throws -> Reply {
        let devices = try await request.homeserver.devices.list(of: request.session.userID)
        return .json(["devices": .array(devices.map { .object($0.json) })])
    }

    // spec: client-server-api/#get_matrixclientv3devicesdeviceid
    static func get(_ request: APIRequest) async throws -> Reply {
        .json(try await request.homeserver.devices.get(request.deviceID(), of: request.session.userID).json)
    }

    // spec: client-server-api/#put_matrixclientv3devicesdeviceid
    static func rename(_ request: APIRequest) async throws -> Reply {
        let displayName = try await request.body().optionalString("display_name")
        let isNew = try await request.homeserver.devices.rename(request.deviceID(), to: displayName, session: request.session)
        return isNew ? .json([:], status: .created) : .empty
    }

    // spec: client-server-api/#delete_matrixclientv3devicesdeviceid
    static func delete(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.devices.delete(request.deviceID(), request.interactive(), session: request.session)
        return .empty
    }

    // spec: client-server-api/#post_matrixclientv3delete_devices
    static func deleteListed(_ request: APIRequest) async throws -> Reply {
        try await request.homeserver.devices.deleteListed(request.interactive(), session: request.session)
        return .empty
    }
}
