import ArgumentParser
import Glibc
import MatrixCore

/// `landline user`: accounts, from the command line.
struct User: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make and look after accounts.",
        subcommands: [Add.self, List.self, Password.self, Lock.self, Unlock.self, Quota.self, Deactivate.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make an account. The password comes from standard input.")

        @OptionGroup var data: DataDirectoryOption
        @Argument(help: "The name, as in @name:server.") var name: String
        @Flag(help: "The account may administer the box.") var admin = false

        func run() async throws {
            let password = try PasswordPrompt.read()
            let reply = try await Control.withBox(data.path()) { control in
                try control.send("POST", "/accounts", ["name": .string(name), "password": .string(password), "admin": .bool(admin)])
            }
            Terminal.write("\(reply.string("user_id") ?? name)\n")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the accounts.")

        @OptionGroup var data: DataDirectoryOption

        func run() async throws {
            let reply = try await Control.withBox(data.path()) { try $0.send("GET", "/accounts") }
            for account in (reply.array("accounts") ?? []).compactMap(\.objectValue) {
                let marks = [
                    account.bool("admin") == true ? "administrator" : nil, account.bool("deactivated") == true ? "deactivated" : nil,
                    account.bool("locked") == true ? "locked" : nil,
                    account.string("application_service").map { "of the application service \($0)" },
                ]
                let text = ([account.string("user_id")] + marks).compactMap { $0 }.joined(separator: "  ")
                Terminal.write(text + "\n")
            }
        }
    }

    struct Password: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Set a password, read from standard input. All devices are logged out.")

        @OptionGroup var data: DataDirectoryOption
        @Argument(help: "The name of the account.") var name: String

        func run() async throws {
            let password = try PasswordPrompt.read()
            _ = try await Control.withBox(data.path()) { control in
                try control.send("PUT", "/accounts/\(name.pathComponent)/password", ["password": .string(password)])
            }
        }
    }

    struct Lock: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Keep an account from being used, until it is unlocked.")

        @OptionGroup var data: DataDirectoryOption
        @Argument(help: "The name of the account.") var name: String

        func run() async throws {
            _ = try await Control.withBox(data.path()) { try $0.send("POST", "/accounts/\(name.pathComponent)/lock") }
        }
    }

    struct Unlock: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a locked account be used again. Its devices are still logged in.")

        @OptionGroup var data: DataDirectoryOption
        @Argument(help: "The name of the account.") var name: String

        func run() async throws {
            _ = try await Control.withBox(data.path()) { try $0.send("POST", "/accounts/\(name.pathComponent)/unlock") }
        }
    }

    struct Quota: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set how much an account may keep on the box, in messages and folders.",
            discussion: "What it has already stays, also where that is more.")

        @OptionGroup var data: DataDirectoryOption
        @Argument(help: "The name of the account.") var name: String
        @Argument(help: "A number of bytes; none for any number; default for what --quota of serve says.") var bytes: String

        func run() async throws {
            let body: JSONObject =
                switch bytes {
                case "none": ["bytes": .null]
                case "default": [:]
                default: ["bytes": .integer(try Self.number(bytes))]
                }
            _ = try await Control.withBox(data.path()) { try $0.send("PUT", "/accounts/\(name.pathComponent)/quota", body) }
        }

        private static func number(_ text: String) throws -> Int64 {
            guard let number = Int64(text), (0...JSONValue.maxCanonicalInteger).contains(number) else {
                throw ValidationError("\(text) is no number of bytes. It may also be none or default.")
            }
            return number
        }
    }

    struct Deactivate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End an account. It leaves all its rooms, and its name is not given out again.")

        @OptionGroup var data: DataDirectoryOption
        @Argument(help: "The name of the account.") var name: String

        func run() async throws {
            _ = try await Control.withBox(data.path()) { try $0.send("POST", "/accounts/\(name.pathComponent)/deactivate") }
        }
    }
}

/// A password from standard input: typed without an echo, or the first line of a pipe.
enum PasswordPrompt {
    static func read() throws -> String {
        guard isatty(STDIN_FILENO) == 1 else { return try nonEmpty(readLine(strippingNewline: true)) }
        Terminal.writeError("Password (it is not shown while you type):")
        var settings = termios()
        tcgetattr(STDIN_FILENO, &settings)
        var silent = settings
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer { tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings) }
        return try nonEmpty(readLine(strippingNewline: true))
    }

    private static func nonEmpty(_ line: String?) throws -> String {
        guard let line, !line.isEmpty else { throw ValidationError("Give the password on standard input.") }
        return line
    }
}

extension String {
    /// Percent-encoded for one component of a path.
    var pathComponent: String {
        utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
