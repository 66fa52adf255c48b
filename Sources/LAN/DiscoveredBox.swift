/// A box that answered on this network.
public struct DiscoveredBox: Sendable, Equatable {
    public var serviceName: String
    public var serverName: String
    /// The name of its machine, for example `kitchen-laptop.local`.
    public var hostName: String
    /// Numeric addresses, IPv4 first.
    public var addresses: [String]
    public var port: UInt16
    public var version: String

    /// What to open in a browser: by address, since not every device resolves `.local` names.
    public var url: String {
        let host = addresses.first ?? hostName
        return host.utf8.contains(UInt8(ascii: ":")) ? "http://[\(host)]:\(port)/" : "http://\(host):\(port)/"
    }
}

/// Why a network could not be searched. The description says what to do next.
public enum DiscoveryError: Error, Equatable, CustomStringConvertible {
    case noDaemon(reason: String)
    case failed(reason: String)

    public var description: String {
        switch self {
        case .noDaemon(let reason):
            "avahi-daemon does not answer on this machine (\(reason)). Install and start it (on Debian: apt install avahi-daemon), then try again."
        case .failed(let reason):
            "avahi-daemon could not search the network (\(reason)). Try again; if it stays so, restart avahi-daemon."
        }
    }
}
