import Cryptography
import MatrixCore
import Storage

/// A key that signs other keys: an object with one Ed25519 key.
///
/// spec: client-server-api/#cross-signing
struct CrossSigningKey: Sendable {
    enum Usage: String, Sendable, CaseIterable {
        case master = "master"
        case selfSigning = "self_signing"
        case userSigning = "user_signing"

        /// Its name in requests.
        var member: String { rawValue + "_key" }
    }

    static let maxBytes = 16 << 10

    let json: JSONObject
    /// Unpadded Base64, as clients name it.
    let publicKey: String

    var keyID: String { "ed25519:" + publicKey }
    /// For `Signing.verify`.
    var verificationKeys: [String: [UInt8]] { Base64.decode(publicKey).map { [keyID: $0] } ?? [:] }

    /// From a request.
    init(_ object: JSONObject, usage: Usage, owner: UserID) throws(MatrixError) {
        guard try object.requiredString("user_id") == owner.rawValue else {
            throw MatrixError(.invalidParameter, "The \(usage.member) belongs to another user.")
        }
        guard object.array("usage")?.contains(.string(usage.rawValue)) == true else {
            throw MatrixError(.invalidParameter, "The \(usage.member) is for another use.")
        }
        guard let keys = try object.optionalObject("keys"), keys.count == 1, let member = keys.members.first,
            let publicKey = member.value.stringValue, member.key.utf8.elementsEqual("ed25519:\(publicKey)".utf8),
            Base64.decode(publicKey)?.count == Ed25519.publicKeyBytes
        else { throw MatrixError(.invalidParameter, "The \(usage.member) must have exactly one Ed25519 key, named by itself.") }
        try KeySignatures.check(in: object)
        var json = object
        json["unsigned"] = nil
        guard json.serialized().count <= Self.maxBytes else { throw MatrixError(.tooLarge, "The \(usage.member) is too long.") }
        self.json = json
        self.publicKey = publicKey
    }

    init(stored json: JSONObject) throws {
        guard let publicKey = json.object("keys")?.members.first?.value.stringValue else {
            throw StorageError(.corrupt, "A cross-signing key has no key.")
        }
        self.json = json
        self.publicKey = publicKey
    }
}

extension ReadTransaction {
    func crossSigningKey(_ usage: CrossSigningKey.Usage, of user: UserID) throws -> CrossSigningKey? {
        try crossSigningKeys(of: user)[usage.rawValue].map { try CrossSigningKey(stored: JSONObject(parsing: $0)) }
    }
}
