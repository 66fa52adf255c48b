import ArgumentParser
import Glibc
import LAN
import Storage

/// `landline doctor`: looks whether all is well, and says what to do where it is not.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look whether all is well with the box.",
        discussion: "Changes nothing, and may run beside the box. With --files it reads every byte that is kept.")

    @OptionGroup var data: DataDirectoryOption
    @Flag(help: "Compare every file that is kept with its hash.") var files = false

    func run() async throws {
        let path = data.path()
        guard access(path + "/landline.db", F_OK) == 0 else {
            throw ValidationError("There is no box in \(path). Start one with landline serve, or name its directory with --data.")
        }
        let inspection = try StorageInspection(dataDirectory: path)
        var isWell = check("database", problems: try inspection.databaseProblems(), advice: "Restore a backup; keep this one for whoever helps you.")
        isWell = checkSpace(path) && isWell
        isWell = checkAddresses() && isWell
        if files { isWell = try checkFiles(inspection) && isWell }
        guard isWell else { throw ExitCode(1) }
    }

    private func check(_ what: String, problems: [String], advice: String) -> Bool {
        guard !problems.isEmpty else {
            Terminal.write("ok      \(what)\n")
            return true
        }
        Terminal.write("PROBLEM \(what): \(problems.joined(separator: "; "))\n        \(advice)\n")
        return false
    }

    private func checkSpace(_ path: String) -> Bool {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return check("disk", problems: ["cannot be asked"], advice: "Check that the disk is there.") }
        let free = Int64(status.f_bavail) * Int64(status.f_frsize)
        let name = "disk: \(ByteText.text(free)) free"
        return check(
            name, problems: free < Self.littleSpaceBytes ? ["nearly full"] : [],
            advice: "Delete something, or empty the bin of the Files page. Below 64 MiB the box takes no files any more.")
    }

    private func checkAddresses() -> Bool {
        let addresses = Interfaces.addresses()
        return check(
            "network: " + (addresses.isEmpty ? "no address" : addresses.map(\.urlHost).joined(separator: ", ")),
            problems: addresses.isEmpty ? ["this computer is in no network"] : [], advice: "Connect it to the router by Wi-Fi or cable.")
    }

    private func checkFiles(_ inspection: StorageInspection) throws -> Bool {
        let total = try inspection.totalBytes()
        var progress = ProgressLine(total: total)
        let findings = try inspection.verifyContents { progress.show($0) }
        progress.end()
        var problems = findings.missing.map { "\($0) is missing" } + findings.damaged.map { "\($0) is damaged" }
        let shown = 20
        if problems.count > shown { problems = problems.prefix(shown) + ["and \(problems.count - shown) more"] }
        if findings.danglingReferences > 0 { problems.append("\(findings.danglingReferences) files have lost their content") }
        let name = "files: \(findings.contents) contents, \(ByteText.text(findings.byteCount)), every byte compared"
        if findings.orphans > 0 { Terminal.write("note    \(findings.orphans) leftovers; the box removes them when it starts\n") }
        return check(name, problems: problems, advice: "The disk may be failing: copy what matters elsewhere, then restore a backup.")
    }

    private static let littleSpaceBytes: Int64 = 512 << 20
}

/// How far a long work is, in one line that is written again and again; nothing where nobody looks.
struct ProgressLine {
    let total: Int64
    private var shownPercent: Int64 = -1
    private let isTerminal = isatty(STDERR_FILENO) == 1

    init(total: Int64) { self.total = total }

    mutating func show(_ done: Int64) {
        let percent = total > 0 ? done * 100 / total : 100
        guard isTerminal, percent != shownPercent else { return }
        shownPercent = percent
        Terminal.rewriteErrorLine("\(percent) %  \(ByteText.text(done)) of \(ByteText.text(total))")
    }

    func end() {
        if isTerminal { Terminal.rewriteErrorLine("") }
    }
}

/// A number of bytes as people read it.
enum ByteText {
    static func text(_ bytes: Int64) -> String {
        var value = Double(bytes)
        var unit = 0
        while value >= 1_024, unit < units.count - 1 {
            value /= 1_024
            unit += 1
        }
        let tenths = Int64((value * 10).rounded())
        return unit == 0 || tenths >= 1_000 ? "\((tenths + 5) / 10) \(units[unit])" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    private static let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
}
