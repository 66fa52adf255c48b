import HTTPAPI
import Homeserver
import MatrixCore

/// Asks a box over the network, as any other client does.
struct BoxClient {
    /// Without a slash at the end.
    let url: String
    var accessToken: String?

    private let http = NetworkHTTPClient()

    /// The box refuses, or is not there. The text is for whoever typed the command.
    struct Failure: Error, CustomStringConvertible {
        let description: String
        /// `nil` where no answer came.
        var status: Int?
        var errorCode: String?

        /// Whether the same may go well later.
        var isPassing: Bool { status.map { $0 == 429 || $0 == 408 || $0 == 502 || $0 == 503 || $0 == 504 } ?? true }
    }

    private static let maxAnswerBytes = 32 << 20
    private static let timeoutSeconds = 60

    init(url: String, accessToken: String? = nil) {
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.accessToken = accessToken
    }

    /// A call that takes and gives JSON. Throws `Failure` for every other answer.
    func call(_ method: OutgoingRequest.Method, _ path: String, _ body: JSONObject? = nil) async throws -> JSONObject {
        let response = try await send(method, path, body: body?.serialized())
        guard let object = try? JSONObject(parsing: response.body) else { throw Failure(description: "\(url) is no Matrix server.") }
        return object
    }

    /// Any request. An answer that is no success is thrown as `Failure`.
    func send(
        _ method: OutgoingRequest.Method, _ path: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        contentType: String = "application/json"
    ) async throws -> OutgoingResponse {
        guard let target = HTTPURL(url + path) else { throw Failure(description: "\(url) is no address of a box: it begins with http://", status: 0) }
        var request = OutgoingRequest(
            method, target, headers: headers, body: body, timeoutSeconds: Self.timeoutSeconds, maxResponseBytes: Self.maxAnswerBytes)
        request.contentType = contentType
        if let accessToken { request.headers.append(("Authorization", "Bearer \(accessToken)")) }
        let response: OutgoingResponse
        do {
            response = try await http.send(request)
        } catch {
            throw Failure(description: "The box at \(url) does not answer (\(Self.text(error))).")
        }
        guard (200..<300).contains(response.status) else {
            let answer = (try? JSONObject(parsing: response.body)) ?? [:]
            let text = answer.string("error") ?? "The box refused without saying why (status \(response.status))."
            throw Failure(description: text, status: response.status, errorCode: answer.string("errcode"))
        }
        return response
    }

    /// Runs `body` again while the box does not answer, for some minutes: Wi-Fi comes back, and so does a box that starts anew.
    func patiently<Result>(_ body: () async throws -> Result) async throws -> Result {
        let clock = ContinuousClock()
        let start = clock.now
        var pause = Duration.seconds(1)
        while true {
            do {
                return try await body()
            } catch let failure as Failure where failure.isPassing && clock.now - start < Self.patience {
                try await Task.sleep(for: pause)
                pause = min(pause * 2, Self.maxPause)
            }
        }
    }

    static let patience = Duration.seconds(300)
    static let maxPause = Duration.seconds(15)

    private static func text(_ error: OutgoingHTTPError) -> String {
        switch error {
        case .unreachable(let text), .insecure(let text), .malformed(let text): Terminal.singleLine(text)
        case .timedOut: "it takes too long"
        case .responseTooLarge: "it answers too much"
        case .busy, .cancelled: "it was given up"
        }
    }
}
