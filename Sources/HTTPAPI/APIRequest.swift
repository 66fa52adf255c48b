import HTTPTypes
import Homeserver
import MatrixCore
import NIOCore

/// A request on its way to a handler: routed, its sender known.
struct APIRequest: Sendable {
    let server: ServerContext
    let route: Route
    let head: HTTPRequest
    /// Percent-decoded once, in the order of the route's names.
    let parameters: [String]
    let queryText: Substring
    /// Who asks, if that is known.
    let optionalSession: Session?
    /// Not read yet. `body()` is what most handlers want.
    let bodyStream: RequestBodyStream
    let channel: any Channel

    var homeserver: Homeserver { server.homeserver }

    /// Who asks. Only for routes that let nobody else in.
    var session: Session {
        guard let optionalSession else { preconditionFailure("\(route.path) is open to anyone, and has no session") }
        return optionalSession
    }

    var headers: HTTPFields { head.headerFields }

    /// The numeric IP address of the other end.
    var remoteAddress: String? { RemoteAddress.text(channel) }

    /// Scheme, host and port as the client wrote them: `http://192.168.1.5:8008`.
    var origin: String { "\(server.scheme)://\(host)" }

    /// The host and port that the client asked, `localhost` if it said nothing sensible.
    var host: String {
        guard let authority = head.authority, ServerName.isValid(authority) else { return "localhost" }
        return authority
    }

    // MARK: Path

    /// Only some of the oldest paths care.
    var endsWithSlash: Bool { head.path?.prefix { $0 != "?" }.last == "/" }

    /// A part of the path, by its name in the route.
    func parameter(_ name: String) -> String {
        guard let index = route.parameterNames.firstIndex(of: name) else { preconditionFailure("\(route.path) has no {\(name)}") }
        return parameters[index]
    }

    /// What a route's last segment `{path...}` stands for, still percent-encoded; empty where the route has none.
    var rest: Substring { route.parameterNames.last == "path" ? parameters.last.map { $0[...] } ?? "" : "" }

    func roomID(_ name: String = "roomId") throws(MatrixError) -> RoomID { try identifier(name, "room ID") }
    func userID(_ name: String = "userId") throws(MatrixError) -> UserID { try identifier(name, "user ID") }
    func eventID(_ name: String = "eventId") throws(MatrixError) -> EventID { try identifier(name, "event ID") }
    func roomAlias(_ name: String = "roomAlias") throws(MatrixError) -> RoomAlias { try identifier(name, "room alias") }
    func deviceID(_ name: String = "deviceId") throws(MatrixError) -> DeviceID { try identifier(name, "device ID") }

    private func identifier<Identifier: MatrixIdentifier>(_ name: String, _ kind: String) throws(MatrixError) -> Identifier {
        guard let identifier = Identifier(parameter(name)) else { throw MatrixError(.invalidParameter, "The path has no valid \(kind).") }
        return identifier
    }

    // MARK: Query

    /// The first value of a query parameter.
    func query(_ name: String) -> String? { Query.first(name, in: queryText) }

    /// All values of a query parameter that may be repeated.
    func queryValues(_ name: String) -> [String] { Query.all(name, in: queryText) }

    /// A value above the range is taken as the range's end, since servers may give less than was asked for.
    func queryInteger(_ name: String, range: ClosedRange<Int>) throws(MatrixError) -> Int? {
        guard let text = query(name) else { return nil }
        guard let value = Int(text), value >= range.lowerBound else {
            throw MatrixError(.invalidParameter, "\(name) must be a number, not below \(range.lowerBound).")
        }
        return min(value, range.upperBound)
    }

    func queryBool(_ name: String) throws(MatrixError) -> Bool? {
        switch query(name) {
        case nil: nil
        case "true": true
        case "false": false
        default: throw MatrixError(.invalidParameter, "\(name) must be true or false.")
        }
    }

    // MARK: Body

    /// The request body, which has to be a JSON object.
    func body() async throws -> JSONObject { try await parsedBody(emptyIsObject: false) }

    /// Like `body()`, but no body at all is an empty object.
    func optionalBody() async throws -> JSONObject { try await parsedBody(emptyIsObject: true) }

    private func parsedBody(emptyIsObject: Bool) async throws -> JSONObject {
        let bytes = try await bodyStream.collect(upTo: Limits.maxJSONBodyBytes)
        if emptyIsObject, bytes.readableBytes == 0 { return [:] }
        return try bytes.withUnsafeReadableBytes { try JSONObject(parsing: $0) }
    }
}
