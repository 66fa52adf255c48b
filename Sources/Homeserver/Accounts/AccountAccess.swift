public import MatrixCore

/// An account and, if its user was logged in, the way to use it.
public struct AccountAccess: Sendable {
    public let userID: UserID
    public let deviceID: DeviceID?
    public let accessToken: String?
    /// How the authentication went, for a registration with a token.
    ///
    /// matrix-nio's `register_with_token` always adds a dummy stage, and takes the answer before it for an error if these members are
    /// missing (matrix-nio 0.26). The dummy stage then gives the same account again.
    var authentication: JSONObject = [:]

    /// The body of a successful login or registration.
    public var json: JSONObject {
        var body = authentication
        body["user_id"] = .string(userID.rawValue)
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
