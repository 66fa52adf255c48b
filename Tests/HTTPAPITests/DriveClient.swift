import Cryptography
import MatrixCore
import TestSupport

@testable import HTTPAPI

/// A program that shows the files as a drive: says exactly what a test wants it to say.
struct DriveClient {
    let port: Int
    /// The `Authorization` header.
    var authorization: String?

    struct Answer {
        let status: Int
        /// By lower-case names.
        let headers: [String: String]
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        var xml: XMLElement? { try? XMLReader.parse(body) }
        var json: JSONObject { (try? JSONObject(parsing: body)) ?? [:] }

        /// The elements of a multi-status answer that are called so, at any depth.
        func elements(_ name: XMLName) -> [XMLElement] {
            func inside(_ element: XMLElement) -> [XMLElement] { element.children.flatMap { ($0.name == name ? [$0] : []) + inside($0) } }
            return xml.map(inside) ?? []
        }
    }

    struct NoAnswer: Error { let received: String }

    /// - Parameter path: below `/dav/`, as it is to be sent.
    func request(_ method: String, _ path: String, _ headers: [String: String] = [:], body: String? = nil) async throws -> Answer {
        try await send(method, "/dav/" + path, headers, body: body.map { Array($0.utf8) })
    }

    func send(_ method: String, _ target: String, _ headers: [String: String] = [:], body: [UInt8]? = nil) async throws -> Answer {
        let connection = try RawConnection(port: port)
        var head = "\(method) \(target) HTTP/1.1\r\nConnection: close\r\n"
        if headers["Host"] == nil { head += "Host: box\r\n" }
        if let authorization { head += "Authorization: \(authorization)\r\n" }
        if let body, headers["Content-Length"] == nil { head += "Content-Length: \(body.count)\r\n" }
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        try await connection.send(Array((head + "\r\n").utf8) + (body ?? []))
        var received: [UInt8] = []
        while true {
            let piece = try await connection.receive()
            if piece.isEmpty { break }
            received += piece
        }
        guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { throw NoAnswer(received: String(decoding: received, as: UTF8.self)) }
        let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let rest = received[end.upperBound...]
        return Answer(status: status, headers: fields, body: fields["transfer-encoding"] == "chunked" ? try Self.joined(rest) : Array(rest))
    }

    /// Throws for chunks that end in the middle.
    private static func joined(_ chunks: ArraySlice<UInt8>) throws -> [UInt8] {
        var rest = chunks
        var body: [UInt8] = []
        while let line = rest.firstRange(of: Array("\r\n".utf8)),
            let count = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16)
        {
            rest = rest[line.upperBound...]
            if count == 0 { return body }
            body += rest.prefix(count)
            rest = rest.dropFirst(count + 2)
        }
        throw NoAnswer(received: String(decoding: chunks.suffix(200), as: UTF8.self))
    }

    static func basic(_ name: String, _ password: String) -> String { "Basic " + Base64.encodePadded(Array("\(name):\(password)".utf8)) }
}

extension TestServer {
    /// The drive of somebody who is logged in, by an app password.
    func drive(_ client: MatrixClient) async throws -> DriveClient {
        let made = try await client.call("POST", "/_landline/v1/app_passwords", json: ["name": "tests"])
        return DriveClient(port: port, authorization: DriveClient.basic(client.userID?.localpart ?? "", made.string("password") ?? ""))
    }

    /// A box with one account and its drive.
    static func withDrive(_ body: (TestServer, MatrixClient, DriveClient) async throws -> Void) async throws {
        try await run { server in
            let anna = try await server.register("anna")
            try await body(server, anna, server.drive(anna))
        }
    }
}
