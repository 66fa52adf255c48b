import ArgumentParser

/// The options of `serve`, as they were typed. `Configuration` checks them.
struct ServeOptions: ParsableArguments {
    @OptionGroup var data: DataDirectoryOption

    @Option(help: ArgumentHelp("Where to listen; on all addresses by default.", valueName: "addr"))
    var bind: String?

    @Option(help: ArgumentHelp("0 turns it off. (default: \(Configuration.defaultHTTPPort))", valueName: "port"))
    var httpPort: String?

    @Option(help: ArgumentHelp("0 turns it off. Needs tls/cert.pem and key.pem. (default: \(Configuration.defaultHTTPSPort))", valueName: "port"))
    var httpsPort: String?

    @Option(help: ArgumentHelp("What stands after the colon of @name:server. Chosen at the first start, for ever.", valueName: "name"))
    var serverName: String?

    @Option(help: ArgumentHelp("Who may sign up after the owner: open, invite or closed. (default: invite)", valueName: "mode"))
    var registration: String?

    @Option(
        help: ArgumentHelp(
            "A secret with which scripts make accounts, also for administrators; better given in the environment. (default: none)",
            valueName: "secret"))
    var registrationSharedSecret: String?

    @Option(help: ArgumentHelp("Whether every new account joins a common room. (default: on)", valueName: "on|off"))
    var homeRoom: String?

    @Option(help: ArgumentHelp("Whether hasty clients are slowed down. (default: on)", valueName: "on|off"))
    var rateLimits: String?

    @Option(help: ArgumentHelp("Whether the box is announced on the network. (default: on)", valueName: "on|off"))
    var discovery: String?

    @Option(help: ArgumentHelp("The largest file that is taken.", valueName: "bytes"))
    var maxUpload: String?

    @Option(help: ArgumentHelp("How much an account may keep, unless “user quota” says otherwise. (default: any amount)", valueName: "bytes"))
    var quota: String?

    @Option(
        help: ArgumentHelp(
            "Delete uploads that no readable message refers to, so many days after they were used last. Attachments of encrypted rooms are among "
                + "them. 0 keeps them. (default: 0)", valueName: "days"))
    var unusedMediaDays: String?

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical. (default: info)", valueName: "level"))
    var logLevel: String?
}
