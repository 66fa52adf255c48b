/// spec: appendices/#unpadded-base64
public enum Base64 {
    public static func encode(_ bytes: [UInt8]) -> String {
        encode(bytes, alphabet: standardAlphabet)
    }

    /// With `=` up to a multiple of four characters, as most protocols but Matrix want it.
    public static func encodePadded(_ bytes: [UInt8]) -> String {
        let text = encode(bytes)
        return text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    }

    public static func encodeURLSafe(_ bytes: [UInt8]) -> String {
        encode(bytes, alphabet: urlSafeAlphabet)
    }

    /// Either alphabet, with or without padding. Bits left over at the end are ignored,
    /// as the signing key of the specification's own test vectors needs it.
    public static func decode(_ text: String) -> [UInt8]? {
        decode(utf8: text.utf8)
    }

    public static func decode(utf8 text: some Collection<UInt8>) -> [UInt8]? {
        var end = text.count
        var padding = 0
        var bytes: [UInt8] = []
        bytes.reserveCapacity(end / 4 * 3 + 2)
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        end = 0
        for character in text {
            if character == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            let value = values[Int(character)]
            guard padding == 0, value != invalid else { return nil }
            end += 1
            buffer = buffer << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
            }
        }
        guard end % 4 != 1, padding == 0 || (padding <= 2 && (end + padding) % 4 == 0) else { return nil }
        return bytes
    }

    private static let standardAlphabet = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let urlSafeAlphabet = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let invalid: UInt8 = 255
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: invalid, count: 256)
        for alphabet in [standardAlphabet, urlSafeAlphabet] {
            for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        }
        return values
    }()

    private static func encode(_ bytes: [UInt8], alphabet: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: (bytes.count * 8 + 5) / 6) { output in
            var buffer: UInt32 = 0
            var bits: UInt32 = 0
            var count = 0
            for byte in bytes {
                buffer = buffer << 8 | UInt32(byte)
                bits += 8
                while bits >= 6 {
                    bits -= 6
                    output.initializeElement(at: count, to: alphabet[Int(buffer >> bits & 63)])
                    count += 1
                }
            }
            if bits > 0 {
                output.initializeElement(at: count, to: alphabet[Int(buffer << (6 - bits) & 63)])
                count += 1
            }
            return count
        }
    }
}
