import MatrixCore
import Storage

/// The `signatures` of a key object: by user, then by the ID of the key that signed.
enum KeySignatures {
    static func check(in key: JSONObject) throws(MatrixError) {
        for user in try key.optionalObject("signatures")?.members ?? [] {
            guard let signatures = user.value.objectValue, signatures.members.allSatisfy({ $0.value.stringValue != nil }) else {
                throw MatrixError(.badJSON, "signatures are strings, by user and key.")
            }
        }
    }

    /// The key with those that came later.
    static func adding(_ signatures: [KeySignature], to key: JSONObject) -> JSONObject {
        guard !signatures.isEmpty else { return key }
        var all = key.object("signatures") ?? [:]
        for signature in signatures {
            var own = all.object(signature.signer.rawValue) ?? [:]
            own[signature.signingKeyID] = .string(signature.signature)
            all[signature.signer.rawValue] = .object(own)
        }
        var signed = key
        signed["signatures"] = .object(all)
        return signed
    }

    /// Whether both say the same, whoever signed it.
    static func areEqualWithoutSignatures(_ one: JSONObject, _ other: JSONObject) -> Bool {
        Signing.signedBytes(of: one) == Signing.signedBytes(of: other)
    }
}
