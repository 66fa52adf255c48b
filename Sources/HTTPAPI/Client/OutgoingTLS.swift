import Cryptography
import NIOCore
import Synchronization

/// TLS for the box's own requests, set up with the first that needs it: trusted certificates are much to hold for a box without any.
final class OutgoingTLS: Sendable {
    private let makeContext: @Sendable () throws -> TLSContext
    private let verifiesLoopback: Bool
    private let context = Mutex<TLSContext?>(nil)

    init(verifiesLoopback: Bool = false, makeContext: @escaping @Sendable () throws -> TLSContext = { try TLSContext.client() }) {
        self.makeContext = makeContext
        self.verifiesLoopback = verifiesLoopback
    }

    /// Begins a session as the client of `host` over a channel that is connected.
    ///
    /// Nothing lies between two programs of one machine that a certificate could guard against, and no authority gives one for
    /// such an address; so over loopback any certificate will do.
    func session(with host: String, over channel: any Channel) throws -> TLSSession {
        let isLocal = channel.remoteAddress.map(Self.isLoopback) ?? false
        let context = try context.withLock { context in
            let made = try context ?? makeContext()
            context = made
            return made
        }
        return try TLSSession(client: context, host: host, isVerified: verifiesLoopback || !isLocal)
    }

    static func isLoopback(_ address: SocketAddress) -> Bool {
        switch address {
        case .v4: address.ipAddress?.hasPrefix("127.") == true
        case .v6: address.ipAddress == "::1"
        case .unixDomainSocket: true
        }
    }
}
