import Testing

@testable import LAN

@Suite struct QRRenderingTests {
    private let code: QRCode

    init() throws {
        code = try QRCode("http://192.168.1.5:8008/")
    }

    /// Reads half blocks back: rows of "is this half filled".
    private func filled(_ text: String) -> [[Bool]] {
        text.split(separator: "\n").flatMap { line in
            [line.map { $0 == "\u{2588}" || $0 == "\u{2580}" }, line.map { $0 == "\u{2588}" || $0 == "\u{2584}" }]
        }
    }

    @Test func plainTextDrawsTheLightModules() {
        let rows = filled(code.terminalText(.plain))
        let zone = QRCode.quietZoneModules
        #expect(rows.count == (code.size + 2 * zone + 1) / 2 * 2)
        for row in 0..<code.size + 2 * zone {
            #expect(rows[row].count == code.size + 2 * zone)
            for column in 0..<code.size + 2 * zone {
                #expect(rows[row][column] != code.isDark(row: row - zone, column: column - zone))
            }
        }
    }

    @Test func coloredTextSetsAndResetsItsColoursOnEachLine() {
        let lines = code.terminalText(.colored).split(separator: "\n")
        #expect(lines.count == (code.size + 2 * QRCode.quietZoneModules + 1) / 2)
        for line in lines {
            #expect(line.hasPrefix("\u{1B}[38;5;16;48;5;231m"))
            #expect(line.hasSuffix("\u{1B}[0m"))
        }
        let rows = filled(code.terminalText(.colored).replacing("\u{1B}[38;5;16;48;5;231m", with: "").replacing("\u{1B}[0m", with: ""))
        #expect(rows[QRCode.quietZoneModules][QRCode.quietZoneModules])
        #expect(!rows[0].contains(true))
    }

    @Test func svgIsOnePathThatCoversTheDarkModules() {
        let svg = code.svg()
        let side = code.size + 2 * QRCode.quietZoneModules
        #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(side) \(side)\""))
        #expect(svg.hasSuffix("</svg>"))
        #expect(svg.split(separator: "<path").count == 2)
        var dark = 0
        for row in 0..<code.size {
            for column in 0..<code.size where code.isDark(row: row, column: column) { dark += 1 }
        }
        let lengths = svg.split(separator: "v1h-").dropFirst().compactMap { Int($0.prefix { $0 != "z" }) }
        #expect(lengths.reduce(0, +) == dark)
        #expect(svg.contains("M4 4h7v1h-7z"))
    }
}
