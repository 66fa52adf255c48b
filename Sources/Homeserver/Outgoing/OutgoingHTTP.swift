/// How programs are asked over HTTP: push gateways and application services by the box, the box by its command line.
///
/// Every request has its own connection, follows no redirect, and ends in the time that it was given.
public protocol HTTPClient: Sendable {
    /// Any status is an answer, and so not an error. Ends soon when the task is cancelled.
    func send(_ request: OutgoingRequest) async throws(OutgoingHTTPError) -> OutgoingResponse
}

public struct OutgoingRequest: Sendable {
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case head = "HEAD"
    }

    public var method: Method
    public var url: HTTPURL
    /// Beside those of the connection and the body, which the client sets. A value with line breaks fails the request.
    public var headers: [(name: String, value: String)]
    /// `nil` sends none.
    public var body: [UInt8]?
    public var contentType = "application/json"
    /// For everything, from the look-up of the name to the last byte of the answer.
    public var timeoutSeconds: Int
    public var maxResponseBytes: Int

    public init(
        _ method: Method, _ url: HTTPURL, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil, timeoutSeconds: Int = 30,
        maxResponseBytes: Int = 64 << 10
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeoutSeconds = timeoutSeconds
        self.maxResponseBytes = maxResponseBytes
    }
}

public struct OutgoingResponse: Sendable {
    public var status: Int
    /// By lower-case names.
    public var headers: [String: String]
    public var body: [UInt8]

    public init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Why there is no answer. The texts are for the log.
public enum OutgoingHTTPError: Error, Sendable, Hashable {
    /// The name is unknown, or nobody listens there.
    case unreachable(String)
    case timedOut
    /// The other end cannot prove who it is, or speaks no TLS that is safe.
    case insecure(String)
    /// What came is not HTTP, or broke off.
    case malformed(String)
    case responseTooLarge
    /// More requests are under way than the box makes at a time.
    case busy
    case cancelled
}
