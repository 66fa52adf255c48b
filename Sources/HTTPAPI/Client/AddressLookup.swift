import Glibc
import Homeserver
import NIOCore
import NIOPosix

/// Looks a name up by the system's resolver, on a thread of its own: it blocks, for half a minute where a name server is silent,
/// and nobody else shall wait for that.
final class AddressLookup: Resolver, Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let ipv4: EventLoopPromise<[SocketAddress]>
    private let ipv6: EventLoopPromise<[SocketAddress]>

    init(eventLoop: any EventLoop) {
        ipv4 = eventLoop.makePromise()
        ipv6 = eventLoop.makePromise()
    }

    /// NIO asks for IPv6 addresses first; the one look-up answers both questions.
    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        let (ipv4, ipv6) = (ipv4, ipv6)
        let fail: @Sendable (String) -> Void = { text in
            ipv6.fail(Failure(description: text))
            ipv4.fail(Failure(description: text))
        }
        let hasStarted = DetachedThread.start {
            do {
                let addresses = try Self.addresses(of: host, port)
                ipv6.succeed(addresses.filter { $0.protocol == .inet6 })
                ipv4.succeed(addresses.filter { $0.protocol == .inet })
            } catch {
                fail("\(host): \(error)")
            }
        }
        if !hasStarted { fail("The system has no thread to give.") }
        return ipv6.futureResult
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { ipv4.futureResult }

    /// The system's look-up cannot be ended early.
    func cancelQueries() {}

    private static func addresses(of host: String, _ port: Int) throws(Failure) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else { throw Failure(description: String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var entry = list
        while let info = entry?.pointee {
            if let address = info.ai_addr {
                switch info.ai_family {
                case AF_INET:
                    address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { found.append(SocketAddress($0.pointee, host: host)) }
                case AF_INET6:
                    address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { found.append(SocketAddress($0.pointee, host: host)) }
                default: break
                }
            }
            entry = info.ai_next
        }
        return found
    }
}
