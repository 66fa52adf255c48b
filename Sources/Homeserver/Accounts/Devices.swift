public import MatrixCore
import Storage

/// A device of a user: one login.
public struct Device: Sendable {
    public let deviceID: DeviceID
    public let displayName: String?
    public let lastSeenTimestamp: Int64?
    public let lastSeenAddress: String?

    /// What is not known is `null`, as Synapse has it: matrix-nio refuses the whole list where a device lacks a member.
    ///
    /// spec: client-server-api/#get_matrixclientv3devices
    public var json: JSONObject {
        [
            "device_id": .string(deviceID.rawValue),
            "display_name": displayName.map { .string($0) } ?? .null,
            "last_seen_ts": lastSeenTimestamp.map { .integer($0) } ?? .null,
            "last_seen_ip": lastSeenAddress.map { .string($0) } ?? .null,
        ]
    }
}

/// The devices of a user, seen by that user.
public struct Devices: Sendable {
    static let maxDeletedAtOnce = 1_000

    let database: Database
    let sessions: Sessions
    let authentication: UserInteractiveAuthentication
    let keys: DeviceKeys

    public func list(of user: UserID) async throws -> [Device] {
        try await database.read { try $0.devices(of: user) }.map(device)
    }

    public func get(_ id: DeviceID, of user: UserID) async throws -> Device {
        guard let record = try await database.read({ try $0.device(id, of: user) }) else { throw Self.notFound }
        return device(record)
    }

    /// `nil` leaves the name as it is. An application service makes a device so that was not there.
    ///
    /// - Returns: whether the device is new.
    @discardableResult
    public func rename(_ id: DeviceID, to displayName: String?, session: Session) async throws -> Bool {
        let user = session.userID
        let displayName = displayName?.truncated(toBytes: Sessions.maxDisplayNameBytes)
        return try await database.write { transaction in
            guard let record = try transaction.device(id, of: user) else {
                guard session.applicationService != nil else { throw Self.notFound }
                guard try transaction.deviceCount(of: user) < Sessions.maxDevicesOfUser else {
                    throw MatrixError(.tooLarge, "A user may have at most \(Sessions.maxDevicesOfUser) devices.")
                }
                _ = try transaction.insertDevice(id, of: user, displayName: displayName)
                try keys.devicesChanged(of: user, in: transaction)
                return true
            }
            guard let displayName else { return false }
            try transaction.setDisplayName(displayName, ofDevice: record.key)
            try keys.devicesChanged(of: user, in: transaction)
            return false
        }
    }

    /// Deletes one device, which logs it out. One that is gone already is no error.
    public func delete(_ id: DeviceID, _ request: InteractiveRequest, session: Session) async throws {
        let proof = try await authentication.authenticate(request, as: session.userID, flows: [[.password]])
        try await delete([id], proof, session)
    }

    /// Deletes the devices that the request's body lists.
    ///
    /// spec: client-server-api/#post_matrixclientv3delete_devices
    public func deleteListed(_ request: InteractiveRequest, session: Session) async throws {
        _ = try Self.deviceIDs(in: authentication.parameters(of: request))
        let proof = try await authentication.authenticate(request, as: session.userID, flows: [[.password]])
        try await delete(Self.deviceIDs(in: proof.body), proof, session)
    }

    private func delete(_ ids: [DeviceID], _ proof: UserInteractiveAuthentication.Proof, _ session: Session) async throws {
        try await database.write { transaction in
            for id in ids {
                guard let record = try transaction.device(id, of: session.userID) else { continue }
                try sessions.end(record, of: session.userID, in: transaction)
            }
        }
        authentication.end(proof)
    }

    private static func deviceIDs(in body: JSONObject) throws(MatrixError) -> [DeviceID] {
        guard let list = try body.optionalArray("devices") else { throw MatrixError(.missingParameter, "devices is missing.") }
        guard list.count <= maxDeletedAtOnce else { throw MatrixError(.tooLarge, "At most \(maxDeletedAtOnce) devices can be deleted at once.") }
        var ids: [DeviceID] = []
        for value in list {
            guard let id = value.stringValue.flatMap({ DeviceID($0) }) else { throw MatrixError(.invalidParameter, "devices lists device IDs.") }
            ids.append(id)
        }
        return ids
    }

    private func device(_ record: DeviceRecord) -> Device {
        let sighting = sessions.sighting(ofDevice: record.key)
        return Device(
            deviceID: record.deviceID, displayName: record.displayName, lastSeenTimestamp: sighting?.timestamp ?? record.lastSeenTimestamp,
            lastSeenAddress: sighting?.address ?? record.lastSeenAddress)
    }

    private static let notFound = MatrixError(.notFound, "There is no such device.")
}
