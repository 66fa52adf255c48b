import ArgumentParser
import Cryptography
import Glibc
import HTTPAPI
import Homeserver
import LAN
import Logging
import ServiceLifecycle
import UnixSignals

/// `landline serve`: runs the box until it is told to end.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the box.", discussion: "Every option can be given in the environment too: --http-port as LANDLINE_HTTP_PORT.")

    @OptionGroup var options: ServeOptions

    func run() async throws {
        // A client that goes away in the middle of an answer is an error of that answer, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        Memory.settle()
        let configuration = try Configuration(options, environment: .process)
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: "landline")
        logger.logLevel = configuration.logLevel

        var quietLogger = logger
        quietLogger.logLevel = max(.error, configuration.logLevel)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: Box(configuration: configuration, logger: logger), successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: quietLogger))
        try await group.run()
    }
}

/// Everything that runs, from the first start to the last flush.
private struct Box: Service {
    let configuration: Configuration
    let logger: Logger

    func run() async throws {
        let homeserver = try await Homeserver(configuration: configuration.homeserver, http: NetworkHTTPClient(), logger: logger)
        var context = ServerContext(homeserver: homeserver, boxName: BoxName.text, logger: logger) { text in try? QRCode(text).svg() }
        var secureServer: HTTPServer?
        let server = HTTPServer(context: context, endpoint: .network(address: configuration.bindAddress, port: configuration.httpPort))
        do {
            try await homeserver.start()
            let port = try await server.start()
            context.networkPort = port
            let control = HTTPServer(context: context, endpoint: .control(path: homeserver.controlSocket))
            try await control.start()
            secureServer = try await startHTTPS(context)
            try await homeserver.applicationServices.start()
            let hasOwner = try await homeserver.registration.ownerExists
            Terminal.write(Greeting(bindAddress: configuration.bindAddress, port: port, hasOwner: hasOwner).text(inColor: Terminal.showsColors))
            let announcer = startAnnouncer(homeserver.serverName, port)
            Memory.forgetStart()
            // Throws only where the task is cancelled, which also means the end.
            try? await gracefulShutdown()
            async let withdrawal: Void = Self.stop(announcer)
            await control.stop()
            await secureServer?.stop()
            await server.stop()
            await withdrawal
        } catch {
            await secureServer?.stop()
            await server.stop()
            await homeserver.close()
            throw error
        }
        await homeserver.close()
    }

    /// HTTPS for those who put a certificate into the data directory.
    private func startHTTPS(_ context: ServerContext) async throws -> HTTPServer? {
        let directory = configuration.homeserver.dataDirectory + "/tls"
        let (certificate, key) = (directory + "/cert.pem", directory + "/key.pem")
        guard access(certificate, F_OK) == 0, access(key, F_OK) == 0 else {
            if let port = configuration.httpsPort, port != 0 {
                logger.notice("Nothing listens on port \(port): HTTPS needs \(certificate) and \(key).")
            }
            return nil
        }
        let port = configuration.httpsPort ?? Configuration.defaultHTTPSPort
        guard port != 0 else { return nil }
        let tls = try TLSContext.server(certificate: certificate, key: key)
        let server = HTTPServer(context: context, endpoint: .network(address: configuration.bindAddress, port: port, tls: tls))
        do {
            try await server.start()
        } catch {
            await server.stop()
            throw error
        }
        logger.notice("HTTPS is served on port \(port).")
        return server
    }

    private func startAnnouncer(_ serverName: String, _ port: Int) -> Announcer? {
        guard configuration.hasDiscovery, let port = UInt16(exactly: port) else { return nil }
        let announcement = Announcement(
            serviceName: BoxName.text, serverName: serverName, httpPort: port, version: LandlineVersion.current)
        let announcer = Announcer(configuration: announcement, logger: logger)
        announcer.start()
        return announcer
    }

    /// On a thread of its own, since it waits for the daemon.
    private static func stop(_ announcer: Announcer?) async {
        guard let announcer else { return }
        await withCheckedContinuation { continuation in
            let stop: @Sendable () -> Void = {
                announcer.stop()
                continuation.resume()
            }
            if !DetachedThread.start(stop) { stop() }
        }
    }
}
