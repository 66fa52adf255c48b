import MatrixCore
import Storage

/// The body of `/keys/upload`, checked.
struct KeyUpload: Sendable {
    struct Key: Sendable {
        let algorithm: String
        let claimable: ClaimableKey
        private let unsigned: JSONValue

        init(name: String, value: JSONValue) throws {
            let parts = name.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, name.utf8.count <= maxIdentifierBytes else {
                throw MatrixError(.invalidParameter, "A key is named by its algorithm and ID: \(name.prefix(maxIdentifierBytes))")
            }
            switch value {
            case .string, .object: break
            default: throw MatrixError(.badJSON, "The key \(name) must be a string or an object.")
            }
            let json = value.serialized()
            guard json.count <= DeviceKeys.maxKeyBytes else { throw MatrixError(.tooLarge, "The key \(name) is too long.") }
            algorithm = String(Substring(parts[0]))
            claimable = ClaimableKey(keyID: String(Substring(parts[1])), key: json)
            unsigned = Self.withoutSignatures(value)
        }

        /// A key that is signed anew is still the same key.
        func isSame(as json: [UInt8]) -> Bool {
            (try? JSONValue(parsing: json)).map(Self.withoutSignatures) == unsigned
        }

        private static func withoutSignatures(_ value: JSONValue) -> JSONValue {
            guard case .object(var object) = value else { return value }
            object["signatures"] = nil
            return .object(object)
        }
    }

    let deviceKeys: [UInt8]?
    let oneTimeKeys: [Key]
    let fallbackKeys: [Key]

    var isEmpty: Bool { deviceKeys == nil && oneTimeKeys.isEmpty && fallbackKeys.isEmpty }

    init(_ body: JSONObject, session: Session) throws {
        deviceKeys = try body.optionalObject("device_keys").map { try Self.checked($0, session: session) }
        oneTimeKeys = try body.optionalObject("one_time_keys")?.members.map { try Key(name: $0.key, value: $0.value) } ?? []
        fallbackKeys = try body.optionalObject("fallback_keys")?.members.map { try Key(name: $0.key, value: $0.value) } ?? []
        guard oneTimeKeys.count <= DeviceKeys.maxOneTimeKeysOfDevice else {
            throw MatrixError(.tooLarge, "A device may have at most \(DeviceKeys.maxOneTimeKeysOfDevice) one-time keys.")
        }
        guard Set(fallbackKeys.map(\.algorithm)).count == fallbackKeys.count else {
            throw MatrixError(.invalidParameter, "There can be one fallback key of each algorithm.")
        }
    }

    private static func checked(_ keys: JSONObject, session: Session) throws -> [UInt8] {
        guard try keys.requiredString("user_id") == session.userID.rawValue, try keys.requiredString("device_id") == session.deviceID.rawValue
        else { throw MatrixError(.invalidParameter, "device_keys belong to another user or device.") }
        guard let algorithms = keys.array("algorithms"), let publicKeys = keys.object("keys"), keys.object("signatures") != nil else {
            throw MatrixError(.badJSON, "device_keys have algorithms, keys and signatures.")
        }
        guard algorithms.allSatisfy({ $0.stringValue != nil }), publicKeys.members.allSatisfy({ $0.value.stringValue != nil }) else {
            throw MatrixError(.badJSON, "device_keys name algorithms and keys by strings.")
        }
        try KeySignatures.check(in: keys)
        var published = keys
        published["unsigned"] = nil
        let json = published.serialized()
        guard json.count <= DeviceKeys.maxDeviceKeysBytes else { throw MatrixError(.tooLarge, "The device keys are too long.") }
        return json
    }
}
