import ArgumentParser
import Glibc

/// `--data`, which all commands have that work on a box.
struct DataDirectoryOption: ParsableArguments {
    @Option(help: ArgumentHelp("Where everything is kept.", valueName: "dir"))
    var data: String?

    func path(_ environment: Environment = .process) -> String { Self.path(data, environment) }

    static func path(_ given: String?, _ environment: Environment) -> String {
        if let path = given ?? environment[Environment.variable(ofOption: "--data")] { return path }
        // The XDG base directory specification: a path that is not absolute is to be ignored.
        if let base = environment["XDG_DATA_HOME"], base.hasPrefix("/") { return base + "/landline" }
        if geteuid() != 0, let home = environment["HOME"], home.hasPrefix("/") { return home + "/.local/share/landline" }
        return "/var/lib/landline"
    }
}
