public import MatrixCore

/// Who is asking: the account and device behind an access token.
public struct Session: Sendable, Hashable {
    public let userID: UserID
    public let deviceID: DeviceID
    /// The device's key in the database, for transaction IDs.
    let deviceKey: Int64
    public let isAdministrator: Bool
    /// Guests may do little. spec: client-server-api/#guest-access
    public var isGuest = false
}
