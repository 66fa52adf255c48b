import HTTPTypes
import MatrixCore
import TestSupport

@testable import HTTPAPI

/// Sends requests as they are given, one after the other on one connection, however wrong they are.
struct RawClient {
    let connection: RawConnection
    var accessToken: String?

    struct Answer {
        let status: Int
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        var errorCode: String? { (try? JSONObject(parsing: body))?.string("errcode") }

        /// Whether it is a refusal as the specification wants it.
        var isRefusal: Bool { (400..<500).contains(status) && (errorCode != nil || status == 401) }
    }

    struct NoAnswer: Error { let received: String }

    init(_ server: TestServer, accessToken: String? = nil) throws {
        connection = try RawConnection(port: server.port)
        self.accessToken = accessToken
    }

    func request(_ method: String, _ target: String, body: [UInt8]? = nil) async throws -> Answer {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: test.example\r\n"
        if let accessToken { head += "Authorization: Bearer \(accessToken)\r\n" }
        if let body { head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n" }
        try await connection.send(Array((head + "\r\n").utf8) + (body ?? []))
        var received: [UInt8] = []
        while true {
            if let answer = Self.answer(received) { return answer }
            let piece = try await connection.receive()
            guard !piece.isEmpty else { throw NoAnswer(received: String(decoding: received, as: UTF8.self)) }
            received += piece
        }
    }

    func request(_ route: Route, _ values: [String: String], body: [UInt8]? = nil) async throws -> Answer {
        try await request(route.method.rawValue, route.filled(values), body: body)
    }

    /// `nil` until the whole answer is there.
    private static func answer(_ received: [UInt8]) -> Answer? {
        guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let lengths = lines.filter { $0.lowercased().hasPrefix("content-length:") }
        let length = lengths.first.flatMap { Int($0.dropFirst(15).filter { $0 != " " }) } ?? 0
        guard received.count >= end.upperBound + length else { return nil }
        return Answer(status: status, body: Array(received[end.upperBound..<end.upperBound + length]))
    }
}
