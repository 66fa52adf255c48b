import ArgumentParser
import CImaging
import HTTPAPI
import Homeserver

@main
struct Landline: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "landline",
        abstract: "The messenger of a household, on a computer of its own: no internet needed.",
        version: LandlineVersion.current,
        subcommands: [Serve.self, User.self, Invite.self, Discover.self, Send.self, Doctor.self])

    /// Every failure is one line that says what to do, and an exit code that is not 0.
    static func main() async {
        // Before anything else: such a process is to be small, and it never comes back.
        if let wish = ThumbnailProcess.wish(ofArguments: CommandLine.arguments) {
            landline_thumbnail(Int32(wish.width), Int32(wish.height), wish.crops ? 1 : 0, wish.takesAnimation ? 1 : 0)
        }
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            let code = exitCode(for: error)
            // Help and version are no failures.
            guard code != .success else { exit(withError: error) }
            let text = Terminal.singleLine(message(for: error))
            // Some commands have said already what went wrong.
            if !text.isEmpty { Terminal.writeError("landline: \(text)") }
            exit(withError: code)
        }
    }
}
