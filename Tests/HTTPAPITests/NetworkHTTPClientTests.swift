import Homeserver
import TestSupport
import Testing

@testable import HTTPAPI

struct NetworkHTTPClientTests {
    private let client = NetworkHTTPClient()

    private func url(_ receiver: HTTPReceiver, _ target: String = "/", host: String = "127.0.0.1") throws -> HTTPURL {
        try #require(HTTPURL("http://\(host):\(receiver.port)\(target)"))
    }

    private func withReceiver(
        _ answer: HTTPReceiver.Answer, _ body: (HTTPReceiver) async throws -> Void
    ) async throws {
        let receiver = try await HTTPReceiver(answer: { _ in answer })
        do {
            try await body(receiver)
        } catch {
            await receiver.stop()
            throw error
        }
        await receiver.stop()
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func aRequestArrivesAsItWasMade(host: String) async throws {
        try await withReceiver(.json(#"{"a":1}"#, status: 201)) { receiver in
            let body = Array(#"{"x":"ü"}"#.utf8)
            let request = OutgoingRequest(
                .put, try url(receiver, "/p/a%20b?q=%2F", host: host), headers: [("Authorization", "Bearer secret")], body: body)
            let response = try await client.send(request)
            #expect(response.status == 201)
            #expect(response.body == Array(#"{"a":1}"#.utf8))
            let received = try #require(try await receiver.requests.first(1).first)
            #expect(received.method == "PUT")
            #expect(received.target == "/p/a%20b?q=%2F")
            #expect(received.headers["host"] == "\(host):\(receiver.port)")
            #expect(received.headers["authorization"] == "Bearer secret")
            #expect(received.headers["content-type"] == "application/json")
            #expect(received.headers["content-length"] == "\(body.count)")
            #expect(received.body == body)
        }
    }

    @Test func aGETHasNoBody() async throws {
        try await withReceiver(.json("{}")) { receiver in
            _ = try await client.send(OutgoingRequest(.get, try url(receiver)))
            let received = try #require(try await receiver.requests.first(1).first)
            #expect(received.method == "GET")
            #expect(received.body.isEmpty)
            #expect(received.headers["content-length"] == nil)
        }
    }

    @Test func aRedirectIsAnAnswerAndNotFollowed() async throws {
        let raw = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
        try await withReceiver(.raw(Array(raw.utf8))) { receiver in
            let response = try await client.send(OutgoingRequest(.get, try url(receiver)))
            #expect(response.status == 302)
            #expect(receiver.requests.all.count == 1)
        }
    }

    @Test func anAnswerWithoutLengthEndsWithTheConnection() async throws {
        try await withReceiver(.raw(Array("HTTP/1.1 200 OK\r\n\r\nhello".utf8))) { receiver in
            let response = try await client.send(OutgoingRequest(.get, try url(receiver)))
            #expect(response.body == Array("hello".utf8))
        }
    }

    @Test func aLongAnswerIsCutOff() async throws {
        try await withReceiver(.response(status: 200, body: [UInt8](repeating: 0x20, count: 1_001))) { receiver in
            var request = OutgoingRequest(.get, try url(receiver), maxResponseBytes: 1_000)
            await #expect(throws: OutgoingHTTPError.responseTooLarge) { try await client.send(request) }
            request.maxResponseBytes = 1_001
            #expect(try await client.send(request).body.count == 1_001)
        }
    }

    @Test(arguments: ["", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "HTTP/1.1 200 OK\r\nConte"])
    func whatIsNoWholeAnswerIsAnError(_ raw: String) async throws {
        try await withReceiver(.raw(Array(raw.utf8))) { receiver in
            let request = OutgoingRequest(.get, try url(receiver))
            let error = await #expect(throws: OutgoingHTTPError.self) { try await client.send(request) }
            guard case .malformed = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func headersAreBounded() async throws {
        let long = "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: Limits.maxHeaderBytes + 1) + "\r\nContent-Length: 0\r\n\r\n"
        try await withReceiver(.raw(Array(long.utf8))) { receiver in
            let request = OutgoingRequest(.get, try url(receiver))
            await #expect(throws: OutgoingHTTPError.self) { try await client.send(request) }
        }
    }

    @Test func silenceEndsInTime() async throws {
        try await withReceiver(.silence) { receiver in
            let request = OutgoingRequest(.get, try url(receiver), timeoutSeconds: 1)
            await #expect(throws: OutgoingHTTPError.timedOut) { try await client.send(request) }
        }
    }

    @Test func aCancelledTaskDoesNotWait() async throws {
        try await withReceiver(.silence) { receiver in
            let request = OutgoingRequest(.get, try url(receiver), timeoutSeconds: 600)
            let task = Task { try await client.send(request) }
            _ = try await receiver.requests.first(1)
            task.cancel()
            await #expect(throws: OutgoingHTTPError.cancelled) { try await task.value }
        }
    }

    @Test(arguments: ["http://127.0.0.1:1/", "http://no-such-name.invalid/", "http://[::1]:1/"])
    func nobodyThereIsAnError(_ text: String) async throws {
        let url = try #require(HTTPURL(text))
        let error = await #expect(throws: OutgoingHTTPError.self) { try await client.send(OutgoingRequest(.get, url)) }
        guard case .unreachable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func noHeaderCanSmuggleAnother() async throws {
        try await withReceiver(.json("{}")) { receiver in
            let request = OutgoingRequest(.get, try url(receiver), headers: [("X", "a\r\nY: b")], timeoutSeconds: 5)
            await #expect(throws: OutgoingHTTPError.self) { try await client.send(request) }
            #expect(receiver.requests.all.isEmpty)
        }
    }

    @Test func manyAtOnceAreRefusedBeyondTheLimit() async throws {
        try await withReceiver(.silence) { receiver in
            let request = OutgoingRequest(.get, try url(receiver), timeoutSeconds: 600)
            let tasks = (0..<32).map { _ in Task { try await client.send(request) } }
            _ = try await receiver.requests.first(32)
            await #expect(throws: OutgoingHTTPError.busy) { try await client.send(request) }
            for task in tasks { task.cancel() }
            for task in tasks { _ = await task.result }
            receiver.answer { _ in .json("{}") }
            #expect(try await client.send(request).status == 200)
        }
    }
}
