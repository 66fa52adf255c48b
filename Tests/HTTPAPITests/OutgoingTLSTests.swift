import Cryptography
import Homeserver
import NIOCore
import TestSupport
import Testing

@testable import HTTPAPI

struct OutgoingTLSTests {
    private let files: TestCertificates

    init() throws { files = try TestCertificates() }

    private func withReceiver(
        certificate: String? = nil, _ answer: HTTPReceiver.Answer = .json(#"{"a":1}"#), _ body: (HTTPReceiver) async throws -> Void
    ) async throws {
        let context = try TLSContext.server(certificate: certificate ?? files.certificate, key: files.key)
        let receiver = try await HTTPReceiver(
            prepare: { try $0.pipeline.syncOperations.addHandler(TLSHandler(server: context)) }, answer: { _ in answer })
        do {
            try await body(receiver)
        } catch {
            await receiver.stop()
            throw error
        }
        await receiver.stop()
    }

    private func request(_ receiver: HTTPReceiver, host: String = "localhost", body: [UInt8]? = nil) throws -> OutgoingRequest {
        OutgoingRequest(.post, try #require(HTTPURL("https://\(host):\(receiver.port)/x")), body: body, timeoutSeconds: 10)
    }

    /// Verifies over loopback too, as it does elsewhere.
    private func strictClient(trusts: Bool = true) -> NetworkHTTPClient {
        let authority = files.authority
        return NetworkHTTPClient(
            tls: OutgoingTLS(verifiesLoopback: true) { try trusts ? TLSContext.client(authorities: authority) : TLSContext.client() })
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func aRequestGoesThroughTLS(host: String) async throws {
        try await withReceiver { receiver in
            let body = [UInt8](repeating: 0x20, count: 200_000) + Array("{}".utf8)
            let response = try await strictClient().send(try request(receiver, host: host, body: body))
            #expect(response.body == Array(#"{"a":1}"#.utf8))
            #expect(receiver.requests.all.first?.body == body)
        }
    }

    @Test func aLongAnswerComesWhole() async throws {
        try await withReceiver(.response(status: 200, body: [UInt8](repeating: 1, count: 60_000))) { receiver in
            let response = try await strictClient().send(try request(receiver))
            #expect(response.body.count == 60_000)
        }
    }

    @Test func aStrangerIsRefusedAndToldNothing() async throws {
        try await withReceiver { receiver in
            let request = try request(receiver)
            let error = await #expect(throws: OutgoingHTTPError.self) { try await strictClient(trusts: false).send(request) }
            guard case .insecure = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(receiver.requests.all.isEmpty)
        }
    }

    @Test func anExpiredCertificateIsRefused() async throws {
        try await withReceiver(certificate: files.expiredCertificate) { receiver in
            let request = try request(receiver)
            await #expect(throws: OutgoingHTTPError.self) { try await strictClient().send(request) }
            #expect(receiver.requests.all.isEmpty)
        }
    }

    @Test func overLoopbackAnyCertificateWillDo() async throws {
        try await withReceiver(certificate: files.expiredCertificate) { receiver in
            let response = try await NetworkHTTPClient().send(try request(receiver))
            #expect(response.status == 200)
        }
    }

    @Test func whatIsLoopback() throws {
        for address in ["127.0.0.1", "127.1.2.3", "::1"] { #expect(OutgoingTLS.isLoopback(try SocketAddress(ipAddress: address, port: 1))) }
        for address in ["192.168.1.127", "128.0.0.1", "::2", "fe80::1", "::ffff:127.0.0.1"] {
            #expect(!OutgoingTLS.isLoopback(try SocketAddress(ipAddress: address, port: 1)))
        }
    }

    @Test func plainHTTPIsNoTLS() async throws {
        let receiver = try await HTTPReceiver()
        let request = try request(receiver)
        await #expect(throws: OutgoingHTTPError.self) { try await strictClient().send(request) }
        await receiver.stop()
    }

    /// Without a goodbye nobody knows whether more was to come.
    @Test func aConnectionThatBreaksOffIsAnError() async throws {
        try await withReceiver(.raw(Array("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort".utf8))) { receiver in
            let request = try request(receiver)
            await #expect(throws: OutgoingHTTPError.self) { try await strictClient().send(request) }
        }
    }
}
