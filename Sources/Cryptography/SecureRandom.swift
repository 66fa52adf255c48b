internal import COpenSSL

/// Random bytes that nobody can predict.
public enum SecureRandom {
    public static func bytes(_ count: Int) -> [UInt8] {
        precondition(count >= 0)
        return [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
            // Going on without randomness would hand out guessable secrets.
            precondition(count == 0 || RAND_bytes(output.baseAddress, Int32(count)) == 1, "the system has no random numbers")
            initialized = count
        }
    }

    /// Unpadded URL-safe Base64 of that many random bytes.
    public static func token(bytes count: Int) -> String {
        Base64.encodeURLSafe(bytes(count))
    }

    /// Each character is drawn with the same probability. The alphabet has 1 to 256 characters.
    public static func string(length: Int, alphabet: String) -> String {
        let characters = Array(alphabet)
        precondition((1...256).contains(characters.count))
        // A byte past the last whole multiple would favour the first characters of the alphabet.
        let limit = 256 - 256 % characters.count
        var text = ""
        var drawn = 0
        while drawn < length {
            for byte in bytes(length - drawn) where Int(byte) < limit {
                text.append(characters[Int(byte) % characters.count])
                drawn += 1
            }
        }
        return text
    }
}
