import Glibc
import NIOCore

/// Why the server cannot listen, in words for the owner of the box.
public struct ListenError: Error, Sendable, CustomStringConvertible {
    public let description: String
    let isAddressUnknown: Bool

    init(_ error: any Error, _ address: String, _ port: Int) {
        let code = (error as? IOError)?.errnoCode
        isAddressUnknown = code == EADDRNOTAVAIL || code == EAFNOSUPPORT
        description =
            switch code {
            case EADDRINUSE: "Port \(port) is taken by another program, perhaps another Landline. Choose another with --http-port."
            case EACCES, EPERM: "Port \(port) needs more rights than this user has. Choose one above 1023 with --http-port."
            case EADDRNOTAVAIL: "This machine has no address \(address) to listen on. Leave --bind out to listen on all of its addresses."
            default: "Listening on \(address), port \(port), is not possible: \(error)"
            }
    }
    /// A socket's path has at most 107 bytes (unix(7)).
    init(socket path: String, _ error: any Error) {
        isAddressUnknown = false
        description = "The control socket \(path) cannot be made: \(error). A data directory with a shorter path may help."
    }
}
