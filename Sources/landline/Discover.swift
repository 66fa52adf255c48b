import ArgumentParser
import Glibc
import LAN

/// `landline discover`: lists the boxes on this network.
struct Discover: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the boxes on this network.")

    /// Three queries go out in this time (avahi asks again after one and after three seconds): Wi-Fi loses some.
    private static let searchTimeoutMilliseconds = 5000

    func run() throws {
        let boxes = try Browser.discover(timeoutMilliseconds: Self.searchTimeoutMilliseconds)
        guard !boxes.isEmpty else {
            // Not in the standard output: there a script finds one line for each box, and so none.
            let line = "No Landline was found on this network. Is it running, and are both machines on the same network?\n"
            _ = write(STDERR_FILENO, line, line.utf8.count)
            return
        }
        let rows = [["NAME", "SERVER NAME", "ADDRESS", "VERSION"]] + boxes.map { [$0.serviceName, $0.serverName, $0.url, $0.version] }
        print(Self.table(rows.map { $0.map(Terminal.printable) }), terminator: "")
    }

    private static func table(_ rows: [[String]]) -> String {
        let columns = rows.first?.count ?? 0
        let widths = (0..<columns).map { column in rows.map { width($0[column]) }.max() ?? 0 }
        var text = ""
        for row in rows {
            for (column, cell) in row.enumerated() {
                text += column == columns - 1 ? cell : cell + String(repeating: " ", count: widths[column] - width(cell) + 2)
            }
            text += "\n"
        }
        return text
    }

    /// In terminal cells: Chinese, Japanese and Korean characters and emoji take two.
    private static func width(_ text: String) -> Int {
        text.reduce(0) { sum, character in
            guard let first = character.unicodeScalars.first?.value else { return sum }
            return sum + (wideScalars.contains { $0.contains(first) } ? 2 : 1)
        }
    }

    private static let wideScalars: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
        0x1F300...0x1FAFF, 0x20000...0x3FFFD,
    ]
}
