internal import COpenSSL

/// Compares secrets without telling by its duration where they differ. Their length is no secret.
public func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
}

/// The same for text, by its UTF-8 bytes.
public func constantTimeEqual(_ left: String, _ right: String) -> Bool {
    constantTimeEqual([UInt8](left.utf8), [UInt8](right.utf8))
}
