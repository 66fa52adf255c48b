extension QRCode {
    /// The light border without which readers do not find the symbol (ISO/IEC 18004, section 6.3.8).
    static let quietZoneModules = 4

    public enum TerminalStyle: Sendable {
        /// With colour codes: black on white whatever the terminal's own colours are.
        case colored
        /// Characters only, for files and terminals without colours: the light modules are drawn, as on a dark background.
        case plain
    }

    /// Lines of half blocks: one character is one module wide and two modules high.
    public func terminalText(_ style: TerminalStyle) -> String {
        let range = -Self.quietZoneModules..<size + Self.quietZoneModules
        var text = ""
        for row in stride(from: range.lowerBound, to: range.upperBound, by: 2) {
            if style == .colored { text += "\u{1B}[38;5;16;48;5;231m" }
            for column in range {
                let upper = isDark(row: row, column: column)
                let lower = isDark(row: row + 1, column: column)
                switch style {
                case .colored:
                    text += Self.halfBlock(upper: upper, lower: lower)
                case .plain:
                    // The last line has no lower half when the number of rows is odd.
                    text += Self.halfBlock(upper: !upper, lower: !lower && row + 1 < range.upperBound)
                }
            }
            if style == .colored { text += "\u{1B}[0m" }
            text += "\n"
        }
        return text
    }

    private static func halfBlock(upper: Bool, lower: Bool) -> String {
        switch (upper, lower) {
        case (true, true): "\u{2588}"
        case (true, false): "\u{2580}"
        case (false, true): "\u{2584}"
        case (false, false): " "
        }
    }

    /// A picture for a page: as large as the page wants, black on white, without scripts and styles.
    public func svg() -> String {
        let side = size + 2 * Self.quietZoneModules
        var path = ""
        for row in 0..<size {
            var column = 0
            while column < size {
                guard isDark(row: row, column: column) else {
                    column += 1
                    continue
                }
                let start = column
                while column < size, isDark(row: row, column: column) { column += 1 }
                path += "M\(start + Self.quietZoneModules) \(row + Self.quietZoneModules)h\(column - start)v1h-\(column - start)z"
            }
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(side) \(side)" shape-rendering="crispEdges">\
            <rect width="\(side)" height="\(side)" fill="#fff"/><path d="\(path)"/></svg>
            """
    }
}
