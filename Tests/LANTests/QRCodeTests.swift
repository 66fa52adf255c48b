import Testing

@testable import LAN

@Suite struct QRCodeTests {
    /// ISO/IEC 18004, table C.1 and the example beside it.
    @Test func formatBits() {
        #expect(QRMatrix.formatBits(errorCorrection: .medium, mask: 0) == 0b101_0100_0001_0010)
        #expect(QRMatrix.formatBits(errorCorrection: .medium, mask: 5) == 0b100_0000_1100_1110)
        #expect(QRMatrix.formatBits(errorCorrection: .low, mask: 0) == 0b111_0111_1100_0100)
        #expect(QRMatrix.formatBits(errorCorrection: .low, mask: 4) == 0b110_0110_0010_1111)
    }

    /// ISO/IEC 18004, table D.1.
    @Test func versionBits() {
        #expect(QRMatrix.versionBits(7) == 0x07C94)
        #expect(QRMatrix.versionBits(8) == 0x085BC)
        #expect(QRMatrix.versionBits(10) == 0x0A4D3)
    }

    @Test func dataBitsHaveModeLengthTerminatorAndPadding() throws {
        let layout = try #require(QRLayout.smallest(forBytes: 2))
        #expect(layout == QRLayout(version: 1, errorCorrection: .medium))
        // 0100 (bytes), 00000010 (two), "hi", 0000, then EC and 11 in turn.
        #expect(layout.dataBits(for: Array("hi".utf8)) == [0x40, 0x26, 0x86, 0x90] + (0..<12).map { $0 % 2 == 0 ? 0xEC : 0x11 })
    }

    /// ISO/IEC 18004, table 7: bytes that fit.
    @Test(arguments: [(1, 14), (2, 26), (3, 42), (4, 62), (5, 84), (6, 106), (7, 122), (8, 152), (9, 180), (10, 213)])
    func capacityAtMedium(version: Int, bytes: Int) throws {
        let full = try QRCode(bytes: Array(repeating: 0x61, count: bytes))
        #expect(full.version == version)
        #expect(full.errorCorrection == .medium)
        #expect(full.size == 17 + 4 * version)
        // After the last version comes the smallest that has room at L.
        let next = version < 10 ? QRLayout(version: version + 1, errorCorrection: .medium) : QRLayout(version: 9, errorCorrection: .low)
        #expect(QRLayout.smallest(forBytes: bytes + 1) == next)
    }

    @Test func longTextsFallBackToLowAndThenFail() throws {
        #expect(try QRCode(bytes: Array(repeating: 0x61, count: QRCode.maxTextBytes)).errorCorrection == .low)
        #expect(throws: QRCode.TooLong()) { try QRCode(bytes: Array(repeating: 0x61, count: QRCode.maxTextBytes + 1)) }
    }

    /// Every module that is not reserved carries a bit; at most seven are left over (table 1).
    @Test(arguments: QRLayout.versions)
    func codewordsFillTheSymbol(version: Int) {
        var matrix = QRMatrix(version: version)
        matrix.drawFunctionPatterns()
        var free = 0
        for row in 0..<matrix.size {
            for column in 0..<matrix.size where !matrix.isReserved(row, column) { free += 1 }
        }
        let layout = QRLayout(version: version, errorCorrection: .medium)
        #expect(free / 8 == layout.totalCodewords)
        #expect(free % 8 == (version == 1 || version >= 7 ? 0 : 7))
    }

    @Test func blocksAreInterleaved() {
        // Version 10-M: four blocks of 43 and one of 44 codewords.
        let layout = QRLayout(version: 10, errorCorrection: .medium)
        let data = (0..<layout.dataCodewords).map { UInt8($0) }
        let result = layout.interleaved(data)
        #expect(result.count == layout.totalCodewords)
        #expect(Array(result.prefix(6)) == [0, 43, 86, 129, 172, 1])
        #expect(result[layout.dataCodewords - 1] == 215)
        let lastCorrection = ReedSolomon(correctionCodewords: 26).remainder(of: data[172...])
        #expect(result.last == lastCorrection.last)
    }

    @Test func penalties() {
        let line = { (text: String) in text.map { $0 == "#" } }
        #expect(QRMatrix.runPenalty(line("####.####")) == 0)
        #expect(QRMatrix.runPenalty(line("#####.")) == 3)
        #expect(QRMatrix.runPenalty(line("#######.....")) == 5 + 3)
        #expect(QRMatrix.finderPenalty(line("##.#.###.#....#")) == 40)
        #expect(QRMatrix.finderPenalty(line("##.#.###.#...##")) == 0)
        // At the edge the quiet zone is the light side.
        #expect(QRMatrix.finderPenalty(line("#.###.##########")) == 40)
        #expect(QRMatrix.finderPenalty(line("##.###.#########")) == 0)
    }

    /// The same symbol as independent readers decoded; it must not change by accident.
    @Test func knownSymbol() throws {
        let code = try QRCode("http://a.b/")
        let drawn = (0..<code.size).map { row in String((0..<code.size).map { code.isDark(row: row, column: $0) ? "#" : "." }) }
        #expect(drawn == Self.symbol)
    }

    private static let symbol = [
        "#######..##.#.#######",
        "#.....#..##...#.....#",
        "#.###.#.#.##..#.###.#",
        "#.###.#.##....#.###.#",
        "#.###.#.##..#.#.###.#",
        "#.....#.#.##..#.....#",
        "#######.#.#.#.#######",
        "........#............",
        "#.#####...##..#####..",
        "###.....##.##..######",
        ".##...##....##....##.",
        "#..#...######...###..",
        ".....####...#.#.##..#",
        "........##..#######.#",
        "#######...##..##..##.",
        "#.....#.#....#..#####",
        "#.###.#.####..#.##..#",
        "#.###.#.##..#..##.#..",
        "#.###.#.###.#.##..#..",
        "#.....#....#...##.#..",
        "#######.#..#..####.#.",
    ]

    @Test func outsideOfTheSymbolIsLight() throws {
        let code = try QRCode("x")
        #expect(code.isDark(row: 0, column: 0))
        #expect(!code.isDark(row: -1, column: 0))
        #expect(!code.isDark(row: 0, column: code.size))
    }
}
