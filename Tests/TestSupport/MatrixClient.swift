import Foundation
public import MatrixCore

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A small Matrix client, to drive a server over its socket as real ones do.
public struct MatrixClient: Sendable {
    public let url: String
    public var accessToken: String?
    public var userID: UserID?
    public var deviceID: DeviceID?

    private let session: URLSession

    public init(url: String) {
        self.url = url
        let configuration = URLSessionConfiguration.ephemeral
        // Many syncs wait at once.
        configuration.httpMaximumConnectionsPerHost = 128
        configuration.timeoutIntervalForRequest = 120
        configuration.requestCachePolicy = .reloadIgnoringLocalAndRemoteCacheData
        session = URLSession(configuration: configuration)
    }

    public struct Response: Sendable {
        public let status: Int
        /// By lower-case names.
        public let headers: [String: String]
        public let body: [UInt8]

        public var text: String { String(decoding: body, as: UTF8.self) }

        /// The body, which is an empty object if it is no JSON object.
        public var json: JSONObject { (try? JSONObject(parsing: body)) ?? [:] }

        public var errorCode: String? { json.string("errcode") }
    }

    /// A request went well, or this says what came instead.
    public struct UnexpectedResponse: Error, CustomStringConvertible {
        public let request: String
        public let response: Response

        public var description: String { "\(request): \(response.status) \(response.text.prefix(500))" }
    }

    // MARK: Any request

    /// - Parameter path: with its parameters encoded, see `encoded`.
    public func request(
        _ method: String, _ path: String, query: [(String, String)] = [], body: [UInt8]? = nil, headers: [String: String] = [:]
    ) async throws -> Response {
        var text = url + path
        if !query.isEmpty { text += "?" + query.map { "\(Self.encoded($0))=\(Self.encoded($1))" }.joined(separator: "&") }
        guard let url = URL(string: text) else { throw URLError(.badURL) }
        var request = URLRequest(url: url)
        request.httpMethod = method
        if let accessToken { request.setValue("Bearer \(accessToken)", forHTTPHeaderField: "Authorization") }
        if let body {
            request.httpBody = Data(body)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await session.data(for: request)
        guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
        var responseHeaders: [String: String] = [:]
        for (name, value) in response.allHeaderFields { responseHeaders["\(name)".lowercased()] = "\(value)" }
        return Response(status: response.statusCode, headers: responseHeaders, body: [UInt8](data))
    }

    public func request(
        _ method: String, _ path: String, query: [(String, String)] = [], json: JSONObject, headers: [String: String] = [:]
    ) async throws -> Response {
        var writer = JSONWriter()
        writer.object(json)
        return try await request(method, path, query: query, body: writer.bytes, headers: headers)
    }

    /// Like `request`, for what must go well; gives the response's body.
    @discardableResult
    public func call(_ method: String, _ path: String, query: [(String, String)] = [], json: JSONObject? = nil) async throws -> JSONObject {
        let response =
            if let json { try await request(method, path, query: query, json: json) } else { try await request(method, path, query: query) }
        guard response.status == 200 else { throw UnexpectedResponse(request: "\(method) \(path)", response: response) }
        return response.json
    }

    /// A part of a path or query.
    public static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? text
    }

    private static let unreserved = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
}
