import Glibc

/// The standard output and error streams, written at once and not when some buffer is full.
enum Terminal {
    static func write(_ text: String) { write(text, to: STDOUT_FILENO) }

    static func writeError(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    /// Puts a line in the place of the one that was shown last, for progress.
    static func rewriteErrorLine(_ line: String) { write("\r\u{1B}[K" + line, to: STDERR_FILENO) }

    /// Names come from the network: one with control characters must not command the terminal.
    static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
    }

    /// Whether colours can be shown.
    static var showsColors: Bool {
        guard isatty(STDOUT_FILENO) == 1, let terminal = getenv("TERM") else { return false }
        return String(cString: terminal) != "dumb"
    }

    static func singleLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).map { line in line.drop { $0 == " " } }.filter { !$0.isEmpty }.joined(separator: " ")
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            // Nobody reads any more: not a reason to end.
            guard written > 0 || errno == EINTR else { return }
            bytes = bytes.dropFirst(max(0, written))
        }
    }
}
