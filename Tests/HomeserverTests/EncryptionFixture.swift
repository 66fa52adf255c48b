import Cryptography
import MatrixCore
import Storage

@testable import Homeserver

/// What a client publishes: keys that are signed as the specification says.
struct TestDevice {
    let session: Session
    let signingKey = Ed25519PrivateKey()

    init(_ session: Session) { self.session = session }

    var keys: JSONObject {
        let id = session.deviceID.rawValue
        let keys: JSONObject = [
            "user_id": .string(session.userID.rawValue), "device_id": .string(id), "algorithms": ["m.olm.v1.curve25519-aes-sha2"],
            "keys": .object(JSONObject([("ed25519:\(id)", .string(Base64.encode(signingKey.publicKey)))])),
        ]
        return signed(keys)
    }

    /// The object with the device's signature.
    func signed(_ object: JSONObject) -> JSONObject {
        Signing.sign(object, name: session.userID.rawValue, keyID: "ed25519:" + session.deviceID.rawValue, key: signingKey)
    }
}

/// The three cross-signing keys of a user.
struct TestIdentity {
    let user: UserID
    let master = Ed25519PrivateKey()
    let selfSigning = Ed25519PrivateKey()
    let userSigning = Ed25519PrivateKey()

    init(_ user: UserID) { self.user = user }

    static func name(_ key: Ed25519PrivateKey) -> String { Base64.encode(key.publicKey) }

    func key(_ key: Ed25519PrivateKey, usage: String, signedBy signer: Ed25519PrivateKey? = nil) -> JSONObject {
        let name = Self.name(key)
        let object: JSONObject = [
            "user_id": .string(user.rawValue), "usage": .array([.string(usage)]),
            "keys": .object(JSONObject([("ed25519:\(name)", .string(name))])),
        ]
        return signer.map { Signing.sign(object, name: user.rawValue, keyID: "ed25519:" + Self.name($0), key: $0) } ?? object
    }

    var upload: JSONObject {
        [
            "master_key": .object(key(master, usage: "master")),
            "self_signing_key": .object(key(selfSigning, usage: "self_signing", signedBy: master)),
            "user_signing_key": .object(key(userSigning, usage: "user_signing", signedBy: master)),
        ]
    }
}

extension HomeFixture {
    /// Publishes the keys of a device.
    func publish(_ device: TestDevice) async throws {
        _ = try await home.deviceKeys.upload(["device_keys": .object(device.keys)], session: device.session)
    }

    /// Uploads one-time keys with these IDs, which say in their value whose they are.
    @discardableResult
    func uploadOneTimeKeys(_ ids: [String], of session: Session) async throws -> JSONObject {
        let keys = JSONObject(ids.map { ("signed_curve25519:\($0)", ["key": .string("key \($0)")]) })
        return try await home.deviceKeys.upload(["one_time_keys": .object(keys)], session: session)
    }

    /// The IDs of the keys that a claim gives for one device.
    func claim(from session: Session, algorithm: String = "signed_curve25519") async throws -> [String] {
        let devices = JSONObject([(session.deviceID.rawValue, .string(algorithm))])
        let answer = try await home.deviceKeys.claim(["one_time_keys": .object(JSONObject([(session.userID.rawValue, .object(devices))]))])
        let keys = answer.object("one_time_keys")?.object(session.userID.rawValue)?.object(session.deviceID.rawValue) ?? [:]
        return keys.members.map(\.key)
    }

    func query(_ users: UserID..., by viewer: Session) async throws -> JSONObject {
        let asked = JSONObject(users.map { ($0.rawValue, []) })
        return try await home.deviceKeys.query(["device_keys": .object(asked)], by: viewer.userID)
    }

    /// Sends one message to devices, by ID or `*`.
    func tell(
        _ user: UserID, devices: [String], _ text: String, by sender: Session, transactionID: String? = nil, type: String = "m.test"
    ) async throws {
        let messages = JSONObject(devices.map { ($0, ["text": .string(text)]) })
        try await home.toDevice.send(
            type: type, messages: JSONObject([(user.rawValue, .object(messages))]), transactionID: transactionID ?? text, session: sender)
    }
}

extension SyncAnswer {
    var toDeviceTexts: [String] {
        body.object("to_device")?.array("events")?.compactMap { $0.objectValue?.object("content")?.string("text") } ?? []
    }

    var changedDeviceLists: [String] { body.object("device_lists")?.array("changed")?.compactMap(\.stringValue) ?? [] }
    var leftDeviceLists: [String] { body.object("device_lists")?.array("left")?.compactMap(\.stringValue) ?? [] }
    var oneTimeKeyCount: Int64? { body.object("device_one_time_keys_count")?.integer("signed_curve25519") }
    var unusedFallbackKeys: [String] { body.array("device_unused_fallback_key_types")?.compactMap(\.stringValue) ?? [] }
}
