import ArgumentParser
import Homeserver
import Logging
import MatrixCore

/// What `serve` was asked for, checked.
struct Configuration {
    var homeserver: HomeserverConfiguration
    /// `nil` for all addresses of the machine.
    var bindAddress: String?
    /// 0 for none.
    var httpPort: Int
    /// As it was asked for; `nil` by default.
    var httpsPort: Int?
    var hasDiscovery: Bool
    var logLevel: Logger.Level

    static let defaultHTTPPort = 8_008
    static let defaultHTTPSPort = 8_448
    private static let logLevels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")

    init(_ options: ServeOptions, environment: Environment) throws(ValidationError) {
        let reader = OptionReader(environment: environment)
        homeserver = HomeserverConfiguration(dataDirectory: DataDirectoryOption.path(options.data.data, environment))
        homeserver.serverName = try reader.value("--server-name", options.serverName, "a host name such as kitchen.local") {
            ServerName.isValid($0) ? $0 : nil
        }
        homeserver.registration =
            try reader.value("--registration", options.registration, "open, invite or closed") { HomeserverConfiguration.Registration(rawValue: $0) }
            ?? .invite
        homeserver.registrationSharedSecret = try reader.value(
            "--registration-shared-secret", options.registrationSharedSecret, "a text that is not empty"
        ) { $0.isEmpty ? nil : $0 }
        homeserver.hasHomeRoom = try reader.isOn("--home-room", options.homeRoom)
        homeserver.hasRateLimits = try reader.isOn("--rate-limits", options.rateLimits)
        homeserver.maxUploadBytes =
            try reader.value("--max-upload", options.maxUpload, "a number of bytes, at least 1") { Int64($0).flatMap { $0 >= 1 ? $0 : nil } }
            ?? homeserver.maxUploadBytes
        homeserver.quotaBytes = try reader.value("--quota", options.quota, "a number of bytes, at least 1") {
            Int64($0).flatMap { $0 >= 1 ? $0 : nil }
        }
        homeserver.unusedMediaDays =
            try reader.value("--unused-media-days", options.unusedMediaDays, "a number of days from 0 to 36500") {
                Int($0).flatMap { (0...36_500).contains($0) ? $0 : nil }
            } ?? 0
        bindAddress = try reader.value("--bind", options.bind, "an IP address of this machine") { IPAddress.isValid($0) ? $0 : nil }
        httpPort = try reader.port("--http-port", options.httpPort) ?? Self.defaultHTTPPort
        httpsPort = try reader.port("--https-port", options.httpsPort)
        hasDiscovery = try reader.isOn("--discovery", options.discovery)
        logLevel =
            try reader.value("--log-level", options.logLevel, Self.logLevels) { Logger.Level(rawValue: $0) } ?? .info
        if httpPort == 0 {
            throw ValidationError("With --http-port 0 nothing would listen: this version does not serve HTTPS yet.")
        }
    }
}
