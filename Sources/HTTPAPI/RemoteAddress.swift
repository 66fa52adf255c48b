import NIOCore

/// The numeric IP address at the other end of a connection.
enum RemoteAddress {
    static func text(_ channel: any Channel) -> String? {
        guard let address = channel.remoteAddress?.ipAddress else { return nil }
        // A socket that listens on IPv6 sees IPv4 clients under addresses of this form (RFC 4291, section 2.5.5.2).
        let mapped = "::ffff:"
        return address.hasPrefix(mapped) && address.contains(".") ? String(address.dropFirst(mapped.count)) : address
    }
}
