import ArgumentParser
import LAN
import MatrixCore

/// `landline invite`: a link that lets somebody make an account.
struct Invite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make an invitation: a link and its QR code.")

    @OptionGroup var data: DataDirectoryOption
    @Option(help: ArgumentHelp("How many accounts can be made with it.", valueName: "n")) var uses: Int64 = 1
    @Option(help: ArgumentHelp("How long it is good for: 30m, 12h, 7d.", valueName: "time")) var expires = "7d"

    func run() async throws {
        guard let lifetime = Lifetime(expires) else {
            throw ValidationError("'\(expires)' is not possible for --expires: it takes a time such as 12h or 7d.")
        }
        guard uses >= 1 else { throw ValidationError("'\(uses)' is not possible for --uses: it takes a number, at least 1.") }
        let reply = try await Control.withBox(data.path()) { control in
            try control.send("POST", "/invites", ["uses": .integer(uses), "expires_seconds": .integer(lifetime.seconds)])
        }
        let port = reply.integer("port").map { Int($0) }
        let host = Interfaces.addresses().first?.urlHost ?? "localhost"
        let link = BoxURL.text(host: host, port: port ?? Configuration.defaultHTTPPort) + "j/" + (reply.string("token") ?? "")
        Terminal.write(link + "\n")
        if let code = try? QRCode(link) { Terminal.write("\n" + code.terminalText(Terminal.showsColors ? .colored : .plain) + "\n") }
        if port == nil { Terminal.writeError("The box does not run now; start it with landline serve before the link is used.") }
    }
}

/// A length of time as people write it: a number and one of s, m, h, d, w.
struct Lifetime {
    let seconds: Int64

    init?(_ text: String) {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800]
        guard let last = text.last, let unit = units[last], let count = Int64(text.dropLast()), count >= 1 else { return nil }
        let (product, overflows) = count.multipliedReportingOverflow(by: unit)
        guard !overflows else { return nil }
        seconds = product
    }
}

/// The address of the box in a browser.
enum BoxURL {
    static func text(host: String, port: Int) -> String { port == 80 ? "http://\(host)/" : "http://\(host):\(port)/" }
}
