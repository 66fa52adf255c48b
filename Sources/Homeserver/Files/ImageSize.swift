/// How large a picture is shown, read from the first bytes of its file. Nothing is decoded.
///
/// Formats: PNG (w3.org/TR/png), GIF89a, WebP (RFC 9649), JPEG (ITU-T T.81 with the orientation of Exif).
struct ImageSize: Sendable, Hashable {
    let width: Int
    let height: Int

    /// A JPEG can have a thumbnail and a colour profile before its size.
    static let maxHeaderBytes = 131_072

    /// `nil` for what is none of these, or has no size so early.
    init?(header bytes: [UInt8]) {
        let reader = Reader(bytes: bytes)
        let size =
            if reader.has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], at: 0) {
                reader.has(Array("IHDR".utf8), at: 12) ? Self.pair(reader.big32(16), reader.big32(20)) : nil
            } else if reader.has(Array("GIF8".utf8), at: 0) {
                Self.pair(reader.little16(6), reader.little16(8))
            } else if reader.has(Array("RIFF".utf8), at: 0), reader.has(Array("WEBP".utf8), at: 8) {
                Self.webP(reader)
            } else if reader.has([0xFF, 0xD8], at: 0) {
                Self.jpeg(reader)
            } else {
                (width: Int, height: Int)?.none
            }
        guard let size, size.width > 0, size.height > 0 else { return nil }
        (width, height) = size
    }

    private static func pair(_ width: Int?, _ height: Int?) -> (width: Int, height: Int)? {
        guard let width, let height else { return nil }
        return (width, height)
    }

    private static func webP(_ reader: Reader) -> (width: Int, height: Int)? {
        if reader.has(Array("VP8X".utf8), at: 12) { return pair(reader.little24(24).map { $0 + 1 }, reader.little24(27).map { $0 + 1 }) }
        if reader.has(Array("VP8L".utf8), at: 12), reader.has([0x2F], at: 20), let bits = reader.little32(21) {
            return (bits & 0x3FFF + 1, bits >> 14 & 0x3FFF + 1)
        }
        if reader.has(Array("VP8 ".utf8), at: 12), reader.has([0x9D, 0x01, 0x2A], at: 23) {
            return pair(reader.little16(26).map { $0 & 0x3FFF }, reader.little16(28).map { $0 & 0x3FFF })
        }
        return nil
    }

    private static func jpeg(_ reader: Reader) -> (width: Int, height: Int)? {
        var offset = 2
        var isTurned = false
        while let marker = reader.big16(offset), marker >> 8 == 0xFF {
            let kind = marker & 0xFF
            // Filling bytes, and markers without a segment.
            if kind == 0xFF {
                offset += 1
                continue
            }
            if kind == 0x01 || (0xD0...0xD8).contains(kind) {
                offset += 2
                continue
            }
            guard kind != 0xD9, kind != 0xDA, let length = reader.big16(offset + 2), length >= 2 else { return nil }
            if kind == 0xE1, reader.has(Array("Exif".utf8) + [0, 0], at: offset + 4) {
                isTurned = Self.isTurned(reader, at: offset + 10, end: offset + 2 + length)
            }
            // Start of frame; the others of this row are tables.
            if (0xC0...0xCF).contains(kind), kind != 0xC4, kind != 0xC8, kind != 0xCC {
                guard let height = reader.big16(offset + 5), let width = reader.big16(offset + 7) else { return nil }
                return isTurned ? (height, width) : (width, height)
            }
            offset += 2 + length
        }
        return nil
    }

    /// Whether the orientation of an Exif segment turns the picture by a quarter.
    private static func isTurned(_ reader: Reader, at start: Int, end: Int) -> Bool {
        let isLittle = reader.has(Array("II".utf8), at: start)
        func int16(_ offset: Int) -> Int? { isLittle ? reader.little16(offset) : reader.big16(offset) }
        func int32(_ offset: Int) -> Int? { isLittle ? reader.little32(offset) : reader.big32(offset) }
        guard int16(start + 2) == 42, let directory = int32(start + 4), let count = int16(start + directory) else { return false }
        for index in 0..<min(count, 64) {
            let entry = start + directory + 2 + 12 * index
            guard entry + 12 <= end, let tag = int16(entry) else { return false }
            if tag == 0x0112 { return int16(entry + 8).map { (5...8).contains($0) } ?? false }
        }
        return false
    }

    private struct Reader {
        let bytes: [UInt8]

        func has(_ expected: [UInt8], at offset: Int) -> Bool {
            offset + expected.count <= bytes.count && bytes[offset..<offset + expected.count].elementsEqual(expected)
        }

        func big16(_ offset: Int) -> Int? { number(offset, [1, 0]) }
        func big32(_ offset: Int) -> Int? { number(offset, [3, 2, 1, 0]) }
        func little16(_ offset: Int) -> Int? { number(offset, [0, 1]) }
        func little24(_ offset: Int) -> Int? { number(offset, [0, 1, 2]) }
        func little32(_ offset: Int) -> Int? { number(offset, [0, 1, 2, 3]) }

        /// - Parameter weights: of each byte, as a power of 256.
        private func number(_ offset: Int, _ weights: [Int]) -> Int? {
            guard offset >= 0, offset + weights.count <= bytes.count else { return nil }
            return weights.enumerated().reduce(0) { $0 | Int(bytes[offset + $1.offset]) << (8 * $1.element) }
        }
    }
}
