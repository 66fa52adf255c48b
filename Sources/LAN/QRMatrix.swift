/// The square of modules: patterns by which readers find their way, and the data between them (ISO/IEC 18004, sections 6.3 and 7.7).
struct QRMatrix: Equatable {
    let version: Int
    let size: Int
    private var dark: [Bool]
    /// Modules that carry no data: they are never masked.
    private var reserved: [Bool]

    init(version: Int) {
        self.version = version
        size = 17 + 4 * version
        dark = Array(repeating: false, count: size * size)
        reserved = dark
    }

    func isDark(_ row: Int, _ column: Int) -> Bool { dark[row * size + column] }

    func isReserved(_ row: Int, _ column: Int) -> Bool { reserved[row * size + column] }

    private mutating func reserve(_ row: Int, _ column: Int, dark isDark: Bool) {
        dark[row * size + column] = isDark
        reserved[row * size + column] = true
    }

    // MARK: - Function patterns

    mutating func drawFunctionPatterns() {
        for index in 0..<size {
            reserve(6, index, dark: index % 2 == 0)
            reserve(index, 6, dark: index % 2 == 0)
        }
        drawFinder(centerRow: 3, centerColumn: 3)
        drawFinder(centerRow: 3, centerColumn: size - 4)
        drawFinder(centerRow: size - 4, centerColumn: 3)
        drawAlignmentPatterns()
        // Keeps the places free until the mask is known.
        drawFormat(errorCorrection: .medium, mask: 0)
        drawVersion()
    }

    /// Three nested squares and the light separator around them.
    private mutating func drawFinder(centerRow: Int, centerColumn: Int) {
        for down in -4...4 {
            for right in -4...4 {
                let (row, column) = (centerRow + down, centerColumn + right)
                guard (0..<size).contains(row), (0..<size).contains(column) else { continue }
                let ring = max(abs(down), abs(right))
                reserve(row, column, dark: ring != 2 && ring != 4)
            }
        }
    }

    /// Annex E, for versions 2 to 10: from module 6 to the seventh from the end, with one between from version 7 on.
    private static let middleAlignment = [7: 22, 8: 24, 9: 26, 10: 28]

    private mutating func drawAlignmentPatterns() {
        guard version > 1 else { return }
        let last = size - 7
        let centers = [6] + (Self.middleAlignment[version].map { [$0] } ?? []) + [last]
        for row in centers {
            for column in centers {
                // Three corners belong to the finder patterns.
                if (row == 6 && column == 6) || (row == 6 && column == last) || (row == last && column == 6) { continue }
                for down in -2...2 {
                    for right in -2...2 {
                        reserve(row + down, column + right, dark: max(abs(down), abs(right)) != 1)
                    }
                }
            }
        }
    }

    /// Fifteen bits: level and mask, protected by a BCH code, twice.
    mutating func drawFormat(errorCorrection: QRCode.ErrorCorrection, mask: Int) {
        let bits = Self.formatBits(errorCorrection: errorCorrection, mask: mask)
        for index in 0..<15 {
            let isDark = bits >> index & 1 == 1
            // Around the upper left finder, leaving out the timing pattern.
            switch index {
            case 0...5: reserve(index, 8, dark: isDark)
            case 6, 7: reserve(index + 1, 8, dark: isDark)
            case 8: reserve(8, 7, dark: isDark)
            default: reserve(8, 14 - index, dark: isDark)
            }
            // The copy is split between the other two finders.
            if index < 8 {
                reserve(8, size - 1 - index, dark: isDark)
            } else {
                reserve(size - 15 + index, 8, dark: isDark)
            }
        }
        reserve(size - 8, 8, dark: true)
    }

    /// Eighteen bits beside two finders, in larger symbols only.
    private mutating func drawVersion() {
        guard version >= 7 else { return }
        let bits = Self.versionBits(version)
        for index in 0..<18 {
            let isDark = bits >> index & 1 == 1
            reserve(index / 3, size - 11 + index % 3, dark: isDark)
            reserve(size - 11 + index % 3, index / 3, dark: isDark)
        }
    }

    /// Table 12 and annex C: five data bits, ten check bits, and a pattern that keeps the result from being all light.
    static func formatBits(errorCorrection: QRCode.ErrorCorrection, mask: Int) -> Int {
        let level = errorCorrection == .low ? 0b01 : 0b00
        let data = level << 3 | mask
        return (data << 10 | checkBits(data, count: 10, generator: 0b101_0011_0111)) ^ 0b101_0100_0001_0010
    }

    /// Annex D: six data bits and twelve check bits.
    static func versionBits(_ version: Int) -> Int {
        version << 12 | checkBits(version, count: 12, generator: 0b1_1111_0010_0101)
    }

    /// The remainder of a division of polynomials over GF(2).
    private static func checkBits(_ data: Int, count: Int, generator: Int) -> Int {
        var remainder = data << count
        for shift in stride(from: 7, through: 0, by: -1) where remainder >> (count + shift) & 1 == 1 {
            remainder ^= generator << shift
        }
        return remainder
    }

    // MARK: - Data

    /// Two columns at a time from the right, upwards and downwards in turn; modules left over at the end stay light.
    mutating func drawCodewords(_ codewords: [UInt8]) {
        var bit = 0
        var upwards = true
        var right = size - 1
        while right > 0 {
            // The vertical timing pattern is no column of any pair.
            if right == 6 { right -= 1 }
            for step in 0..<size {
                let row = upwards ? size - 1 - step : step
                for column in [right, right - 1] where !isReserved(row, column) {
                    guard bit < codewords.count * 8 else { return }
                    dark[row * size + column] = codewords[bit / 8] >> UInt8(7 - bit % 8) & 1 == 1
                    bit += 1
                }
            }
            upwards.toggle()
            right -= 2
        }
    }

    /// Inverts the data modules that the mask names (table 10).
    mutating func apply(mask: Int) {
        for row in 0..<size {
            for column in 0..<size where !isReserved(row, column) && Self.inverts(mask, row, column) {
                dark[row * size + column].toggle()
            }
        }
    }

    private static func inverts(_ mask: Int, _ row: Int, _ column: Int) -> Bool {
        switch mask {
        case 0: (row + column) % 2 == 0
        case 1: row % 2 == 0
        case 2: column % 3 == 0
        case 3: (row + column) % 3 == 0
        case 4: (row / 2 + column / 3) % 2 == 0
        case 5: row * column % 2 + row * column % 3 == 0
        case 6: (row * column % 2 + row * column % 3) % 2 == 0
        default: ((row + column) % 2 + row * column % 3) % 2 == 0
        }
    }
}
