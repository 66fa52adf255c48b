public import MatrixCore

/// An account and, if its user was logged in, the way to use it.
public struct AccountAccess: Sendable {
    public let userID: UserID
    public let deviceID: DeviceID?
    public let accessToken: String?

    /// The body of a successful login or registration.
    public var json: JSONObject {
        var body: JSONObject = ["user_id": .string(userID.rawValue)]
        if let deviceID { body["device_id"] = .string(deviceID.rawValue) }
        if let accessToken { body["access_token"] = .string(accessToken) }
        return body
    }
}

/// The device that a login or registration asks for.
struct DeviceWish: Sendable {
    let deviceID: DeviceID?
    let displayName: String?

    init(_ body: JSONObject) throws(MatrixError) {
        switch try body.optionalString("device_id") {
        case nil: deviceID = nil
        case let text?:
            guard let id = DeviceID(text) else { throw MatrixError(.invalidParameter, "device_id has 1 to \(maxIdentifierBytes) bytes.") }
            deviceID = id
        }
        displayName = try body.optionalString("initial_device_display_name")
    }
}
