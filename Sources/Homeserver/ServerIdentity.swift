import Cryptography
import MatrixCore
import Storage

/// The name in every user ID and the key that signs events. Both are made at the first start and never change.
struct ServerIdentity: Sendable {
    let serverName: String
    let keyID: String
    let key: Ed25519PrivateKey

    /// Reads the identity, or makes one: `requested` or an invented name.
    ///
    /// The name says nothing about addresses, which change on a home network.
    static func load(_ requested: String?, in transaction: WriteTransaction) throws -> ServerIdentity {
        let stored = try transaction.serverValue("server_name")
        if let stored, let requested, stored != requested {
            throw StorageError(
                .other, "This box is named \(stored); its name cannot become \(requested).",
                hint: "Start without --server-name, or with another data directory.")
        }
        let name = stored ?? requested ?? inventedName()
        guard ServerName.isValid(name) else {
            throw StorageError(.other, "\(name) is not a valid server name.", hint: "Use letters, digits, dots and hyphens, like home.local.")
        }
        if stored == nil { try transaction.setServerValue("server_name", name) }

        if let seed = try transaction.serverBytes("signing_key"), let key = Ed25519PrivateKey(seed: seed),
            let keyID = try transaction.serverValue("signing_key_id")
        {
            return ServerIdentity(serverName: name, keyID: keyID, key: key)
        }
        let key = Ed25519PrivateKey()
        let keyID = "ed25519:" + SecureRandom.string(length: 6, alphabet: "abcdefghijkmnpqrstuvwxyz23456789")
        try transaction.setServerValue("signing_key", key.seed)
        try transaction.setServerValue("signing_key_id", keyID)
        return ServerIdentity(serverName: name, keyID: keyID, key: key)
    }

    /// `home-k7q2.local`: readable, and different from the neighbour's box.
    private static func inventedName() -> String { "home-" + SecureRandom.string(length: 4, alphabet: "abcdefghijkmnpqrstuvwxyz23456789") + ".local" }
}
