import Logging
import MatrixCore
import Storage

/// The application services of the box, and what belongs to which.
struct ServiceNamespaces: Sendable {
    let services: [ApplicationService]
    /// Whether every file could be read.
    let isComplete: Bool
    private let byTokenHash: [[UInt8]: ApplicationService]

    static let none = ServiceNamespaces([], isComplete: true)

    init(_ services: [ApplicationService], isComplete: Bool) {
        self.services = services
        self.isComplete = isComplete
        byTokenHash = Dictionary(services.map { ($0.tokenHash, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Reads the registration files. One that cannot be used is named in the log, and left out.
    init(_ files: [DataDirectory.RegistrationFile], serverName: String, logger: Logger) {
        var services: [ApplicationService] = []
        var isComplete = true
        for file in files {
            do {
                let registration = try ApplicationServiceRegistration(YAMLReader.read(file.content.get()))
                if let problem = Self.collision(of: registration, with: services) { throw YAMLError(problem, line: 1) }
                services.append(ApplicationService(registration, serverName: serverName))
            } catch {
                isComplete = false
                let reason = (error as? YAMLError).map { "line \($0.line): \($0.message)." } ?? "\(error)"
                logger.error("\(file.path): \(reason) This application service is left out: correct the file, then start the box again.")
            }
        }
        self.init(services, isComplete: isComplete)
    }

    /// Identifiers and tokens must be unique.
    ///
    /// spec: application-service-api/#registration
    private static func collision(of registration: ApplicationServiceRegistration, with services: [ApplicationService]) -> String? {
        for other in services.map(\.registration) {
            if registration.id == other.id { return "another file has the id \(other.id) already" }
            if registration.accessToken == other.accessToken { return "\(other.id) has the same as_token" }
            if registration.senderLocalpart == other.senderLocalpart { return "\(other.id) has the same sender_localpart" }
        }
        return nil
    }

    var isEmpty: Bool { services.isEmpty }

    func service(withToken token: String) -> ApplicationService? {
        isEmpty || token.utf8.count > ApplicationServiceRegistration.maxTokenBytes ? nil : byTokenHash[ApplicationService.hash(token)]
    }

    // MARK: Who may have what

    /// Throws `exclusive` if a service other than `service` has this user ID for itself.
    func check(_ user: UserID, for service: ApplicationService? = nil) throws(MatrixError) {
        for other in services where other != service && other.isExclusive(user) {
            throw MatrixError(.exclusive, "The user names like this one belong to the application service \(other.id).")
        }
    }

    /// Throws `exclusive` if the address belongs to another service, or if a service goes beyond its own.
    func check(_ alias: RoomAlias, for service: ApplicationService?) throws(MatrixError) {
        for other in services where other != service && other.isExclusive(alias) {
            throw MatrixError(.exclusive, "The addresses like this one belong to the application service \(other.id).")
        }
        if let service, !service.includes(alias) { throw MatrixError(.exclusive, "This address is outside of the application service's namespaces.") }
    }
}
