/// Pictures for tests, one colour each, in a file format that is easy to write.
enum TestPicture {
    /// Uncompressed, and so as large as its pixels: RGBA if it can be seen through, grey if not.
    static func png(_ width: Int, _ height: Int, isTransparent: Bool = false) -> [UInt8] {
        let row = [0] + [UInt8](repeating: 0x40, count: isTransparent ? 4 * width : width)
        let header = number(width) + number(height) + [8, isTransparent ? 6 : 0, 0, 0, 0]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
            + chunk("IDAT", stored((0..<height).flatMap { _ in row })) + chunk("IEND", [])
    }

    /// Width and height of a PNG.
    static func size(ofPNG bytes: [UInt8]) -> [Int] {
        guard bytes.count > 24, bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) else { return [] }
        return [16, 20].map { start in bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
    }

    private static func number(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

    private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let named = Array(name.utf8) + content
        return number(content.count) + named + number(Int(crc(named)))
    }

    /// zlib's format with blocks that are not compressed (RFC 1950, RFC 1951).
    private static func stored(_ content: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [0x78, 0x01]
        var rest = content[...]
        repeat {
            let block = rest.prefix(65_535)
            rest = rest.dropFirst(65_535)
            let count = block.count
            bytes += [rest.isEmpty ? 1 : 0, UInt8(count & 0xFF), UInt8(count >> 8), UInt8(~count & 0xFF), UInt8(~count >> 8 & 0xFF)]
            bytes += block
        } while !rest.isEmpty
        var (low, high) = (1, 0)
        for byte in content {
            low = (low + Int(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return bytes + number(high << 16 | low)
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var value: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
        return ~value
    }
}
