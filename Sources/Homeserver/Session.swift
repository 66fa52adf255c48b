public import MatrixCore

/// Who is asking: the account and device behind an access token.
public struct Session: Sendable, Hashable {
    public let userID: UserID
    /// Empty where there is none, see `hasDevice`.
    public let deviceID: DeviceID
    /// The device's key in the database, for transaction IDs.
    let deviceKey: Int64
    public let isAdministrator: Bool
    /// Guests may do little. spec: client-server-api/#guest-access
    public var isGuest = false
    /// The application service that asks with its own token.
    public var applicationService: ApplicationService?

    /// An application service acts for a user and names no device. `key` stands for one.
    static func withoutDevice(_ user: UserID, key: Int64, of service: ApplicationService) -> Session {
        Session(userID: user, deviceID: DeviceID(trusted: ""), deviceKey: -key, isAdministrator: false, applicationService: service)
    }

    public var hasDevice: Bool { deviceKey > 0 }

    /// Throws where something cannot be done without a device.
    ///
    /// spec: application-service-api/#identity-assertion
    func requireDevice() throws(MatrixError) {
        guard hasDevice else { throw MatrixError(.missingParameter, "This needs a device: name one in the query, as device_id.") }
    }

    /// Whether the sender may be slowed down.
    var isRateLimited: Bool { applicationService?.isRateLimited(as: userID) ?? true }
}
