internal import COpenSSL

/// Digests of bytes that are in memory as a whole. For streams see `SHA256Digest`.
public enum Digest {
    public static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { sha256($0) }
    }

    public static func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var digest = SHA256Digest()
        digest.update(bytes)
        return digest.finalize()
    }

    public static func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        hmac(EVP_sha256(), key: key, message)
    }

    /// Only for the time-limited credentials of TURN servers, which are defined with SHA-1.
    public static func hmacSHA1(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        hmac(EVP_sha1(), key: key, message)
    }

    /// Lower-case hexadecimal digits.
    public static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(hexadecimalDigits[Int(byte >> 4)])
            text.append(hexadecimalDigits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static let hexadecimalDigits = [UInt8]("0123456789abcdef".utf8)

    private static func hmac(_ algorithm: OpaquePointer?, key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { output, count in
            var length: UInt32 = 0
            let result = HMAC(algorithm, key, Int32(key.count), message, message.count, output.baseAddress, &length)
            precondition(result != nil, "libcrypto cannot compute an HMAC")
            count = Int(length)
        }
    }
}

/// SHA-256 of a stream, piece by piece. A value: a copy continues on its own.
public struct SHA256Digest: Sendable {
    public static let byteCount = 32

    private var context: DigestContext

    public init() { context = DigestContext() }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if !isKnownUniquelyReferenced(&context) { context = DigestContext(copying: context) }
        context.update(bytes)
    }

    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    public mutating func update(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The digest of everything so far. The stream then starts anew.
    public mutating func finalize() -> [UInt8] {
        if !isKnownUniquelyReferenced(&context) { context = DigestContext(copying: context) }
        return context.finalize()
    }
}

/// The checksum of a stream by an algorithm that the other end has chosen. For anything of our own there is SHA-256.
public final class ChecksumDigest {
    public enum Algorithm: String, Sendable, CaseIterable {
        case sha1
        case sha256
    }

    private let context: DigestContext

    public init(_ algorithm: Algorithm) { context = DigestContext(algorithm == .sha1 ? DigestContext.sha1 : DigestContext.sha256) }

    public func update(_ bytes: UnsafeRawBufferPointer) { context.update(bytes) }

    public func finalize() -> [UInt8] { context.finalize() }
}

// Sendable because the digests change it only while they hold the only reference.
private final class DigestContext: @unchecked Sendable {
    private let pointer: OpaquePointer
    private let algorithm: OpaquePointer

    // An explicit fetch, once: the implicit one costs more than hashing a short event.
    nonisolated(unsafe) static let sha256 = fetch("SHA256")
    nonisolated(unsafe) static let sha1 = fetch("SHA1")

    private static func fetch(_ name: String) -> OpaquePointer {
        guard let algorithm = EVP_MD_fetch(nil, name, nil) else { preconditionFailure("libcrypto has no \(name)") }
        return algorithm
    }

    init(_ algorithm: OpaquePointer = sha256) {
        self.algorithm = algorithm
        pointer = Self.allocate()
        start()
    }

    init(copying other: DigestContext) {
        algorithm = other.algorithm
        pointer = Self.allocate()
        precondition(EVP_MD_CTX_copy_ex(pointer, other.pointer) == 1, "libcrypto cannot copy a digest")
    }

    deinit { EVP_MD_CTX_free(pointer) }

    func update(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        precondition(EVP_DigestUpdate(pointer, bytes.baseAddress, bytes.count) == 1, "libcrypto cannot update a digest")
    }

    func finalize() -> [UInt8] {
        let digest = [UInt8](unsafeUninitializedCapacity: SHA256Digest.byteCount) { output, count in
            var length: UInt32 = 0
            precondition(EVP_DigestFinal_ex(pointer, output.baseAddress, &length) == 1, "libcrypto cannot finish a digest")
            count = Int(length)
        }
        start()
        return digest
    }

    private func start() {
        precondition(EVP_DigestInit_ex2(pointer, algorithm, nil) == 1, "libcrypto cannot start a digest")
    }

    private static func allocate() -> OpaquePointer {
        guard let pointer = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
        return pointer
    }
}
