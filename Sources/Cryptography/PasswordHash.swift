internal import COpenSSL

/// Hashes of passwords, by scrypt.
///
/// It takes about 50 milliseconds and 16 MiB on purpose: call it on a thread of its own, a few at a time.
/// The caller bounds the password's length.
public enum PasswordHash {
    public enum Failure: Error, Sendable {
        case outOfMemory
    }

    /// A string that carries its parameters: `$scrypt$ln=14,r=8,p=1$salt$key`.
    public static func make(_ password: String) throws(Failure) -> String {
        try make(password, parameters: .current, salt: SecureRandom.bytes(saltBytes))
    }

    /// `false` as well if `stored` is not a hash that this function knows.
    public static func verify(_ password: String, _ stored: String) -> Bool {
        guard let (parameters, salt, expected) = parse(stored),
            let key = derive(password, parameters: parameters, salt: salt, keyBytes: expected.count)
        else { return false }
        return constantTimeEqual(key, expected)
    }

    /// Whether a hash was made with other parameters than new ones are.
    public static func isOutdated(_ stored: String) -> Bool {
        guard let (parameters, _, _) = parse(stored) else { return true }
        return parameters != .current
    }

    struct Parameters: Equatable {
        var logarithmOfN: UInt64
        var r: UInt64
        var p: UInt64

        static let current = Parameters(logarithmOfN: 14, r: 8, p: 1)
    }

    static let saltBytes = 16
    static let keyBytes = 32
    // What a stored hash may ask for at most, in case someone edits the database.
    static let maxMemoryBytes: UInt64 = 64 << 20

    static func make(_ password: String, parameters: Parameters, salt: [UInt8]) throws(Failure) -> String {
        guard let key = derive(password, parameters: parameters, salt: salt, keyBytes: keyBytes) else { throw .outOfMemory }
        return "$scrypt$ln=\(parameters.logarithmOfN),r=\(parameters.r),p=\(parameters.p)$\(Base64.encode(salt))$\(Base64.encode(key))"
    }

    static func derive(_ password: String, parameters: Parameters, salt: [UInt8], keyBytes: Int) -> [UInt8]? {
        let passwordBytes = [UInt8](password.utf8)
        var succeeded = false
        let key = [UInt8](unsafeUninitializedCapacity: keyBytes) { output, count in
            succeeded =
                passwordBytes.withUnsafeBytes { raw in
                    EVP_PBE_scrypt(
                        raw.assumingMemoryBound(to: CChar.self).baseAddress, raw.count, salt, salt.count,
                        1 << parameters.logarithmOfN, parameters.r, parameters.p, maxMemoryBytes, output.baseAddress, keyBytes)
                } == 1
            count = keyBytes
            if !succeeded { output.initialize(repeating: 0) }
        }
        return succeeded ? key : nil
    }

    private static func parse(_ stored: String) -> (Parameters, salt: [UInt8], key: [UInt8])? {
        let fields = stored.split(separator: "$", omittingEmptySubsequences: false)
        guard fields.count == 5, fields[0].isEmpty, fields[1] == "scrypt" else { return nil }
        var values: [Substring: UInt64] = [:]
        for assignment in fields[2].split(separator: ",") {
            let sides = assignment.split(separator: "=", maxSplits: 1)
            guard sides.count == 2, let value = UInt64(sides[1]) else { return nil }
            values[sides[0]] = value
        }
        guard let logarithmOfN = values["ln"], (1...20).contains(logarithmOfN),
            let r = values["r"], (1...64).contains(r),
            let p = values["p"], (1...16).contains(p),
            let salt = Base64.decode(String(fields[3])), salt.count >= 8,
            let key = Base64.decode(String(fields[4])), (16...64).contains(key.count)
        else { return nil }
        return (Parameters(logarithmOfN: logarithmOfN, r: r, p: p), salt, key)
    }
}
