import Glibc
import HTTPAPI

/// How far a file is: a line that changes on a terminal, nothing elsewhere until the end.
final class ProgressBar {
    private let name: String
    private let byteCount: Int64?
    private let start = ContinuousClock.now
    private var startOffset: Int64?
    private var offset: Int64 = 0
    private var shownAt: ContinuousClock.Instant?

    private static let cells = 24
    private static let nameCells = 30
    private static let interval = Duration.milliseconds(200)
    private static let isOnTerminal = isatty(STDERR_FILENO) == 1

    /// - Parameter byteCount: `nil` where nobody knows it.
    init(name: String, byteCount: Int64?) {
        self.name = Terminal.printable(name)
        self.byteCount = byteCount
    }

    func show(_ offset: Int64) {
        // What an earlier attempt has sent says nothing about the speed.
        if startOffset == nil { startOffset = offset }
        self.offset = offset
        guard Self.isOnTerminal, shownAt.map({ ContinuousClock.now - $0 >= Self.interval }) ?? true else { return }
        shownAt = .now
        Terminal.rewriteErrorLine(line)
    }

    func finish() {
        let text = "\(name): \(ByteCountText.text(offset)) sent in \(Self.time(seconds))"
        if Self.isOnTerminal { Terminal.rewriteErrorLine(text + "\n") } else { Terminal.writeError(text) }
    }

    /// Leaves the line as it is, for what is said about a failure below it.
    func giveUp() {
        if Self.isOnTerminal, shownAt != nil { Terminal.writeError("") }
    }

    private var seconds: Double {
        let duration = ContinuousClock.now - start
        return Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }

    private var line: String {
        let rate = seconds > 0 ? Double(offset - (startOffset ?? 0)) / seconds : 0
        let short = name.count > Self.nameCells ? name.prefix(Self.nameCells - 1) + "…" : name[...]
        guard let byteCount, byteCount > 0 else { return "\(short)  \(ByteCountText.text(offset))  \(ByteCountText.text(Int64(rate)))/s" }
        let part = min(1, Double(offset) / Double(byteCount))
        let full = Int(part * Double(Self.cells))
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: Self.cells - full)
        let left = rate > 0 ? "  \(Self.time(Double(byteCount - offset) / rate)) left" : ""
        return
            "\(short)  \(bar) \(Int(part * 100)) %  \(ByteCountText.text(offset)) of \(ByteCountText.text(byteCount))  \(ByteCountText.text(Int64(rate)))/s\(left)"
    }

    static func time(_ seconds: Double) -> String {
        let whole = Int64(min(seconds.rounded(.up), 1e9))
        if whole < 60 { return "\(whole) s" }
        return whole < 3_600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3_600) h \(whole % 3_600 / 60) min"
    }
}
