import MatrixCore
import Storage

/// Collects the answer of `/keys/query` as one user may see it.
struct PublishedKeys {
    let viewer: UserID
    private var devices: JSONObject = [:]
    private var masterKeys: JSONObject = [:]
    private var selfSigningKeys: JSONObject = [:]
    private var userSigningKeys: JSONObject = [:]

    init(viewer: UserID) { self.viewer = viewer }

    var json: JSONObject {
        [
            "device_keys": .object(devices), "master_keys": .object(masterKeys), "self_signing_keys": .object(selfSigningKeys),
            "user_signing_keys": .object(userSigningKeys),
        ]
    }

    /// - Parameter devices: those that are asked for; empty for all.
    mutating func add(_ user: UserID, devices asked: Set<String>, in transaction: ReadTransaction) throws {
        var found: JSONObject = [:]
        for device in try transaction.publishedDevices(of: user) where asked.isEmpty || asked.contains(device.deviceID.rawValue) {
            var keys = try signed(JSONObject(parsing: device.keys), keyID: device.deviceID.rawValue, of: user, in: transaction)
            keys["unsigned"] = .object(device.displayName.map { ["device_display_name": .string($0)] } ?? [:])
            found[device.deviceID.rawValue] = .object(keys)
        }
        devices[user.rawValue] = .object(found)
        for (usage, json) in try transaction.crossSigningKeys(of: user) {
            let key = try CrossSigningKey(stored: JSONObject(parsing: json))
            let object = JSONValue.object(try signed(key.json, keyID: key.publicKey, of: user, in: transaction))
            switch CrossSigningKey.Usage(rawValue: usage) {
            case .master: masterKeys[user.rawValue] = object
            case .selfSigning: selfSigningKeys[user.rawValue] = object
            // Whom somebody has verified is their own affair.
            case .userSigning: if user == viewer { userSigningKeys[user.rawValue] = object }
            case nil: break
            }
        }
    }

    private func signed(_ key: JSONObject, keyID: String, of user: UserID, in transaction: ReadTransaction) throws -> JSONObject {
        KeySignatures.adding(try transaction.signatures(ofKey: keyID, of: user, visibleTo: viewer), to: key)
    }
}
