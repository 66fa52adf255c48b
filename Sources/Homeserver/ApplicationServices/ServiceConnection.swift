import MatrixCore
import Synchronization

/// The way to one application service.
///
/// spec: application-service-api/#homeserver---application-service-api
final class ServiceConnection: Sendable {
    let service: ApplicationService
    private let url: String
    private let http: any HTTPClient
    /// A service that has answered at the paths of the specification is not asked at those from before it.
    private let knowsPaths = Atomic(false)

    static let timeoutSeconds = 30
    static let maxResponseBytes = 256 << 10

    /// `nil` for a service that wants no traffic.
    init?(_ service: ApplicationService, http: any HTTPClient) {
        guard var url = service.registration.url else { return nil }
        while url.hasSuffix("/") { url.removeLast() }
        self.service = service
        self.url = url
        self.http = http
    }

    /// - Parameters:
    ///   - path: below `/_matrix/app/v1`, in parts that are not encoded yet.
    ///   - legacyPath: what it was called before there was a specification.
    func send(
        _ method: OutgoingRequest.Method, _ path: [String], query: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        legacyPath: [String]? = nil, timeoutSeconds: Int = timeoutSeconds
    ) async throws(OutgoingHTTPError) -> OutgoingResponse {
        let response = try await request(method, ["_matrix", "app", "v1"] + path, query, body, timeoutSeconds)
        if response.isSuccess { knowsPaths.store(true, ordering: .relaxed) }
        // spec: application-service-api/#legacy-routes
        guard let legacyPath, [404, 405, 500, 501].contains(response.status), !knowsPaths.load(ordering: .relaxed) else { return response }
        let second = try await request(method, legacyPath, query, body, timeoutSeconds)
        return second.isSuccess ? second : response
    }

    private func request(
        _ method: OutgoingRequest.Method, _ path: [String], _ query: [(name: String, value: String)], _ body: [UInt8]?, _ timeoutSeconds: Int
    ) async throws(OutgoingHTTPError) -> OutgoingResponse {
        var text = url
        for part in path { text += "/" + HTTPURL.encoded(part) }
        if !query.isEmpty { text += "?" + query.map { "\(HTTPURL.encoded($0.name))=\(HTTPURL.encoded($0.value))" }.joined(separator: "&") }
        guard let url = HTTPURL(text) else { throw .malformed("the address is too long") }
        return try await http.send(
            OutgoingRequest(
                method, url, headers: [("Authorization", "Bearer \(service.registration.homeserverToken)")], body: body,
                timeoutSeconds: timeoutSeconds, maxResponseBytes: Self.maxResponseBytes))
    }
}

extension OutgoingResponse {
    var isSuccess: Bool { (200..<300).contains(status) }
}
