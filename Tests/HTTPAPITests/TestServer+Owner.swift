import Homeserver
import TestSupport

extension TestServer {
    /// Runs `body` with a server whose owner decided this.
    static func run(
        registration: HomeserverConfiguration.Registration = .open, hasHomeRoom: Bool = false, hasRateLimits: Bool = false,
        _ body: (TestServer) async throws -> Void
    ) async throws {
        let decide: (inout HomeserverConfiguration) -> Void = { configuration in
            configuration.registration = registration
            configuration.hasHomeRoom = hasHomeRoom
            configuration.hasRateLimits = hasRateLimits
        }
        try await run(configure: decide, body)
    }
}
