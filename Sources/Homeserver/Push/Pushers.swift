public import MatrixCore
import Storage

/// The places that users have their notifications sent to.
///
/// spec: client-server-api/#push-notifications
public struct Pushers: Sendable {
    let database: Database
    let clock: Clock
    let delivery: PushDelivery

    /// The user's oldest one goes for one more: phones that are gone leave theirs behind.
    static let maxPushersOfUser = 30
    static let maxAppIDCharacters = 64
    static let maxPushkeyBytes = 512
    static let maxSettingsBytes = 8 << 10
    /// What a push gateway has to be called, which keeps pushes away from programs that are none.
    static let path = "/_matrix/push/v1/notify"

    /// The pushers of a user, as JSON objects.
    ///
    /// spec: client-server-api/#get_matrixclientv3pushers
    public func list(of user: UserID) async throws -> [JSONObject] {
        try await database.read { try $0.pushers(of: user) }.map { pusher in
            var object = try JSONObject(parsing: pusher.settings)
            object["app_id"] = .string(pusher.appID)
            object["pushkey"] = .string(pusher.pushkey)
            return object
        }
    }

    /// spec: client-server-api/#post_matrixclientv3pushersset
    public func set(_ body: JSONObject, session: Session) async throws {
        guard let kind = body["kind"] else { throw MatrixError(.missingParameter, "kind is missing.") }
        let appID = try body.requiredString("app_id")
        let pushkey = try body.requiredString("pushkey")
        guard !appID.isEmpty, appID.unicodeScalars.count <= Self.maxAppIDCharacters else {
            throw MatrixError(.invalidParameter, "app_id has 1 to \(Self.maxAppIDCharacters) characters.")
        }
        guard !pushkey.isEmpty, pushkey.utf8.count <= Self.maxPushkeyBytes else {
            throw MatrixError(.invalidParameter, "pushkey has 1 to \(Self.maxPushkeyBytes) bytes.")
        }
        if kind.isNull { return try await remove(appID, pushkey, of: session.userID) }
        guard kind.stringValue == "http" else {
            throw MatrixError(.invalidParameter, "This box pushes over HTTP only, not by mail: kind is http or null.")
        }
        let settings = try Self.settings(body)
        let sharesPushkey = try body.optionalBool("append") ?? false
        let timestamp = clock.nowMilliseconds / 1_000
        try await database.write { [self] transaction in
            var changed: Set<UserID> = [session.userID]
            if !sharesPushkey {
                for user in try transaction.usersWithPusher(appID: appID, pushkey: pushkey) where user != session.userID {
                    try transaction.deletePusher(appID, pushkey, of: user)
                    changed.insert(user)
                }
            }
            try transaction.setPusher(
                appID, pushkey, of: session.userID, device: session.deviceKey, settings: settings, timestamp: timestamp,
                position: transaction.lastPosition)
            let own = try transaction.pushers(of: session.userID)
            for stale in own.filter({ $0.pushkey != pushkey || $0.appID != appID }).prefix(max(0, own.count - Self.maxPushersOfUser)) {
                try transaction.deletePusher(stale.key)
            }
            for user in changed { try delivery.pushersChanged(of: user, in: transaction) }
        }
    }

    private func remove(_ appID: String, _ pushkey: String, of user: UserID) async throws {
        try await database.write { [delivery] transaction in
            try transaction.deletePusher(appID, pushkey, of: user)
            try delivery.pushersChanged(of: user, in: transaction)
        }
    }

    /// A pusher goes with the device that set it.
    func deviceEnds(_ device: Int64, of user: UserID, in transaction: WriteTransaction) throws {
        if try transaction.deletePushers(ofDevice: device) { try delivery.pushersChanged(of: user, in: transaction) }
    }

    /// What is kept of a request, checked.
    private static func settings(_ body: JSONObject) throws -> [UInt8] {
        let names = ["app_display_name", "device_display_name", "lang"]
        let missing = (names + ["data"]).filter { body[$0]?.isNull ?? true }
        guard missing.isEmpty else { throw MatrixError(.missingParameter, "Missing: \(missing.joined(separator: ", ")).") }
        var settings: JSONObject = ["kind": "http"]
        for name in names { settings[name] = .string(try body.requiredString(name)) }
        if let tag = try body.optionalString("profile_tag") { settings["profile_tag"] = .string(tag) }
        let data = try body.optionalObject("data") ?? [:]
        guard let text = try data.optionalString("url") else { throw MatrixError(.missingParameter, "data has no url.") }
        guard let url = HTTPURL(text), url.path == path else {
            throw MatrixError(.invalidParameter, "data.url is an http or https URL with the path \(path).")
        }
        if let format = data["format"], format.stringValue == nil {
            throw MatrixError(.invalidParameter, "data.format must be a string.")
        }
        settings["data"] = .object(data)
        let bytes = settings.serialized()
        guard bytes.count <= maxSettingsBytes else { throw MatrixError(.invalidParameter, "The pusher is too large.") }
        return bytes
    }
}
