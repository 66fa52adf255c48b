import Foundation
import Glibc

/// A plain TCP connection, for what an HTTP client would never send, or never stop doing.
///
/// Proof for `@unchecked Sendable`: all use is on one serial queue.
public final class RawConnection: @unchecked Sendable {
    private let queue = DispatchQueue(label: "RawConnection")
    private let descriptor: Int32

    public struct Failure: Error { public let code: Int32 }

    public init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        // No test waits longer than this for a server that says nothing.
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard result == 0 else { throw Failure(code: errno) }
    }

    deinit { close(descriptor) }

    public func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    public func send(_ bytes: [UInt8]) async throws {
        try await run {
            var rest = bytes[...]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes { Glibc.send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard sent > 0 else { throw Failure(code: errno) }
                rest = rest.dropFirst(sent)
            }
        }
    }

    /// Some bytes, as soon as there are any; none when the other end has closed.
    public func receive() async throws -> [UInt8] {
        try await run {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            let count = recv(self.descriptor, &buffer, buffer.count, 0)
            guard count >= 0 else { throw Failure(code: errno) }
            return Array(buffer[..<count])
        }
    }

    /// Everything until `text` has come, or until the other end closes.
    public func receive(until text: String) async throws -> String {
        var received: [UInt8] = []
        while true {
            let piece = try await receive()
            received += piece
            let whole = String(decoding: received, as: UTF8.self)
            if piece.isEmpty || whole.contains(text) { return whole }
        }
    }

    /// Everything until the other end closes.
    public func receiveAll() async throws -> String {
        var received: [UInt8] = []
        while true {
            let piece = try await receive()
            if piece.isEmpty { return String(decoding: received, as: UTF8.self) }
            received += piece
        }
    }

    /// Says that nothing more will be sent.
    public func finishSending() async throws { _ = try await run { shutdown(self.descriptor, Int32(SHUT_WR)) } }

    private func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result(catching: body)) }
        }
    }
}
