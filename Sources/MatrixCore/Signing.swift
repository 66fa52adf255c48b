public import Cryptography

/// Signatures of JSON objects.
///
/// spec: appendices/#signing-json
public enum Signing {
    /// The object with one more signature. `keyID` is the whole identifier, such as `ed25519:1`.
    public static func sign(_ object: JSONObject, name: String, keyID: String, key: Ed25519PrivateKey) -> JSONObject {
        let signature = key.sign(signedBytes(of: object))
        var signatures = object.object("signatures") ?? [:]
        var own = signatures.object(name) ?? [:]
        own[keyID] = .string(Base64.encode(signature))
        signatures[name] = .object(own)
        var signed = object
        signed["signatures"] = .object(signatures)
        return signed
    }

    /// Whether `name` signed the object with one of these keys. Signatures of unknown keys do not count.
    public static func verify(_ object: JSONObject, name: String, keys: [String: [UInt8]]) -> Bool {
        guard let signatures = object.object("signatures")?.object(name) else { return false }
        let known = signatures.members.filter { $0.key.hasPrefix("ed25519:") && keys[$0.key] != nil }
        guard !known.isEmpty else { return false }
        let message = signedBytes(of: object)
        return known.allSatisfy { member in
            guard let key = keys[member.key], let signature = member.value.stringValue.flatMap({ Base64.decode($0) }) else { return false }
            return Ed25519.verify(signature: signature, message: message, publicKey: key)
        }
    }

    /// What a signature covers.
    public static func signedBytes(of object: JSONObject) -> [UInt8] {
        var covered = object
        covered["signatures"] = nil
        covered["unsigned"] = nil
        return covered.serialized()
    }
}

/// Hashes of events, by the server-server API.
public enum EventHash {
    /// spec: server-server-api/#calculating-the-content-hash-for-an-event
    public static func contentHash(of pdu: JSONObject) -> [UInt8] {
        var covered = pdu
        for key in ["unsigned", "signatures", "hashes"] { covered[key] = nil }
        return Digest.sha256(covered.serialized())
    }

    /// spec: server-server-api/#calculating-the-reference-hash-for-an-event
    public static func referenceHash(of pdu: JSONObject, version: RoomVersion) -> [UInt8] {
        Digest.sha256(Signing.signedBytes(of: Redaction.redacted(pdu, version: version)))
    }

    /// The PDU with its content hash and this server's signature, which covers only what a redaction keeps.
    ///
    /// spec: server-server-api/#adding-hashes-and-signatures-to-outgoing-events
    public static func hashAndSign(
        _ pdu: JSONObject, version: RoomVersion, name: String, keyID: String, key: Ed25519PrivateKey
    ) -> JSONObject {
        var hashed = pdu
        hashed["hashes"] = ["sha256": .string(Base64.encode(contentHash(of: pdu)))]
        let signed = Signing.sign(Redaction.redacted(hashed, version: version), name: name, keyID: keyID, key: key)
        hashed["signatures"] = signed["signatures"]
        return hashed
    }

    /// spec: server-server-api/#validating-hashes-and-signatures-on-received-events
    public static func verifySignature(_ pdu: JSONObject, version: RoomVersion, name: String, keys: [String: [UInt8]]) -> Bool {
        Signing.verify(Redaction.redacted(pdu, version: version), name: name, keys: keys)
    }
}
