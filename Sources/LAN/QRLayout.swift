/// How many codewords a symbol has and how they are divided into blocks (ISO/IEC 18004, tables 7 and 9).
struct QRLayout: Equatable {
    let version: Int
    let errorCorrection: QRCode.ErrorCorrection

    static let versions = 1...10

    /// The smallest symbol for so many bytes: at level M if any version has room, else at L.
    static func smallest(forBytes count: Int) -> QRLayout? {
        for errorCorrection in [QRCode.ErrorCorrection.medium, .low] {
            for version in versions {
                let layout = QRLayout(version: version, errorCorrection: errorCorrection)
                if count <= layout.maxBytes { return layout }
            }
        }
        return nil
    }

    /// Codewords of a version, data and error correction together.
    private static let totalCodewords = [26, 44, 70, 100, 134, 172, 196, 242, 292, 346]
    private static let correctionCodewordsPerBlock: [QRCode.ErrorCorrection: [Int]] = [
        .low: [7, 10, 15, 20, 26, 18, 20, 24, 30, 18],
        .medium: [10, 16, 26, 18, 24, 16, 18, 22, 22, 26],
    ]
    private static let blockCounts: [QRCode.ErrorCorrection: [Int]] = [
        .low: [1, 1, 1, 1, 1, 2, 2, 2, 2, 4],
        .medium: [1, 1, 1, 2, 2, 4, 4, 4, 5, 5],
    ]

    var totalCodewords: Int { Self.totalCodewords[version - 1] }
    var correctionCodewordsPerBlock: Int { Self.correctionCodewordsPerBlock[errorCorrection, default: []][version - 1] }
    var blockCount: Int { Self.blockCounts[errorCorrection, default: []][version - 1] }
    var dataCodewords: Int { totalCodewords - blockCount * correctionCodewordsPerBlock }

    /// The length of byte mode's character count (table 3).
    private var countBits: Int { version < 10 ? 8 : 16 }

    private var maxBytes: Int { (dataCodewords * 8 - 4 - countBits) / 8 }

    /// The final sequence: data and error correction codewords, interleaved over the blocks.
    func codewords(for bytes: [UInt8]) -> [UInt8] {
        interleaved(dataBits(for: bytes))
    }

    /// Mode, length, the bytes, a terminator, and padding to the symbol's capacity.
    func dataBits(for bytes: [UInt8]) -> [UInt8] {
        var bits = BitWriter()
        bits.append(0b0100, count: 4)
        bits.append(bytes.count, count: countBits)
        for byte in bytes { bits.append(Int(byte), count: 8) }
        bits.append(0, count: min(4, dataCodewords * 8 - bits.count))
        bits.append(0, count: (8 - bits.count % 8) % 8)
        var padding = 0xEC
        while bits.bytes.count < dataCodewords {
            bits.append(padding, count: 8)
            padding ^= 0xEC ^ 0x11
        }
        return bits.bytes
    }

    /// Blocks are as equal as they can be, the shorter ones first; then comes the first codeword of each, the second of each, ...
    func interleaved(_ data: [UInt8]) -> [UInt8] {
        let shortLength = data.count / blockCount
        let longBlocks = data.count % blockCount
        let code = ReedSolomon(correctionCodewords: correctionCodewordsPerBlock)
        var blocks: [ArraySlice<UInt8>] = []
        var rest = data[...]
        for index in 0..<blockCount {
            let length = shortLength + (index >= blockCount - longBlocks ? 1 : 0)
            blocks.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        let corrections = blocks.map { code.remainder(of: $0) }
        var result: [UInt8] = []
        result.reserveCapacity(totalCodewords)
        for index in 0...shortLength {
            for block in blocks where index < block.count { result.append(block[block.startIndex + index]) }
        }
        for index in 0..<correctionCodewordsPerBlock {
            for correction in corrections { result.append(correction[index]) }
        }
        return result
    }
}

private struct BitWriter {
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0

    /// The lowest `count` bits of `value`, the highest of them first.
    mutating func append(_ value: Int, count bits: Int) {
        for shift in stride(from: bits - 1, through: 0, by: -1) {
            if count % 8 == 0 { bytes.append(0) }
            if value >> shift & 1 == 1 { bytes[bytes.count - 1] |= 0x80 >> UInt8(count % 8) }
            count += 1
        }
    }
}
