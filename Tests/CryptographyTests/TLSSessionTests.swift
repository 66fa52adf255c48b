import COpenSSL
import TestSupport
import Testing

@testable import Cryptography

struct TLSSessionTests {
    private let files: TestCertificates

    init() throws { files = try TestCertificates() }

    /// Two ends, and what lies between them.
    private struct Pair {
        let client: TLSSession
        let server: TLSSession

        /// Carries bytes to and fro until both ends are silent.
        func settle() throws {
            try client.shakeHands()
            while Self.carry(client, server) + Self.carry(server, client) > 0 {
                if !client.isEstablished { try client.shakeHands() }
                if !server.isEstablished { try server.shakeHands() }
            }
        }

        static func carry(_ source: TLSSession, _ target: TLSSession) -> Int {
            let bytes = TLSSessionTests.output(of: source)
            bytes.withUnsafeBytes { if !$0.isEmpty { target.receive($0) } }
            return bytes.count
        }
    }

    private static func output(of session: TLSSession) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: session.bytesToSend) { buffer, count in
            count = buffer.isEmpty ? 0 : session.takeBytesToSend(into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    private func pair(host: String = "localhost", isVerified: Bool = true, trusts: Bool = true, expired: Bool = false) throws -> Pair {
        let client = try TLSContext.client(authorities: trusts ? files.authority : nil)
        let server = try TLSContext.server(certificate: expired ? files.expiredCertificate : files.certificate, key: files.key)
        return Pair(
            client: try TLSSession(client: client, host: host, isVerified: isVerified), server: try TLSSession(server: server))
    }

    private func send(_ bytes: [UInt8], from source: TLSSession, to target: TLSSession) throws -> [UInt8] {
        try bytes.withUnsafeBytes { try source.write($0) }
        _ = Pair.carry(source, target)
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 10_000)
        while case .bytes(let count) = try buffer.withUnsafeMutableBytes({ try target.read(into: $0) }) { received += buffer[..<count] }
        return received
    }

    private func read(_ session: TLSSession) throws -> TLSSession.ReadResult {
        var buffer = [UInt8](repeating: 0, count: 100)
        return try buffer.withUnsafeMutableBytes { try session.read(into: $0) }
    }

    @Test(arguments: ["localhost", "gateway.test", "127.0.0.1", "::1"])
    func bytesGoBothWays(host: String) throws {
        let pair = try pair(host: host)
        try pair.settle()
        #expect(pair.client.isEstablished && pair.server.isEstablished)
        let long = SecureRandom.bytes(100_000)
        #expect(try send(long, from: pair.client, to: pair.server) == long)
        #expect(try send([1, 2, 3], from: pair.server, to: pair.client) == [1, 2, 3])
        #expect(try read(pair.client) == .nothing)
    }

    @Test func theServerIsToldTheName() throws {
        let named = try pair(host: "gateway.test")
        try named.settle()
        #expect(SSL_get_servername(named.server.handle, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) } == "gateway.test")
        // An address is not a name.
        let numeric = try pair(host: "127.0.0.1")
        try numeric.settle()
        #expect(SSL_get_servername(numeric.server.handle, TLSEXT_NAMETYPE_host_name) == nil)
    }

    @Test(arguments: ["other.test", "127.0.0.2", "localhost.example", "test"])
    func aCertificateForAnotherHostIsRefused(host: String) throws {
        let pair = try pair(host: host)
        let error = #expect(throws: TLSError.self) { try pair.settle() }
        guard case .untrusted = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!pair.client.isEstablished)
    }

    @Test func aCertificateOfAStrangerIsRefused() throws {
        let pair = try pair(trusts: false)
        let error = #expect(throws: TLSError.self) { try pair.settle() }
        guard case .untrusted = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func anExpiredCertificateIsRefused() throws {
        let pair = try pair(expired: true)
        #expect(throws: TLSError.untrusted("certificate has expired")) { try pair.settle() }
    }

    @Test func whereItDoesNotMatterAnyCertificateWillDo() throws {
        let pair = try pair(host: "other.test", isVerified: false, trusts: false, expired: true)
        try pair.settle()
        #expect(try send([7], from: pair.client, to: pair.server) == [7])
    }

    @Test func aGoodbyeIsHeardAndABreakIsNone() throws {
        let pair = try pair()
        try pair.settle()
        #expect(!pair.server.hasEnded)
        pair.client.close()
        _ = Pair.carry(pair.client, pair.server)
        #expect(try read(pair.server) == .ended)
        #expect(pair.server.hasEnded)
        #expect(!pair.client.hasEnded)
    }

    @Test func changedBytesAreRefused() throws {
        let pair = try pair()
        try pair.settle()
        try [1, 2, 3].withUnsafeBytes { try pair.client.write($0) }
        var bytes = Self.output(of: pair.client)
        bytes[bytes.count - 1] ^= 1
        bytes.withUnsafeBytes { pair.server.receive($0) }
        #expect(throws: TLSError.self) { try read(pair.server) }
    }

    @Test func whatIsNoTLSIsRefused() throws {
        let pair = try pair()
        Array("GET / HTTP/1.1\r\n\r\n".utf8).withUnsafeBytes { pair.server.receive($0) }
        #expect(throws: TLSError.self) { try pair.server.shakeHands() }
    }

    @Test func oldVersionsAreRefused() throws {
        let pair = try pair()
        SSL_ctrl(pair.client.handle, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_VERSION), nil)
        SSL_ctrl(pair.client.handle, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(TLS1_1_VERSION), nil)
        #expect(throws: TLSError.self) { try pair.settle() }
    }

    @Test func version12WorksWithoutRenegotiation() throws {
        let pair = try pair()
        SSL_ctrl(pair.client.handle, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
        try pair.settle()
        #expect(String(cString: SSL_get_version(pair.client.handle)) == "TLSv1.2")
        #expect(try send([5], from: pair.client, to: pair.server) == [5])
        // A client that insists gets no second handshake.
        SSL_clear_options(pair.client.handle, LandlineTLSOptions)
        #expect(SSL_renegotiate(pair.client.handle) == 1)
        _ = SSL_do_handshake(pair.client.handle)
        #expect(pair.client.bytesToSend > 0)
        _ = Pair.carry(pair.client, pair.server)
        _ = try? read(pair.server)
        #expect(SSL_get_state(pair.server.handle) == TLS_ST_OK)
        _ = Pair.carry(pair.server, pair.client)
        #expect(throws: TLSError.self) { try read(pair.client) }
    }

    @Test func filesThatAreNoCertificatesAreErrors() throws {
        #expect(throws: TLSError.self) { try TLSContext.server(certificate: files.key, key: files.key) }
        #expect(throws: TLSError.self) { try TLSContext.server(certificate: "/nowhere", key: files.key) }
        #expect(throws: TLSError.self) { try TLSContext.server(certificate: files.authority, key: files.key) }
        #expect(throws: TLSError.self) { try TLSContext.client(authorities: "/nowhere") }
    }
}
