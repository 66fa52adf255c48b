public import MatrixCore

/// A signature of a published key, made by one of `signer`'s keys.
public struct KeySignature: Sendable, Hashable {
    public let signer: UserID
    public let signingKeyID: String
    public let signature: String

    public init(signer: UserID, signingKeyID: String, signature: String) {
        self.signer = signer
        self.signingKeyID = signingKeyID
        self.signature = signature
    }
}

extension ReadTransaction {
    /// The user's cross-signing keys as JSON, by usage.
    public func crossSigningKeys(of user: UserID) throws -> [String: [UInt8]] {
        var keys: [String: [UInt8]] = [:]
        try connection.forEachRow("SELECT usage, key FROM cross_signing_keys WHERE user_id = ?", user) { row in
            keys[row.text(0)] = row.blob(1)
            return true
        }
        return keys
    }

    /// The signatures of a key that `viewer` may see: those of its owner, and those that the viewer made.
    public func signatures(ofKey keyID: String, of owner: UserID, visibleTo viewer: UserID) throws -> [KeySignature] {
        try connection.all(
            "SELECT signer, signing_key_id, signature FROM key_signatures WHERE user_id = ?1 AND key_id = ?2 AND (signer = ?1 OR signer = ?3)",
            owner, keyID, viewer
        ) { KeySignature(signer: $0.userID(0), signingKeyID: $0.text(1), signature: $0.text(2)) }
    }
}

extension WriteTransaction {
    /// Sets a cross-signing key. The signatures of and by the one before go with it.
    public func setCrossSigningKey(_ key: [UInt8], publicKey: String, usage: String, of user: UserID) throws {
        try deleteCrossSigningKey(usage: usage, of: user, unless: publicKey)
        try connection.run(
            """
            INSERT INTO cross_signing_keys (user_id, usage, public_key, key) VALUES (?, ?, ?, ?)
            ON CONFLICT (user_id, usage) DO UPDATE SET public_key = excluded.public_key, key = excluded.key
            """, user, usage, publicKey, key)
    }

    /// Deletes a cross-signing key with the signatures of it and by it, unless it is the one with this public key.
    public func deleteCrossSigningKey(usage: String, of user: UserID, unless kept: String? = nil) throws {
        let old = try connection.first("SELECT public_key FROM cross_signing_keys WHERE user_id = ? AND usage = ?", user, usage) { $0.text(0) }
        guard let old, old != kept else { return }
        try connection.run("DELETE FROM cross_signing_keys WHERE user_id = ? AND usage = ?", user, usage)
        try deleteSignatures(ofKey: old, of: user)
        try connection.run("DELETE FROM key_signatures WHERE signer = ? AND signing_key_id = ?", user, "ed25519:" + old)
    }

    public func setSignature(_ signature: KeySignature, ofKey keyID: String, of owner: UserID) throws {
        try connection.run(
            """
            INSERT INTO key_signatures (user_id, key_id, signer, signing_key_id, signature) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (user_id, key_id, signer, signing_key_id) DO UPDATE SET signature = excluded.signature
            """, owner, keyID, signature.signer, signature.signingKeyID, signature.signature)
    }

    public func deleteSignatures(ofKey keyID: String, of owner: UserID) throws {
        try connection.run("DELETE FROM key_signatures WHERE user_id = ? AND key_id = ?", owner, keyID)
    }
}
