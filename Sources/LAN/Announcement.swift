/// What the box tells the network about itself.
public struct Announcement: Sendable {
    /// The name people read in a list of services, for example "Landline on kitchen-laptop".
    public var serviceName: String
    /// The Matrix server name, the part after the colon of a user ID.
    public var serverName: String
    public var httpPort: UInt16
    public var version: String

    public init(serviceName: String, serverName: String, httpPort: UInt16, version: String) {
        self.serviceName = serviceName
        self.serverName = serverName
        self.httpPort = httpPort
        self.version = version
    }

    /// One entry for each service type under which the box can be found; another type is another entry here.
    var services: [AnnouncedService] {
        [
            AnnouncedService(
                type: ServiceType.matrix,
                port: httpPort,
                text: TextRecord([
                    (TextRecord.productKey, TextRecord.productName),
                    (TextRecord.versionKey, version),
                    (TextRecord.serverNameKey, serverName),
                    (TextRecord.pathKey, "/"),
                ])),
            // A browser's list of local sites opens `path` on this port.
            AnnouncedService(type: ServiceType.http, port: httpPort, text: TextRecord([(TextRecord.pathKey, "/")])),
            // File managers list it as a network drive. Nobody in particular is meant, so there is no `u`.
            AnnouncedService(type: ServiceType.webDAV, port: httpPort, text: TextRecord([(TextRecord.pathKey, "/dav/")])),
        ]
    }
}

/// One DNS-SD service: its type, its port and what its TXT record says.
struct AnnouncedService: Sendable, Equatable {
    var type: String
    var port: UInt16
    var text: TextRecord
}

enum ServiceType {
    static let matrix = "_matrix._tcp"
    static let http = "_http._tcp"
    static let webDAV = "_webdav._tcp"
}
