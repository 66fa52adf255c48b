/// What makes a symbol hard to read, in points (ISO/IEC 18004, section 7.8.3). The mask with the fewest wins.
extension QRMatrix {
    var penalty: Int {
        linePenalty + blockPenalty + balancePenalty
    }

    /// Runs of one colour, and what looks like a finder pattern, in rows and columns.
    private var linePenalty: Int {
        var points = 0
        for line in 0..<size {
            let row = (0..<size).map { isDark(line, $0) }
            let column = (0..<size).map { isDark($0, line) }
            points += Self.runPenalty(row) + Self.runPenalty(column)
            points += Self.finderPenalty(row) + Self.finderPenalty(column)
        }
        return points
    }

    /// Three points for five of one colour in a row, and one for each further.
    static func runPenalty(_ line: [Bool]) -> Int {
        var points = 0
        var length = 0
        for (index, isDark) in line.enumerated() {
            length = index > 0 && line[index - 1] == isDark ? length + 1 : 1
            if length == 5 { points += 3 } else if length > 5 { points += 1 }
        }
        return points
    }

    /// Forty points for each 1:1:3:1:1 of a finder pattern with four light modules before or after it; the quiet zone counts as light.
    static func finderPenalty(_ line: [Bool]) -> Int {
        let pattern = [true, false, true, true, true, false, true]
        func isLight(_ range: Range<Int>) -> Bool { !range.contains { line.indices.contains($0) && line[$0] } }
        var points = 0
        for start in 0...(line.count - pattern.count) where line[start..<start + pattern.count].elementsEqual(pattern) {
            if isLight(start - 4..<start) || isLight(start + pattern.count..<start + pattern.count + 4) { points += 40 }
        }
        return points
    }

    /// Three points for each square of four modules of one colour.
    private var blockPenalty: Int {
        var points = 0
        for row in 1..<size {
            for column in 1..<size {
                let colour = isDark(row, column)
                if isDark(row - 1, column) == colour, isDark(row, column - 1) == colour, isDark(row - 1, column - 1) == colour { points += 3 }
            }
        }
        return points
    }

    /// Ten points for each full 5 % by which the dark modules are away from half of all.
    private var balancePenalty: Int {
        var darkCount = 0
        for row in 0..<size {
            for column in 0..<size where isDark(row, column) { darkCount += 1 }
        }
        return abs(darkCount * 20 - size * size * 10) / (size * size) * 10
    }
}
