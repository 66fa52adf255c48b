import Glibc
import HTTPAPI
import Homeserver
import Logging
import MatrixCore
import Storage

/// Asks the box something on behalf of its owner: the running one, or else one that runs just for this.
struct Control {
    let dataDirectory: String

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Calls `body` with a connection to a box that runs.
    static func withBox<Result>(_ dataDirectory: String, _ body: (Control) throws -> Result) async throws -> Result {
        let control = Control(dataDirectory: dataDirectory)
        if control.isAnswered { return try body(control) }
        var logger = Logger(label: "landline")
        logger.logLevel = .error
        let homeserver = try await Homeserver(
            configuration: HomeserverConfiguration(dataDirectory: dataDirectory), http: NetworkHTTPClient(), logger: logger)
        let server = HTTPServer(
            context: ServerContext(homeserver: homeserver, boxName: BoxName.text, logger: logger) { _ in nil },
            endpoint: .control(path: homeserver.controlSocket))
        do {
            try await server.start()
            let result = try body(control)
            await server.stop()
            await homeserver.close()
            return result
        } catch {
            await server.stop()
            await homeserver.close()
            throw error
        }
    }

    /// One request, one connection. Throws what the box says where it refuses.
    func send(_ method: String, _ path: String, _ body: JSONObject = [:]) throws -> JSONObject {
        let content = body.serialized()
        var request = Array(
            "\(method) \(path) HTTP/1.1\r\nHost: box\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: \(content.count)\r\n\r\n"
                .utf8)
        request += content
        let descriptor = try connect()
        defer { close(descriptor) }
        try write(request, to: descriptor)
        let response = readAll(from: descriptor)
        guard let end = response.firstRange(of: Array("\r\n\r\n".utf8)) else { throw Failure(description: "The box did not answer.") }
        let object = try JSONObject(parsing: response[end.upperBound...])
        guard response.starts(with: Array("HTTP/1.1 200".utf8)) else {
            throw Failure(description: object.string("error") ?? "The box refused without saying why.")
        }
        return object
    }

    private var socketPath: String { dataDirectory + "/control.sock" }

    private var isAnswered: Bool {
        guard let descriptor = try? connect() else { return false }
        close(descriptor)
        return true
    }

    private func connect() throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array(socketPath.utf8)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.count < capacity else { throw Failure(description: "The path of the data directory is too long for a socket.") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, size) }
        }
        guard descriptor >= 0, code == 0 else {
            if descriptor >= 0 { close(descriptor) }
            throw Failure(description: "The box does not answer.")
        }
        return descriptor
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure(description: "The box went away.") }
            written += count
        }
    }

    private func readAll(from descriptor: Int32) -> [UInt8] {
        var response: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return response }
            response += piece[..<count]
        }
    }
}
