internal import COpenSSL

/// The signature algorithm of Matrix.
///
/// spec: appendices/#signing-json
public enum Ed25519 {
    public static let seedBytes = 32
    public static let publicKeyBytes = 32
    public static let signatureBytes = 64

    /// `false` as well for a key or signature of the wrong length.
    public static func verify(signature: [UInt8], message: [UInt8], publicKey: [UInt8]) -> Bool {
        guard signature.count == signatureBytes, publicKey.count == publicKeyBytes,
            let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count)
        else { return false }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}

/// A signing key: 32 secret bytes, from which all else follows.
public struct Ed25519PrivateKey: Sendable {
    public let seed: [UInt8]
    public let publicKey: [UInt8]
    private let handle: PrivateKeyHandle

    /// A new random key.
    public init() {
        let seed = SecureRandom.bytes(Ed25519.seedBytes)
        guard let key = Self(seed: seed) else { preconditionFailure("libcrypto cannot make an Ed25519 key") }
        self = key
    }

    /// `nil` if the seed is not 32 bytes long.
    public init?(seed: [UInt8]) {
        guard seed.count == Ed25519.seedBytes, let handle = PrivateKeyHandle(seed: seed) else { return nil }
        self.seed = seed
        self.handle = handle
        publicKey = handle.publicKey()
    }

    public func sign(_ message: [UInt8]) -> [UInt8] { handle.sign(message) }
}

// Sendable because the key never changes, and libcrypto lets many threads sign with one key.
private final class PrivateKeyHandle: @unchecked Sendable {
    private let key: OpaquePointer

    init?(seed: [UInt8]) {
        guard let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count) else { return nil }
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    func publicKey() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Ed25519.publicKeyBytes) { output, count in
            var length = Ed25519.publicKeyBytes
            precondition(EVP_PKEY_get_raw_public_key(key, output.baseAddress, &length) == 1, "libcrypto cannot derive a public key")
            count = length
        }
    }

    func sign(_ message: [UInt8]) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
        defer { EVP_MD_CTX_free(context) }
        precondition(EVP_DigestSignInit(context, nil, nil, nil, key) == 1, "libcrypto cannot start a signature")
        return [UInt8](unsafeUninitializedCapacity: Ed25519.signatureBytes) { output, count in
            var length = Ed25519.signatureBytes
            precondition(EVP_DigestSign(context, output.baseAddress, &length, message, message.count) == 1, "libcrypto cannot sign")
            count = length
        }
    }
}
