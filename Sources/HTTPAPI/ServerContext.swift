public import Homeserver
public import Logging

/// What handlers need beside the request: the same for all requests of a server.
public struct ServerContext: Sendable {
    public let homeserver: Homeserver
    public let logger: Logger
    /// Draws a QR code as SVG; `nil` for text that does not fit into one.
    public let qrCodeSVG: @Sendable (String) -> String?
    /// What people call the box: `Landline on kitchen`.
    public let boxName: String
    /// The scheme under which clients reach this listener.
    var scheme = "http"
    /// The port under which devices reach the box, where that is known.
    public var networkPort: Int?

    public init(homeserver: Homeserver, boxName: String, logger: Logger, qrCodeSVG: @escaping @Sendable (String) -> String?) {
        self.homeserver = homeserver
        self.boxName = boxName
        self.logger = logger
        self.qrCodeSVG = qrCodeSVG
    }
}
